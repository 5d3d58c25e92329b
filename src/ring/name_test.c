#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ring/name.h"

static void names(void **state)
{
    (void)state;
    static const struct {
        azm_slice name;
        bool ours;
        uint32_t pid;
        uint64_t start;
    } rows[] = {
        {AZM_S("ring-1-0"), true, 1, 0},
        {AZM_S("ring-4294967295-18446744073709551615"), true, UINT32_MAX, UINT64_MAX},
        {AZM_S("ring-4294967296-1"), false, 0, 0},
        {AZM_S("ring-1-18446744073709551616"), false, 0, 0},
        {AZM_S("ring-01-5"), false, 0, 0}, /* two names for one ring would be read twice */
        {AZM_S("ring-1-05"), false, 0, 0},
        {AZM_S("ring-1"), false, 0, 0},
        {AZM_S("ring-1-"), false, 0, 0},
        {AZM_S("ring--1"), false, 0, 0},
        {AZM_S("ring-1-2-3"), false, 0, 0},
        {AZM_S("ring-1-2.tmp"), false, 0, 0},
        {AZM_S("Ring-1-2"), false, 0, 0},
        {AZM_S("ring-"), false, 0, 0},
        {AZM_S("ring"), false, 0, 0},
        {AZM_S(""), false, 0, 0},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        char name[AZM_RING_NAME_MAX];
        uint32_t pid = 0;
        uint64_t start = 0;
        assert_int_equal(azm_ring_name_parse(rows[i].name, &pid, &start), rows[i].ours);
        assert_int_equal(pid, rows[i].pid);
        assert_true(start == rows[i].start);
        if (!rows[i].ours)
            continue;
        azm_ring_name(name, pid, start);
        assert_true(azm_slice_eq(azm_slice_str(name), rows[i].name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
