#include "export/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
    unsigned status;
    const char *body;
    enum azm_verdict verdict;
    unsigned rejected; /* of 10 */
    const char *message;
} cases[] = {
    {202, "", AZM_VERDICT_DELIVERED, 0, ""},
    {202, "ok", AZM_VERDICT_DELIVERED, 0, ""},
    {200, "{\"accepted\": 10}", AZM_VERDICT_DELIVERED, 0, ""},
    {400, "{\"accepted\":7,\"errors\":[{\"message\":\"no id\",\"document\":\"{}\"}]}", AZM_VERDICT_REJECTED, 3,
     "no id"},
    {400, "{\"errors\":[{\"message\":\"bad metadata\"}]}", AZM_VERDICT_REJECTED, 10, "bad metadata"},
    {400, "{\"accepted\":99}", AZM_VERDICT_REJECTED, 0, ""},
    {400, "{\"accepted\":-1}", AZM_VERDICT_REJECTED, 10, ""},
    {400, "[", AZM_VERDICT_REJECTED, 10, ""},
    {413, "", AZM_VERDICT_REJECTED, 10, ""},
    {422, "", AZM_VERDICT_REJECTED, 10, ""},
    {401, "{\"error\": \"who are you\"}", AZM_VERDICT_REFUSED, 0, "who are you"},
    {403, "", AZM_VERDICT_REFUSED, 0, ""},
    {404, "", AZM_VERDICT_REFUSED, 0, ""},
    {405, "", AZM_VERDICT_REFUSED, 0, ""},
    {418, "", AZM_VERDICT_REFUSED, 0, ""},
    {301, "", AZM_VERDICT_REFUSED, 0, ""},
    {408, "", AZM_VERDICT_RETRY, 0, ""},
    {429, "{\"accepted\":3}", AZM_VERDICT_RETRY, 0, ""},
    {500, "", AZM_VERDICT_RETRY, 0, ""},
    {503, "{\"errors\":[{\"message\":\"queue is full\"}]}", AZM_VERDICT_RETRY, 0, "queue is full"},
    {0, "", AZM_VERDICT_RETRY, 0, ""},
    {100, "", AZM_VERDICT_RETRY, 0, ""},
    {999, "", AZM_VERDICT_RETRY, 0, ""},
};

static void rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        struct azm_reply reply;
        azm_reply_read(cases[i].status, azm_slice_str(cases[i].body), 10, &reply);
        assert_int_equal(reply.verdict, cases[i].verdict);
        assert_int_equal(reply.rejected, cases[i].rejected);
        assert_string_equal(reply.message, cases[i].message);
    }
}

static void a_long_complaint_is_cut(void **state)
{
    char body[1000];
    struct azm_reply reply;
    (void)state;
    int n = snprintf(body, sizeof body, "{\"errors\":[{\"message\":\"%0800d\"}]}", 0);
    azm_reply_read(400, azm_slice_of(body, (size_t)n), 1, &reply);
    assert_int_equal(strlen(reply.message), sizeof reply.message - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows), cmocka_unit_test(a_long_complaint_is_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
