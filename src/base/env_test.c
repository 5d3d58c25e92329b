#include "base/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const pairs[] = {"A=1", "AB=2", "EMPTY=", "WITH=a=b", "NOVALUE", "A=second", NULL};

static const struct {
    const char *name, *value; /* NULL: not set */
} rows[] = {
    {"A", "1"},  {"AB", "2"}, {"EMPTY", ""}, {"WITH", "a=b"}, {"NOVALUE", NULL},
    {"B", NULL}, {"", NULL},  {"a", NULL},   {"ABC", NULL},
};

static void a_list_of_pairs(void **state)
{
    const struct azm_env env = azm_env_of(pairs);
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_slice value = azm_env_get(&env, rows[i].name);
        print_message("\"%s\"\n", rows[i].name);
        if (rows[i].value)
            assert_true(value.ptr && azm_slice_eq(value, azm_slice_str(rows[i].value)));
        else
            assert_null(value.ptr);
    }
}

static void the_process(void **state)
{
    (void)state;
    setenv("AZM_ENV_TEST", "value", 1);
    setenv("AZM_ENV_TEST_EMPTY", "", 1);
    unsetenv("AZM_ENV_TEST_NONE");
    assert_true(azm_slice_eq(azm_env_get(&azm_env_process, "AZM_ENV_TEST"), AZM_S("value")));
    assert_non_null(azm_env_get(&azm_env_process, "AZM_ENV_TEST_EMPTY").ptr);
    assert_null(azm_env_get(&azm_env_process, "AZM_ENV_TEST_NONE").ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_pairs),
        cmocka_unit_test(the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
