#include "tap/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define FORM "application/x-www-form-urlencoded"

static const struct {
    const char *type, *body, *kept; /* kept NULL: not at all */
} rows[] = {
    {"text/plain", "hello", "hello"},
    {NULL, "{\"password\":\"x\"}", "{\"password\":\"x\"}"},
    {FORM, "a=1&password=x&b", "a=1&password=[REDACTED]&b"},
    {FORM "; charset=utf-8", "secret=x&&c=", "secret=[REDACTED]&&c="},
    {FORM, "password", "password"},
    {"text/plain", "password=x", "password=x"},
    {NULL, "caf\xc3\xa9", "caf\xc3\xa9"},
    {NULL, "caf\xc3", "caf"}, /* cut within a character */
    {NULL, "caf\xf0\x9f\x98", "caf"},
    {NULL,
     "\xff\xfe"
     "a",
     NULL},
    {NULL, "\x80\x80\x80\x80\x80", NULL},
    {NULL, "", NULL},
};

static void only_text_is_kept(void **state)
{
    static struct azm_header_names names;
    static struct azm_invocation invocation;
    (void)state;
    azm_header_names_init(&names, AZM_S("password, secret"));
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_body_keep(&names, &invocation, azm_slice_str(rows[i].type), azm_slice_str(rows[i].body));
        if (!rows[i].kept) {
            assert_null(invocation.body);
            continue;
        }
        assert_non_null(invocation.body);
        assert_int_equal(invocation.body->len, strlen(rows[i].kept));
        assert_memory_equal(invocation.body->text, rows[i].kept, invocation.body->len);
        free(invocation.body);
        invocation.body = NULL;
    }
    azm_body_keep(&names, &invocation, AZM_S(""), (azm_slice){"a\0b", 3});
    assert_null(invocation.body);
}

static void a_setting_says_of_which(void **state)
{
    static const struct {
        enum azm_capture_body wanted;
        bool http, message;
        enum azm_outcome outcome;
        bool in_request, in_message;
    } wishes[] = {
        {AZM_BODY_ALL, true, false, AZM_OUTCOME_SUCCESS, true, false},
        {AZM_BODY_TRANSACTIONS, true, false, AZM_OUTCOME_FAILURE, true, false},
        {AZM_BODY_ERRORS, true, false, AZM_OUTCOME_SUCCESS, false, false},
        {AZM_BODY_ERRORS, true, false, AZM_OUTCOME_FAILURE, true, false},
        {AZM_BODY_ERRORS, false, true, AZM_OUTCOME_FAILURE, false, false},
        {AZM_BODY_ALL, false, true, AZM_OUTCOME_SUCCESS, false, true},
        {AZM_BODY_ALL, false, false, AZM_OUTCOME_SUCCESS, false, false}, /* a timer's, say */
        {AZM_BODY_OFF, true, false, AZM_OUTCOME_FAILURE, false, false},
    };
    static struct azm_header_names names;
    static struct azm_invocation invocation;
    (void)state;
    azm_header_names_init(&names, AZM_S(""));
    azm_body_keep(&names, &invocation, AZM_S(""), AZM_S("x"));
    for (size_t i = 0; i < AZM_COUNT(wishes); i++) {
        struct azm_transaction t = {.outcome = wishes[i].outcome};
        invocation.has_http = wishes[i].http;
        azm_body_tell(&invocation, wishes[i].wanted, wishes[i].message, &t);
        assert_int_equal(t.http.request_body.len, wishes[i].in_request);
        assert_int_equal(t.message.body.len, wishes[i].in_message);
    }
    free(invocation.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_text_is_kept),
        cmocka_unit_test(a_setting_says_of_which),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
