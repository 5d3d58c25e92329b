#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "os/regex.h"

static const struct {
    const char *expression, *value;
    bool found;
} cases[] = {
    {"1", "1", true},
    {"^1$", "11", false},
    {"^(?!1$)", "0", false}, /* look-ahead is beyond us */
    {"(?i)true$", "True", true},
    {"true$", "True", false},
    {"(?i)^(dynamic|flexconsumption)$", "FlexConsumption", true},
    {"^3\\.1\\d$", "3.11", true},
    {"^3\\.1\\d$", "3x11", false},
    {"^[\\d.]+$", "3.11", true},
    {"^[\\d.]+$", "3.x", false},
    {"\\w+\\s\\w+", "two words", true},
    {"\\w+\\s\\w+", "one", false},
    {"a/b", "a/b", true},
    {"a\\/b", "a/b", true},
    {"a\\-b", "a-b", true},
    {"\\b1", "1", false}, /* a word border, which POSIX does not know */
    {"(", "(", false},
    {"^a{2,3}$", "aaa", true},
    {"a++++++++++++++++++++++++++++++++++++++++", "a", false}, /* would take all memory there is */
    {"((((((((a{200}){200}){200}){200}){200}){200}){200}){200})", "a", false},
    {"a{99999999999999999999}", "a", false},
    {"[", "[", false},
    {"\\", "\\", false},
    {"a{2}", "caab", true},
    {"", "anything", true},
    {".", "", false},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        print_message("\"%s\" in \"%s\"\n", cases[i].expression, cases[i].value);
        assert_int_equal(azm_regex_found(azm_slice_str(cases[i].expression), azm_slice_str(cases[i].value)),
                         cases[i].found);
    }
}

static void test_limits(void **state)
{
    (void)state;
    static char text[1200];
    memset(text, 'a', sizeof(text) - 1);
    assert_false(azm_regex_found(azm_slice_str(text), AZM_S("a")));
    assert_false(azm_regex_found(AZM_S("a"), azm_slice_str(text)));
    assert_true(azm_regex_found(AZM_S("a"), azm_slice_take(azm_slice_str(text), 999)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
