#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/store/clickhouse/rows.h"

/* Columns apart by '|', rows ended by '$'; '!' for what cannot be read. */
static void told(const char *text, size_t columns, char *out, size_t size)
{
    struct azm_buf answer, said;
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    enum azm_status status;
    azm_buf_init(&answer, 1000);
    azm_buf_init_fixed(&said, out, size);
    azm_buf_add_str(&answer, text);
    azm_rows_begin(&rows, &answer, columns);
    while ((status = azm_rows_next(&rows, c)) == AZM_OK)
        for (size_t i = 0; i < columns; i++) {
            azm_buf_add(&said, c[i]);
            azm_buf_add_byte(&said, i + 1 < columns ? '|' : '$');
        }
    if (status != AZM_END)
        azm_buf_add_byte(&said, '!');
    azm_buf_add_byte(&said, 0);
    assert_false(said.failed);
    azm_buf_dispose(&answer);
}

static const struct {
    const char *text;
    size_t columns;
    const char *said;
} cases[] = {
    {"", 1, ""},
    {"a\tb\n", 2, "a|b$"},
    {"a\tb\nc\td\n", 2, "a|b$c|d$"},
    {"\t\n", 2, "|$"},
    {"a\\tb\\nc\\\\\\'\t\\b\\f\\r\n", 2, "a\tb\nc\\'|\b\f\r$"},
    {"a\n", 2, "!"},       /* too few */
    {"a\tb\tc\n", 2, "!"}, /* too many */
    {"a\tb", 2, "!"},      /* cut */
    {"a\tb\nc", 2, "a|b$!"},
    {"a\\", 1, "!"},
    {"Code: 60, e.displayText() = DB::Exception", 1, "!"},
};

static void splits(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        char out[200];
        told(cases[i].text, cases[i].columns, out, sizeof out);
        assert_string_equal(out, cases[i].said);
    }
}

static void a_nul_is_a_byte(void **state)
{
    (void)state;
    struct azm_buf answer;
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    azm_buf_init(&answer, 100);
    azm_buf_add_str(&answer, "a\\0b\n");
    azm_rows_begin(&rows, &answer, 1);
    assert_int_equal(azm_rows_next(&rows, c), AZM_OK);
    assert_true(azm_slice_eq(c[0], AZM_S("a\0b")));
    azm_buf_dispose(&answer);
}

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(azm_row_int(AZM_S("-9223372036854775808")), INT64_MIN);
    assert_int_equal(azm_row_int(AZM_S("99999999999999999999")), INT64_MAX);
    assert_int_equal(azm_row_int(AZM_S("")), 0);
    assert_int_equal(azm_row_int(AZM_S("\\N")), 0);
    assert_true(azm_row_real(AZM_S("1.5e3")) == 1500);
    azm_slice array = AZM_S("[1,2.5,-3]");
    double value, sum = 0;
    int count = 0;
    for (; azm_row_element(&array, &value); count++)
        sum += value;
    assert_int_equal(count, 3);
    assert_true(sum == 0.5);
    array = AZM_S("[]");
    assert_false(azm_row_element(&array, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(splits), cmocka_unit_test(a_nul_is_a_byte),
                                       cmocka_unit_test(numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
