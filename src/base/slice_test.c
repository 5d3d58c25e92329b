#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static azm_slice s(const char *text)
{
    return azm_slice_str(text);
}

static void parts(void **state)
{
    (void)state;
    assert_null(azm_slice_str(NULL).ptr);
    assert_true(azm_slice_eq(azm_slice_drop(s("abc"), 1), s("bc")));
    assert_int_equal(azm_slice_drop(s("abc"), 3).len, 0);
    assert_int_equal(azm_slice_drop(s("abc"), 9).len, 0);
    assert_null(azm_slice_drop((azm_slice){NULL, 0}, 9).ptr);
    assert_true(azm_slice_eq(azm_slice_take(s("abc"), 2), s("ab")));
    assert_true(azm_slice_eq(azm_slice_take(s("abc"), 9), s("abc")));
    assert_true(azm_slice_eq(azm_slice_trim(s(" \t a b\t ")), s("a b")));
    assert_int_equal(azm_slice_trim(s(" \t ")).len, 0);
    assert_true(azm_slice_eq(azm_slice_trim(s("\na\n")), s("\na\n")));
}

static void comparing(void **state)
{
    static const struct {
        const char *a, *b;
        bool eq, eq_nocase, starts, starts_nocase, ends, ends_nocase;
        int order;
    } rows[] = {
        {"", "", true, true, true, true, true, true, 0},
        {"a", "", false, false, true, true, true, true, 1},
        {"", "a", false, false, false, false, false, false, -1},
        {"abc", "abc", true, true, true, true, true, true, 0},
        {"abc", "ABC", false, true, false, true, false, true, 1},
        {"abc", "ab", false, false, true, true, false, false, 1},
        {"abc", "AB", false, false, false, true, false, false, 1},
        {"abc", "bc", false, false, false, false, true, true, -1},
        {"abc", "BC", false, false, false, false, false, true, 1},
        {"@[`{", "`{@[", false, false, false, false, false, false, -1}, /* neighbours of letters are no letters */
        {"@", "`", false, false, false, false, false, false, -1},
        {"\xc3\xa9", "\xc3\x89", false, false, false, false, false, false, 1}, /* only ASCII has case */
        {"\xff", "a", false, false, false, false, false, false, 1},            /* bytes are unsigned */
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_slice a = s(rows[i].a), b = s(rows[i].b);
        assert_int_equal(azm_slice_eq(a, b), rows[i].eq);
        assert_int_equal(azm_slice_eq_nocase(a, b), rows[i].eq_nocase);
        assert_int_equal(azm_slice_starts(a, b), rows[i].starts);
        assert_int_equal(azm_slice_starts_nocase(a, b), rows[i].starts_nocase);
        assert_int_equal(azm_slice_ends(a, b), rows[i].ends);
        assert_int_equal(azm_slice_ends_nocase(a, b), rows[i].ends_nocase);
        assert_int_equal(azm_slice_compare(a, b), rows[i].order);
        assert_int_equal(azm_slice_compare(b, a), -rows[i].order);
    }
    assert_true(azm_slice_eq((azm_slice){NULL, 0}, s("")));
}

static void finding(void **state)
{
    static const struct {
        const char *text;
        char c;
        size_t first, last;
    } rows[] = {{"", 'a', 0, 0}, {"a", 'a', 0, 0}, {"banana", 'a', 1, 5}, {"banana", 'b', 0, 0}, {"banana", 'x', 6, 6}};
    static const struct {
        const char *text, *needle;
        size_t at;
    } searches[] = {{"", "", 0},          {"abc", "", 0},     {"", "a", 0},         {"banana", "nan", 2},
                    {"banana", "ana", 1}, {"banana", "a", 1}, {"banan", "nana", 5}, {"aab", "ab", 1}};
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        assert_int_equal(azm_slice_find(s(rows[i].text), rows[i].c), rows[i].first);
        assert_int_equal(azm_slice_rfind(s(rows[i].text), rows[i].c), rows[i].last);
    }
    for (size_t i = 0; i < AZM_COUNT(searches); i++)
        assert_int_equal(azm_slice_search(s(searches[i].text), s(searches[i].needle)), searches[i].at);
    assert_int_equal(azm_slice_find((azm_slice){NULL, 0}, 'a'), 0);
}

static void splitting(void **state)
{
    static const struct {
        const char *text, *joined; /* the parts, each in brackets */
    } rows[] = {{"", "[]"}, {"a", "[a]"}, {"a,,b", "[a][][b]"}, {",", "[][]"}, {"a,", "[a][]"}, {NULL, ""}};
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_slice rest = s(rows[i].text), part;
        char joined[64] = "";
        while (azm_slice_split(&rest, ',', &part)) {
            strcat(joined, "[");
            strncat(joined, part.ptr, part.len);
            strcat(joined, "]");
        }
        assert_string_equal(joined, rows[i].joined);
    }
}

static void numbers(void **state)
{
    static const struct {
        const char *text;
        enum azm_status status;
        uint64_t value;
    } rows[] = {
        {"0", AZM_OK, 0},
        {"007", AZM_OK, 7},
        {"18446744073709551615", AZM_OK, UINT64_MAX},
        {"18446744073709551616", AZM_TOO_BIG, 0},
        {"28446744073709551615", AZM_TOO_BIG, 0},
        {"99999999999999999999999", AZM_TOO_BIG, 0},
        {"", AZM_BAD_INPUT, 0},
        {"-1", AZM_BAD_INPUT, 0},
        {"+1", AZM_BAD_INPUT, 0},
        {" 1", AZM_BAD_INPUT, 0},
        {"1 ", AZM_BAD_INPUT, 0},
        {"1a", AZM_BAD_INPUT, 0},
        {"/", AZM_BAD_INPUT, 0},
        {":", AZM_BAD_INPUT, 0},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        uint64_t value = 0;
        assert_int_equal(azm_slice_to_u64(s(rows[i].text), &value), rows[i].status);
        if (rows[i].status == AZM_OK)
            assert_int_equal(value, rows[i].value);
    }
}

static void copying(void **state)
{
    char out[4] = "###";
    (void)state;
    assert_int_equal(azm_slice_copy(s("ab"), out, sizeof out), 2);
    assert_string_equal(out, "ab");
    assert_int_equal(azm_slice_copy(s("abcdef"), out, sizeof out), 3);
    assert_string_equal(out, "abc");
    assert_int_equal(azm_slice_copy((azm_slice){NULL, 0}, out, sizeof out), 0);
    assert_string_equal(out, "");
    out[0] = '#';
    assert_int_equal(azm_slice_copy(s("a"), out, 0), 0);
    assert_int_equal(out[0], '#');
    assert_int_equal(azm_slice_copy(s("a"), out, 1), 0);
    assert_int_equal(out[0], '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts),     cmocka_unit_test(comparing), cmocka_unit_test(finding),
        cmocka_unit_test(splitting), cmocka_unit_test(numbers),   cmocka_unit_test(copying),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
