#include "tap/death.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tap/stderr.h"

static const struct {
    struct azm_worker_end end;
    const char *message; /* NULL: as it should be */
} rows[] = {
    {{.exit_code = 0}, NULL},
    {{.exit_code = 1}, "The language worker exited with code 1"},
    {{.exit_code = 1, .asked = true}, NULL},
    {{.exit_code = 127}, "The language worker exited with code 127"},
    {{.exit_code = 129}, NULL},
    {{.exit_code = 130}, NULL},
    {{.exit_code = 134}, "The language worker exited with code 134: signal 6 (SIGABRT)"},
    {{.exit_code = 137}, "The language worker exited with code 137: signal 9 (SIGKILL)"},
    {{.exit_code = 137, .asked = true}, NULL},
    {{.exit_code = 139}, "The language worker exited with code 139: signal 11 (SIGSEGV)"},
    {{.exit_code = 143}, NULL},
    {{.exit_code = 158}, "The language worker exited with code 158: signal 30"},
    {{.exit_code = 200}, NULL}, /* its way to ask the host for another one */
    {{.exit_code = 201}, "The language worker exited with code 201"},
    {{.exit_code = -1073741819}, "The language worker exited with code -1073741819"},
};

static void which_ends_are_deaths(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_death death = {0};
        assert_int_equal(azm_death_of(&death, &rows[i].end, 1), rows[i].message != NULL);
        assert_int_equal(death.happened, rows[i].message != NULL);
        assert_string_equal(death.message, rows[i].message ? rows[i].message : "");
        azm_death_dispose(&death);
    }
}

static void the_last_lines_are_told_once_and_without_secrets(void **state)
{
    (void)state;
    struct azm_random random;
    uint64_t seed[4] = {1, 2, 3, 4};
    struct azm_death death = {0};
    struct azm_worker_end end = {.exit_code = 1, .stderr_tail = AZM_S("one\npassword=x\n")};
    azm_random_init(&random, seed);
    assert_true(azm_death_of(&death, &end, 77));
    assert_false(azm_death_of(&death, &end, 78)); /* once */
    struct azm_exception first = azm_death_exception(&death, &random), second = azm_death_exception(&death, &random);
    assert_true(azm_slice_eq(first.stack, AZM_S("one\npassword=[REDACTED]\n")));
    assert_null(second.stack.ptr);
    assert_true(azm_slice_eq(first.message, second.message));
    assert_memory_not_equal(&first.error_id, &second.error_id, sizeof first.error_id);
    assert_true(death.wall_us == 77);
    azm_death_dispose(&death);
}

/* As much as is ever remembered: its first line is part of one. */
static void a_line_without_its_beginning_is_left_out(void **state)
{
    (void)state;
    static char text[AZM_STDERR_TAIL];
    struct azm_random random;
    uint64_t seed[4] = {1, 2, 3, 4};
    struct azm_death death = {0};
    memset(text, 'x', sizeof text);
    memcpy(text + sizeof text - 6, "\nlast\n", 6);
    struct azm_worker_end end = {.exit_code = 1, .stderr_tail = {text, sizeof text}};
    azm_random_init(&random, seed);
    assert_true(azm_death_of(&death, &end, 0));
    assert_true(azm_slice_eq(azm_death_exception(&death, &random).stack, AZM_S("last\n")));
    azm_death_dispose(&death);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(which_ends_are_deaths),
                                       cmocka_unit_test(the_last_lines_are_told_once_and_without_secrets),
                                       cmocka_unit_test(a_line_without_its_beginning_is_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
