#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Every byte counts, at every length, and so do the length and the seed. */
static void any_change_changes_it(void **state)
{
    char text[80] = {0};
    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        uint64_t hash = azm_hash((azm_slice){text, len}, 7);
        assert_true(hash == azm_hash((azm_slice){text, len}, 7));
        assert_true(hash != azm_hash((azm_slice){text, len}, 8));
        assert_true(hash != azm_hash((azm_slice){text, len + 1}, 7));
        for (size_t i = 0; i < len; i++) {
            text[i] = 1;
            assert_true(hash != azm_hash((azm_slice){text, len}, 7));
            text[i] = 0;
        }
    }
    assert_true(azm_hash((azm_slice){NULL, 0}, 7) == azm_hash(AZM_S(""), 7));
}

/* The low bits choose the bucket: ids that count up spread over a table of twice their number. */
static void ids_that_count_up_spread(void **state)
{
    enum { IDS = 4096, BUCKETS = 8192 };
    static unsigned char fill[BUCKETS];
    unsigned used = 0, most = 0;
    (void)state;
    for (unsigned n = 0; n < IDS; n++) {
        char id[48];
        int len = snprintf(id, sizeof id, "5a3d8e0c-6c4f-4e59-9d3a-%012u", n);
        unsigned at = (unsigned)azm_hash((azm_slice){id, (size_t)len}, 1) & (BUCKETS - 1);
        used += fill[at]++ == 0;
        most = fill[at] > most ? fill[at] : most;
    }
    print_message("%u buckets of %u, at most %u in one\n", used, (unsigned)BUCKETS, most);
    assert_true(used > IDS * 3 / 4); /* chance gives 0.79 of them */
    assert_true(most <= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_change_changes_it),
        cmocka_unit_test(ids_that_count_up_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
