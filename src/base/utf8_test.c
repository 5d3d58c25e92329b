#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void characters(void **state)
{
    static const struct {
        const char *text;
        size_t n;
    } rows[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\x80", 0},
        {"\xbf", 0},
        {"\xc0\x80", 0}, /* overlong */
        {"\xc1\xbf", 0},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xc3", 0}, /* torn */
        {"\xc3z", 0},
        {"\xe0\x9f\xbf", 0}, /* overlong */
        {"\xe0\xa0\x80", 3},
        {"\xe2\x82\xac", 3},
        {"\xe2\x82", 0},
        {"\xe2z\xac", 0},
        {"\xed\x9f\xbf", 3},
        {"\xed\xa0\x80", 0}, /* a surrogate */
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x8f\xbf\xbf", 0}, /* overlong */
        {"\xf0\x90\x80\x80", 4},
        {"\xf0\x9f\x98\x80", 4},
        {"\xf0\x9f\x98", 0},
        {"\xf0\x9f\x98z", 0},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0}, /* past U+10FFFF */
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        assert_int_equal(azm_utf8_char(azm_slice_str(rows[i].text)), rows[i].n);
    assert_int_equal(azm_utf8_char((azm_slice){"\0", 1}), 1);
}

static void validity(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"", true},
        {"plain text, longer than a word of eight bytes", true},
        {"seven..\x80", false}, /* the word's last byte */
        {"eight...\xff", false},
        {"caf\xc3\xa9, and then some more \xf0\x9f\x98\x80", true},
        {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", true},
        {"torn at its end \xe2\x82", false},
        {"a surrogate \xed\xa0\x80 inside", false},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        assert_int_equal(azm_utf8_is_valid(azm_slice_str(rows[i].text)), rows[i].valid);
}

static void cutting(void **state)
{
    static const struct {
        const char *text;
        size_t max;
        const char *taken, *added;
    } rows[] = {
        {"", 0, "", ""},
        {"", 5, "", ""},
        {"abc", 3, "abc", "abc"},
        {"abc", 9, "abc", "abc"},
        {"abc", SIZE_MAX, "abc", "abc"},
        {"abcd", 3, "abc", "ab\xe2\x80\xa6"},
        {"abc", 1, "a", "\xe2\x80\xa6"},
        {"abc", 0, "", ""},
        {"\xc3\xa9\xc3\xa9", 2, "\xc3\xa9\xc3\xa9", "\xc3\xa9\xc3\xa9"}, /* characters count, not bytes */
        {"\xc3\xa9\xc3\xa9", 1, "\xc3\xa9", "\xe2\x80\xa6"},
        {"a\xf0\x9f\x98\x80z", 2, "a\xf0\x9f\x98\x80", "a\xe2\x80\xa6"},
        {"\xff\xfe", 2, "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xff\xfe\xff", 2, "\xff\xfe", "\xef\xbf\xbd\xe2\x80\xa6"},
        {"a\xe2\x82", 3, "a\xe2\x82", "a\xef\xbf\xbd\xef\xbf\xbd"},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        char storage[64];
        struct azm_buf out;
        azm_slice text = azm_slice_str(rows[i].text);
        assert_true(azm_slice_eq(azm_utf8_take(text, rows[i].max), azm_slice_str(rows[i].taken)));
        azm_buf_init_fixed(&out, storage, sizeof storage);
        azm_utf8_add(&out, text, rows[i].max);
        assert_true(azm_slice_eq(azm_buf_slice(&out), azm_slice_str(rows[i].added)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(characters), cmocka_unit_test(cutting),
                                       cmocka_unit_test(validity)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
