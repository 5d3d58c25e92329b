#include "export/otlp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* ExportTraceServiceResponse { 1 partial_success { 1 rejected_spans, 2 error_message } }, Status { 1 code, 2 message }
 */
#define B(literal) AZM_S_INIT(literal)
static const struct {
    unsigned status;
    azm_slice body;
    enum azm_verdict verdict;
    unsigned rejected; /* of 10 */
    const char *message;
} cases[] = {
    {200, B(""), AZM_VERDICT_DELIVERED, 0, ""},
    {200, B("{}"), AZM_VERDICT_DELIVERED, 0, ""},
    {202, B("\x0a\x00"), AZM_VERDICT_DELIVERED, 0, ""},
    {200, B("\x0a\x08\x08\x03\x12\x04many"), AZM_VERDICT_REJECTED, 3, "many"},
    {200, B("\x0a\x02\x08\x63"), AZM_VERDICT_REJECTED, 10, ""},                                     /* 99 */
    {200, B("\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), AZM_VERDICT_DELIVERED, 0, ""}, /* -1 */
    {200, B("\x0a\x05\x12\x03old"), AZM_VERDICT_DELIVERED, 0, "old"},                               /* a warning */
    {200, B("\x0a\x02\x08\x01\x0a\x05\x12\x03two"), AZM_VERDICT_REJECTED, 1, "two"},                /* merged */
    {200, B("\x2a\x01x\x0a\x02\x08\x02\x98\x06\x01"), AZM_VERDICT_REJECTED, 2, ""},                 /* unknown fields */
    {200, B("\x0a\x02\x0d\x00\x00"), AZM_VERDICT_DELIVERED, 0, ""},                                 /* torn */
    {200, B("<html>"), AZM_VERDICT_DELIVERED, 0, ""},
    {200, B("{\"partialSuccess\":{\"rejectedSpans\":\"4\",\"errorMessage\":\"no\"}}"), AZM_VERDICT_REJECTED, 4, "no"},
    {200, B("{\"partialSuccess\":{\"rejectedSpans\":4}}"), AZM_VERDICT_REJECTED, 4, ""},
    {200, B("{\"partialSuccess\":{\"rejectedLogRecords\":\"4\",\"errorMessage\":\"no\"}}"), AZM_VERDICT_REJECTED, 4,
     "no"},
    {200, B("{\"partialSuccess\":{\"rejectedSpans\":-4}}"), AZM_VERDICT_DELIVERED, 0, ""},
    {200, B("{\"partialSuccess\":{\"rejectedSpans\":\"x\"}}"), AZM_VERDICT_DELIVERED, 0, ""},
    {200, B("{\"partialSuccess\":{\"rejectedSpans\":\"99999999999999999999\"}}"), AZM_VERDICT_DELIVERED, 0, ""},
    {200, B(" {\"partialSuccess\":{\"errorMessage\":\"old\"}}"), AZM_VERDICT_DELIVERED, 0, "old"},
    {200, B("{\"partialSuccess\":null}"), AZM_VERDICT_DELIVERED, 0, ""},
    {200, B("{\"message\":\"no failure\"}"), AZM_VERDICT_DELIVERED, 0, ""},
    {400,
     B("\x08\x03\x12\x03"
       "bad"),
     AZM_VERDICT_REJECTED, 10, "bad"},
    {400, B("{\"code\":3,\"message\":\"bad\"}"), AZM_VERDICT_REJECTED, 10, "bad"},
    {400, B("{\"partialSuccess\":{\"rejectedSpans\":4}}"), AZM_VERDICT_REJECTED, 10, ""},
    {404, B("404 page not found"), AZM_VERDICT_REJECTED, 10, ""},
    {405, B(""), AZM_VERDICT_REJECTED, 10, ""},
    {408, B(""), AZM_VERDICT_REJECTED, 10, ""},
    {413, B(""), AZM_VERDICT_REJECTED, 10, ""},
    {415, B(""), AZM_VERDICT_REJECTED, 10, ""},
    {422, B(""), AZM_VERDICT_REJECTED, 10, ""},
    {500, B("{\"message\":\"panic\"}"), AZM_VERDICT_REJECTED, 10, "panic"},
    {501, B(""), AZM_VERDICT_REJECTED, 10, ""},
    {505, B(""), AZM_VERDICT_REJECTED, 10, ""},
    {301, B(""), AZM_VERDICT_REJECTED, 10, ""},
    {401, B("{\"message\":\"who\"}"), AZM_VERDICT_REFUSED, 0, "who"},
    {403, B(""), AZM_VERDICT_REFUSED, 0, ""},
    {429, B("\x12\x04slow"), AZM_VERDICT_RETRY, 0, "slow"},
    {502, B(""), AZM_VERDICT_RETRY, 0, ""},
    {503, B("{\"message\":\"full\"}"), AZM_VERDICT_RETRY, 0, "full"},
    {504, B(""), AZM_VERDICT_RETRY, 0, ""},
    {0, B(""), AZM_VERDICT_RETRY, 0, ""},
};

static void rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        struct azm_reply reply;
        azm_otlp_reply(cases[i].status, cases[i].body, 10, &reply);
        print_message("row %zu\n", i);
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
    int n = snprintf(body, sizeof body, "{\"message\":\"%0800d\"}", 0);
    azm_otlp_reply(400, azm_slice_of(body, (size_t)n), 1, &reply);
    assert_int_equal(strlen(reply.message), sizeof reply.message - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows), cmocka_unit_test(a_long_complaint_is_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
