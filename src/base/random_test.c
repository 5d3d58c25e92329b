#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* xoshiro256** of Blackman and Vigna: its first output from state {1, 2, 3, 4} is rotl(2 * 5, 7) * 9. */
static void it_is_the_generator_it_says_it_is(void **state)
{
    struct azm_random random = {{1, 2, 3, 4}};
    (void)state;
    assert_true(azm_random_u64(&random) == 11520);
    assert_true(azm_random_u64(&random) == 0);
    assert_true(azm_random_u64(&random) == 1509978240);
    assert_true(azm_random_u64(&random) == 1215971899390074240);
}

static void equal_seeds_give_equal_numbers_and_others_do_not(void **state)
{
    struct azm_random a, b, c, zero;
    const uint64_t seed[4] = {1, 2, 3, 4}, other[4] = {1, 2, 3, 5}, none[4] = {0};
    (void)state;
    azm_random_init(&a, seed);
    azm_random_init(&b, seed);
    azm_random_init(&c, other);
    azm_random_init(&zero, none);
    for (int i = 0; i < 100; i++) {
        uint64_t x = azm_random_u64(&a);
        assert_true(x == azm_random_u64(&b));
        assert_true(x != azm_random_u64(&c));
        assert_true(azm_random_u64(&zero) != 0);
    }
}

static void bytes_of_any_number_and_no_more(void **state)
{
    struct azm_random random;
    const uint64_t seed[4] = {9};
    (void)state;
    azm_random_init(&random, seed);
    for (size_t n = 0; n <= 40; n++) {
        unsigned char out[48] = {0}, seen[48] = {0};
        for (int round = 0; round < 64; round++) {
            azm_random_bytes(&random, out, n);
            for (size_t i = 0; i < sizeof out; i++)
                seen[i] |= out[i];
        }
        for (size_t i = 0; i < sizeof out; i++)
            assert_int_equal(seen[i], i < n ? 0xff : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_generator_it_says_it_is),
        cmocka_unit_test(equal_seeds_give_equal_numbers_and_others_do_not),
        cmocka_unit_test(bytes_of_any_number_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
