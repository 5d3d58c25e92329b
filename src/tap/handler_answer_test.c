#include "tap/handler_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
    const char *body, *output;
    bool answers;
    unsigned status;
    const char *logs;
} rows[] = {
    {"{\"Outputs\":{\"res\":{\"statusCode\":201,\"body\":\"x\"}},\"Logs\":[\"a\",\"b\"],\"ReturnValue\":null}", "res",
     true, 201, "a;b;"},
    {"{\"outputs\":{\"res\":{\"Status\":\"404\"}},\"logs\":[]}", "res", true, 404, ""},
    {"{\"Outputs\":{\"res\":{\"status\":404,\"statusCode\":\"200\"}}}", "res", true, 200, ""},
    {"{\"Outputs\":{\"order\":{\"status\":404},\"res\":{\"body\":{\"status\":500}}}}", "res", true, 200, ""},
    {"{\"Outputs\":{\"res\":{\"status\":404}}}", "", true, 200, ""},
    {"{\"Outputs\":{\"res\":{\"status\":99}}}", "res", true, 200, ""},
    {"{\"ReturnValue\":{\"statusCode\":500},\"Outputs\":{\"$return\":{\"status\":404}}}", "$return", true, 500, ""},
    {"{\"ReturnValue\":{\"statusCode\":500}}", "res", true, 200, ""},
    {"{\"Logs\":[\"a\",{\"b\":\"c\"},[\"d\"],1,\"e\"]}", "", true, 200, "a;e;"},
    {"{\"Logs\":\"a\"}", "", true, 200, ""},
    {"{}", "res", true, 200, ""},
    {" {'Outputs': {}}", "res", true, 200, ""}, /* the host reads that */
    {"{\"Outputs\":{\"res\":{\"status\":201}},", "res", true, 201, ""},
    {"", "res", false, 200, ""},
    {"[]", "res", false, 200, ""},
    {"\"ok\"", "res", false, 200, ""},
    {"12", "res", false, 200, ""},
    {"null", "res", false, 200, ""},
    {"<html>", "res", false, 200, ""},
};

static void add_log(void *self, azm_slice text)
{
    azm_buf_addf(self, "%.*s;", AZM_FMT(text));
}

static void run(struct azm_handler_answer *answer, struct azm_buf *logs, size_t row, size_t cut)
{
    azm_slice body = azm_slice_str(rows[row].body);
    azm_buf_clear(logs);
    azm_handler_answer_begin(answer, azm_slice_str(rows[row].output), add_log, logs);
    azm_handler_answer_feed(answer, azm_slice_take(body, cut));
    azm_handler_answer_feed(answer, azm_slice_drop(body, cut));
}

static void answers_are_read_at_every_cut(void **state)
{
    static struct azm_handler_answer answer;
    struct azm_buf logs;
    (void)state;
    azm_buf_init(&logs, 65536);
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        for (size_t cut = 0; cut <= strlen(rows[i].body); cut++) {
            run(&answer, &logs, i, cut);
            if (azm_handler_answer_end(&answer) != rows[i].answers)
                fail_msg("%s", rows[i].body);
            assert_int_equal(azm_handler_answer_status(&answer), rows[i].status);
            assert_true(azm_slice_eq(azm_buf_slice(&logs), azm_slice_str(rows[i].logs)));
        }
    azm_buf_dispose(&logs);
}

static void a_long_log_is_cut(void **state)
{
    static struct azm_handler_answer answer;
    static char text[3 * AZM_HANDLER_LOG_MAX];
    struct azm_buf logs;
    (void)state;
    azm_buf_init(&logs, 65536);
    memset(text, 'x', sizeof text);
    azm_handler_answer_begin(&answer, AZM_S(""), add_log, &logs);
    azm_handler_answer_feed(&answer, AZM_S("{\"Logs\":[\""));
    azm_handler_answer_feed(&answer, azm_slice_of(text, sizeof text));
    azm_handler_answer_feed(&answer, AZM_S("\",\"next\"]}"));
    assert_true(azm_handler_answer_end(&answer));
    assert_int_equal(logs.len, AZM_HANDLER_LOG_MAX + strlen(";next;"));
    azm_buf_dispose(&logs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read_at_every_cut),
        cmocka_unit_test(a_long_log_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
