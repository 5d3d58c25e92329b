#include "trace/sampling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
    const char *text;
    bool good;
    double read, rounded;
    const char *written;
} rates[] = {
    {"0", true, 0, 0, "0"},
    {"1", true, 1, 1, "1"},
    {"1.0", true, 1, 1, "1"},
    {".5", true, 0.5, 0.5, "0.5"},
    {"0.25", true, 0.25, 0.25, "0.25"},
    {"1e-3", true, 0.001, 0.001, "0.001"},
    {"0.0001", true, 0.0001, 0.0001, "0.0001"},
    {"0.00005", true, 0.00005, 0.0001, "0.0001"},
    {"0.00001", true, 0.00001, 0.0001, "0.0001"}, /* above 0 stays above 0 */
    {"0.55554", true, 0.55554, 0.5555, "0.5555"},
    {"0.55555", true, 0.55555, 0.5556, "0.5556"}, /* half away from zero */
    {"0.55556", true, 0.55556, 0.5556, "0.5556"},
    {"0.99999", true, 0.99999, 1, "1"},
    {"1.00001", false, 0, 0, ""},
    {"-0", false, 0, 0, ""},
    {"+0.5", false, 0, 0, ""},
    {"0x1", false, 0, 0, ""},
    {"inf", false, 0, 0, ""},
    {"nan", false, 0, 0, ""},
    {"", false, 0, 0, ""},
    {".", false, 0, 0, ""},
    {"e", false, 0, 0, ""},
    {"1e", false, 0, 0, ""},
    {"0.5.5", false, 0, 0, ""},
    {" 0.5", false, 0, 0, ""},
    {"\t0.5", false, 0, 0, ""},
    {"0.5 ", false, 0, 0, ""},
    {"0,5", false, 0, 0, ""},
    {"0.5555555555555555555555555555555", false, 0, 0, ""}, /* longer than any rate */
};

static bool near(double a, double b)
{
    return a - b < 1e-9 && b - a < 1e-9;
}

static void read_rounded_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rates); i++) {
        double rate = -7;
        struct azm_buf out;
        print_message("%s\n", rates[i].text);
        assert_int_equal(azm_sample_rate_parse(azm_slice_str(rates[i].text), &rate), rates[i].good);
        if (!rates[i].good) {
            assert_true(near(rate, -7)); /* untouched */
            continue;
        }
        assert_true(near(rate, rates[i].read));
        assert_true(near(azm_sample_rate_round(rate), rates[i].rounded));
        azm_buf_init(&out, 16);
        azm_sample_rate_write(&out, rate);
        assert_true(azm_slice_eq(azm_buf_slice(&out), azm_slice_str(rates[i].written)));
        azm_buf_dispose(&out);
    }
}

static unsigned sampled_of(unsigned n, double rate)
{
    struct azm_random random;
    const uint64_t seed[4] = {5, 6, 7, 8};
    unsigned sampled = 0;
    azm_random_init(&random, seed);
    for (unsigned i = 0; i < n; i++)
        sampled += azm_sample(rate, &random);
    return sampled;
}

static void chance_keeps_the_rate(void **state)
{
    (void)state;
    assert_int_equal(sampled_of(10000, 0), 0);
    assert_int_equal(sampled_of(10000, 1), 10000);
    assert_in_range(sampled_of(40000, 0.25), 9600, 10400); /* 10,000 expected; 4.6 standard deviations */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(read_rounded_written), cmocka_unit_test(chance_keeps_the_rate)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
