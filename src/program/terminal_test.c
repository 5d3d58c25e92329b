#include "program/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define MARK "\xef\xbf\xbd"

static void text_is_made_fit(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool utf8;
        unsigned least, most;
        const char *out;
        unsigned columns;
    } rows[] = {
        {"plain", true, 0, 10, "plain", 5},
        {"pad", true, 5, 5, "pad  ", 5},
        {"toolong", true, 0, 4, "too\xe2\x80\xa6", 4},
        {"toolong", false, 0, 4, "too~", 4},
        {"exact", true, 5, 5, "exact", 5},
        {"\x1b[31mred", true, 0, 20, MARK "[31mred", 8},
        {"\x1b]0;title\x07", false, 0, 20, "?]0;title?", 10},
        {"a\r\nb\tc\x7f", false, 0, 20, "a??b?c?", 7},
        {"\xc2\x9b"
         "31m",
         true, 0, 20, MARK "31m", 4}, /* C1's own CSI */
        {"\xe2\x80\xae"
         "evil",
         true, 0, 20, MARK "evil", 5},           /* right-to-left override */
        {"\xff\xfe", true, 0, 20, MARK MARK, 2}, /* no UTF-8 */
        {"\xc3\xa4", true, 0, 20, "\xc3\xa4", 1},
        {"\xc3\xa4", false, 0, 20, "?", 1},
        {"\xe6\xbc\xa2\xe5\xad\x97", true, 0, 20, "\xe6\xbc\xa2\xe5\xad\x97", 4}, /* two columns each */
        {"\xe6\xbc\xa2\xe5\xad\x97", true, 3, 3, "\xe6\xbc\xa2\xe2\x80\xa6", 3},
        {"e\xcc\x81", true, 0, 20, "e\xcc\x81", 1}, /* combining */
        {"", true, 2, 2, "  ", 2},
        {"gone", true, 0, 0, "", 0},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        const struct azm_terminal terminal = {.utf8 = rows[i].utf8, .columns = 80};
        char storage[128];
        struct azm_buf out;
        azm_buf_init_fixed(&out, storage, sizeof storage);
        unsigned columns = azm_terminal_add(&terminal, &out, azm_slice_str(rows[i].in), rows[i].least, rows[i].most);
        if (!azm_slice_eq(azm_buf_slice(&out), azm_slice_str(rows[i].out)) || columns != rows[i].columns)
            fail_msg("row %zu: \"%.*s\", %u columns", i, AZM_FMT(azm_buf_slice(&out)), columns);
    }
}

static void colours_only_where_there_are_any(void **state)
{
    (void)state;
    char storage[16];
    struct azm_buf out;
    for (int color = 0; color <= 1; color++) {
        const struct azm_terminal terminal = {.color = color};
        azm_buf_init_fixed(&out, storage, sizeof storage);
        azm_terminal_color(&terminal, &out, AZM_RED);
        assert_int_equal(out.len > 0, color);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(text_is_made_fit),
                                       cmocka_unit_test(colours_only_where_there_are_any)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
