#include "base/wildcard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void one(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool match;
    } rows[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "anything", true},
        {"**", "", true},
        {"abc", "abc", true},
        {"abc", "ABC", true},
        {"ABC", "abc", true},
        {"abc", "abcd", false},
        {"abc", "xabc", false},
        {"abc*", "abcd", true},
        {"*abc", "xabc", true},
        {"*abc", "abcx", false},
        {"*abc*", "xxabcxx", true},
        {"a*c", "ac", true},
        {"a*c", "abcbc", true}, /* goes back to the star */
        {"a*c", "abcb", false},
        {"*ab*ab", "abab", true},
        {"*ab*ab", "ab", false},
        {"*a*b*", "ba", false},
        {"a*b*c*d", "a1b2b3c4c5d", true},
        {"a?c", "abc", false}, /* only the star is special */
        {"a?c", "a?c", true},
        {"[a]", "a", false},
        {"a.c", "abc", false},
        {"(?-i)abc", "abc", true},
        {"(?-i)abc", "ABC", false},
        {"(?-i)*B*", "abc", false},
        {"(?-i)*B*", "aBc", true},
        {"(?-i)", "", true},
        {"(?-i)*", "x", true},
        {"x(?-i)", "X(?-I)", true}, /* a mark at the beginning only */
        {"(?i)a", "a", false},
        {"*", "a\nb", true},
        {"\xc3\xa9*", "\xc3\xa9t\xc3\xa9", true},
        {"*password*", "DB_PASSWORD_FILE", true},
        {"*auth*", "WWW-Authenticate", true},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        if (azm_wildcard_match(azm_slice_str(rows[i].pattern), azm_slice_str(rows[i].text)) != rows[i].match)
            print_message("\"%s\" on \"%s\"\n", rows[i].pattern, rows[i].text);
        assert_int_equal(azm_wildcard_match(azm_slice_str(rows[i].pattern), azm_slice_str(rows[i].text)),
                         rows[i].match);
    }
}

static void any(void **state)
{
    static const struct {
        const char *patterns, *text;
        bool match;
    } rows[] = {
        {"", "", false},
        {"", "a", false},
        {" , ,", "", false}, /* an empty pattern is no pattern */
        {"a", "a", true},
        {"b, a", "a", true},
        {"b ,\ta\t, c", "A", true},
        {"b,(?-i)A", "a", false},
        {"/health*, */ready", "/api/ready", true},
        {"/health*, */ready", "/api/ready/", false},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        assert_int_equal(azm_wildcard_match_any(azm_slice_str(rows[i].patterns), azm_slice_str(rows[i].text)),
                         rows[i].match);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one), cmocka_unit_test(any)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
