#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/head.h"

/* The fields are tested over real HTTP: tests/scenario/test_hub_hostile.py. */
static void targets(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        bool ok;
    } rows[] = {
        {"/", true},
        {"/api/traces?q=a%20b&name=GET%20%2Fapi", true},
        {"/api/traces?q=%00", true},
        {"/%61pi", true},
        {"/a%", true},
        {"/a%2", true},
        {"/a%20b", true},
        {"*", true},
        {"", true},
        {"/a%2Fb", false},
        {"/a%2fb?c", false},
        {"/a%5Cb", false},
        {"/%00", false},
        {"/a%00?b", false},
        {"/a b", false},
        {"/a?b c", false},
        {"/a\tb", false},
        {"/a?\x7f", false},
        {"/a?\x01", false},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        if ((azm_head_target(NULL, rows[i].target, NULL) == NULL) != rows[i].ok)
            fail_msg("%s", rows[i].target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(targets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
