#include "export/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/attr.h"

static const struct {
    int64_t low, high;
} waits[] = {
    /* ms */
    {0, 5000}, {900, 1100}, {3600, 4400}, {8100, 9900}, {14400, 17600}, {22500, 27500}, {32400, 39600}, {32400, 39600},
};

static void grace_periods(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 200; seed++) {
        struct azm_random random;
        struct azm_backoff backoff = {0};
        azm_random_init(&random, (const uint64_t[4]){seed, 0, 0, 0});
        for (size_t i = 0; i < AZM_COUNT(waits); i++) {
            int64_t wait_us = azm_backoff_next(&backoff, false, &random);
            assert_true(wait_us >= waits[i].low * 1000 && wait_us <= waits[i].high * 1000);
        }
        azm_backoff_reset(&backoff);
        assert_true(azm_backoff_next(&backoff, false, &random) < 5000000);
    }
}

static void they_differ(void **state)
{
    struct azm_random random;
    int64_t seen[8];
    (void)state;
    azm_random_init(&random, (const uint64_t[4]){1, 2, 3, 4});
    for (size_t i = 0; i < AZM_COUNT(seen); i++) {
        struct azm_backoff backoff = {.failures = i % 2};
        seen[i] = azm_backoff_next(&backoff, false, &random);
        for (size_t j = 0; j < i; j++)
            assert_true(seen[i] != seen[j]);
    }
}

static void a_local_server_is_asked_soon(void **state)
{
    struct azm_random random;
    struct azm_backoff backoff = {0};
    (void)state;
    azm_random_init(&random, (const uint64_t[4]){1, 2, 3, 4});
    assert_int_equal(azm_backoff_next(&backoff, true, &random), 100000);
    assert_true(azm_backoff_next(&backoff, true, &random) >= 900000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grace_periods),
        cmocka_unit_test(they_differ),
        cmocka_unit_test(a_local_server_is_asked_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
