#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tap/health.h"

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define NOON   (INT64_C(1790000000) * SECOND)

static void a_clock_that_jumps_is_seen(void **state)
{
    (void)state;
    static const struct {
        int64_t mono_us, wall_us;
        unsigned jumps;
        int64_t last_us;
    } looks[] = {
        {10 * SECOND, NOON, 0, 0},                                  /* the first look tells nothing */
        {11 * SECOND, NOON + 1 * SECOND, 0, 0},                     /* as it should be */
        {12 * SECOND, NOON + 2 * SECOND + 500000, 0, 0},            /* half a second of correction */
        {13 * SECOND, NOON + 3 * SECOND + 2500000, 0, 0},           /* exactly two seconds */
        {14 * SECOND, NOON + HOUR + 4 * SECOND + 2500000, 1, HOUR}, /* ahead */
        {15 * SECOND, NOON + HOUR + 5 * SECOND + 2500000, 1, HOUR}, /* told once */
        {16 * SECOND, NOON + 6 * SECOND + 2500000, 2, -HOUR},       /* and back */
        {17 * SECOND, 0, 3, -(NOON + 7 * SECOND + 2500000)},        /* 1970 */
        {18 * SECOND, INT64_MAX, 4, INT64_MAX - SECOND},            /* absurd, but no overflow */
    };
    struct azm_health health = {.clock_known = false};
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        azm_health_clock(&health, looks[i].mono_us, looks[i].wall_us);
        assert_int_equal(health.report.clock_jumps, looks[i].jumps);
        if (looks[i].jumps && i > 0 && looks[i - 1].jumps < looks[i].jumps) {
            assert_true(health.report.clock_jump_us == looks[i].last_us);
            assert_true(health.report.clock_jumped_us == looks[i].wall_us);
        }
    }
    azm_health_clock(&health, 19 * SECOND, INT64_MIN); /* whatever comes of it, nothing overflows */
}

static void blindness_is_told_by_direction(void **state)
{
    (void)state;
    struct azm_health health = {.told = false};
    azm_health_blind(&health, AZM_FROM_WORKER, "first", NOON);
    azm_health_blind(&health, AZM_FROM_WORKER, "second", NOON + HOUR);
    azm_health_malformed(&health, AZM_FROM_HOST);
    assert_int_equal(health.report.worker.blind, 2);
    assert_true(health.report.worker.blind_since_us == NOON);
    assert_true(azm_slice_eq(health.report.worker.blind_reason, AZM_S("second")));
    assert_int_equal(health.report.worker.malformed, 0);
    assert_int_equal(health.report.host.blind, 0);
    assert_int_equal(health.report.host.malformed, 1);
}

static void news_is_told_at_once_and_the_rest_once_a_minute(void **state)
{
    (void)state;
    struct azm_health health = {.told = false};
    assert_true(azm_health_due(&health, 5));
    assert_false(azm_health_due(&health, 6));
    azm_health_functions(&health, 3, false, 0);
    assert_true(azm_health_due(&health, 7));
    azm_health_functions(&health, 3, false, 0);
    assert_false(azm_health_due(&health, 8));
    azm_health_functions(&health, 3, true, 0);
    assert_true(azm_health_due(&health, 9));
    azm_health_functions(&health, 3, true, 1);
    assert_true(azm_health_due(&health, 9));
    azm_health_malformed(&health, AZM_FROM_HOST);
    assert_true(azm_health_due(&health, 10));
    azm_health_blind(&health, AZM_FROM_HOST, "why", NOON);
    assert_true(azm_health_due(&health, 11));
    assert_false(azm_health_due(&health, 10 + AZM_HEALTH_TELL_US));
    assert_true(azm_health_due(&health, 11 + AZM_HEALTH_TELL_US));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_jumps_is_seen),
        cmocka_unit_test(blindness_is_told_by_direction),
        cmocka_unit_test(news_is_told_at_once_and_the_rest_once_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
