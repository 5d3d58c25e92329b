#include "base/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void both_ways(void **state)
{
    static const struct {
        const char *text;
        uint8_t bytes[4];
        size_t n;
    } rows[] = {
        {"", {0}, 0}, {"00", {0}, 1}, {"0a", {10}, 1}, {"f0", {240}, 1}, {"0123cdef", {0x01, 0x23, 0xcd, 0xef}, 4}};
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        char text[9] = "########";
        uint8_t bytes[4] = {9, 9, 9, 9};
        azm_hex_encode(rows[i].bytes, rows[i].n, text);
        assert_memory_equal(text, rows[i].text, 2 * rows[i].n);
        assert_int_equal(text[2 * rows[i].n], i + 1 < AZM_COUNT(rows) ? '#' : '\0'); /* and no more */
        assert_true(azm_hex_decode(azm_slice_str(rows[i].text), bytes, rows[i].n));
        assert_memory_equal(bytes, rows[i].bytes, rows[i].n);
    }
}

static void refused(void **state)
{
    static const char *const rows[] = {"",   "0",  "000", "0A", "F0", "0g",      "g0",
                                       "0x", " 0", "0/",  "0:", "0`", "\xff\xff"};
    uint8_t byte;
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        assert_false(azm_hex_decode(azm_slice_str(rows[i]), &byte, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_ways), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
