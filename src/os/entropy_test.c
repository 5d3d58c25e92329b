#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <string.h>

#include <cmocka.h>

#include "os/entropy.h"

static void every_byte_is_filled(void **state)
{
    (void)state;
    static unsigned char bytes[100000]; /* more than one system call gives */
    unsigned counts[256] = {0};
    assert_int_equal(azm_entropy(bytes, sizeof bytes), AZM_OK);
    for (size_t i = 0; i < sizeof bytes; i++)
        counts[bytes[i]]++;
    for (size_t i = 0; i < 256; i++)
        assert_in_range(counts[i], 200, 600); /* 390 on average; outside once in more than 10^15 runs */
}

static void twice_is_not_the_same(void **state)
{
    (void)state;
    unsigned char a[16], b[16];
    assert_int_equal(azm_entropy(a, sizeof a), AZM_OK);
    assert_int_equal(azm_entropy(b, sizeof b), AZM_OK);
    assert_memory_not_equal(a, b, sizeof a);
    assert_int_equal(azm_entropy(NULL, 0), AZM_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_byte_is_filled), cmocka_unit_test(twice_is_not_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
