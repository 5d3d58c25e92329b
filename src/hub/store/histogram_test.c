#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/store/histogram.h"

#include <stdlib.h>

static struct azm_histogram *empty(void)
{
    return calloc(1, sizeof(struct azm_histogram));
}

static void every_duration_is_in_its_bucket(void **state)
{
    (void)state;
    for (int64_t v = 0; v < (int64_t)1 << 40; v = v + v / 5 + 1) {
        struct azm_histogram *h = empty();
        azm_histogram_add(h, v, 1);
        int64_t told = azm_histogram_quantile(h, 0.5);
        int64_t off = told > v ? told - v : v - told;
        if (off * 16 > v)
            fail_msg("%lld is told as %lld", (long long)v, (long long)told);
        free(h);
    }
    for (unsigned i = 0; i < AZM_HISTOGRAM_BUCKETS; i++)
        assert_true(azm_histogram_lower(i) < azm_histogram_lower(i + 1));
}

static void odd_durations_count(void **state)
{
    (void)state;
    struct azm_histogram *h = empty();
    assert_int_equal(azm_histogram_quantile(h, 0.99), 0);
    azm_histogram_add(h, -5, 1);
    azm_histogram_add(h, INT64_MAX, 1);
    assert_int_equal(azm_histogram_quantile(h, 0.5), 0);
    assert_true(azm_histogram_quantile(h, 1) > (int64_t)1 << 39);
    free(h);
}

static void quantiles_follow_the_weights(void **state)
{
    (void)state;
    struct azm_histogram *h = empty();
    azm_histogram_add(h, 1000, 90);
    azm_histogram_add(h, 100000, 10);
    assert_true(azm_histogram_quantile(h, 0.5) < 1100);
    assert_true(azm_histogram_quantile(h, 0.9) < 1100);
    assert_true(azm_histogram_quantile(h, 0.95) > 90000);
    free(h);
}

static void bytes_give_the_same_again(void **state)
{
    (void)state;
    struct azm_histogram *h = empty(), *back = empty();
    struct azm_buf bytes;
    azm_buf_init(&bytes, 10000);
    for (int64_t v = 1; v < 1000000000; v *= 3)
        azm_histogram_add(h, v, 2.5);
    azm_histogram_encode(h, &bytes);
    assert_int_equal(azm_histogram_decode(azm_buf_slice(&bytes), back), AZM_OK);
    assert_memory_equal(h, back, sizeof *h);
    azm_histogram_merge(back, h);
    assert_true(back->total > h->total * 1.99 && back->total < h->total * 2.01);
    azm_buf_dispose(&bytes);
    free(h);
    free(back);
}

static void foreign_bytes_are_refused(void **state)
{
    (void)state;
    const azm_slice rows[] = {AZM_S("\xff"), AZM_S("\x01"), AZM_S("\xb0\x02\x01"), AZM_S("\xaf\x02\x01\x01\x01")};
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_histogram *h = empty();
        if (azm_histogram_decode(rows[i], h) != AZM_BAD_INPUT)
            fail_msg("row %zu was taken", i);
        free(h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_duration_is_in_its_bucket), cmocka_unit_test(odd_durations_count),
        cmocka_unit_test(quantiles_follow_the_weights),    cmocka_unit_test(bytes_give_the_same_again),
        cmocka_unit_test(foreign_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
