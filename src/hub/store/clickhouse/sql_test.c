#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/store/clickhouse/sql.h"

static const struct {
    azm_slice text;
    const char *literal;
} texts[] = {
    {AZM_S_INIT(""), "''"},
    {AZM_S_INIT("a b"), "'a b'"},
    {AZM_S_INIT("it's"), "'it\\'s'"},
    {AZM_S_INIT("\\"), "'\\\\'"},
    {AZM_S_INIT("\\' OR 1 --"), "'\\\\\\' OR 1 --'"},
    {AZM_S_INIT("a\0b\n\t\x7f"), "'a\\x00b\\x0A\\x09\\x7F'"},
    {AZM_S_INIT("\xc3\xa9 {x:String} \xff"), "'\xc3\xa9 {x:String} \xff'"},
};

static void text_cannot_leave_its_quotes(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(texts); i++) {
        char storage[100];
        struct azm_buf sql;
        azm_buf_init_fixed(&sql, storage, sizeof storage);
        azm_sql_text(&sql, texts[i].text);
        assert_true(azm_slice_eq(azm_buf_slice(&sql), azm_slice_str(texts[i].literal)));
    }
}

static void conditions_of(const struct azm_event_filter *filter, const char *wanted)
{
    char storage[500];
    struct azm_buf sql;
    azm_buf_init_fixed(&sql, storage, sizeof storage);
    assert_int_equal(azm_sql_event(&sql, filter, NULL), AZM_OK);
    azm_buf_add_byte(&sql, 0);
    assert_string_equal(storage, wanted);
}

static void conditions(void **state)
{
    (void)state;
    struct azm_event_filter filter;
    azm_event_filter_init(&filter);
    conditions_of(&filter, "");
    filter.words = AZM_S("Order's tim*");
    conditions_of(&filter, " AND has(words, 'order') AND has(words, 's')"
                           " AND arrayExists(w -> startsWith(w, 'tim'), words)");
    azm_event_filter_init(&filter);
    filter.status = AZM_S("4xx");
    filter.service = AZM_S("a'b");
    conditions_of(&filter, " AND status >= 400 AND status <= 499 AND status > 0 AND service = 'a\\'b'");
}

static void words_that_are_none(void **state)
{
    (void)state;
    char storage[500];
    struct azm_buf sql;
    struct azm_error err;
    struct azm_event_filter filter;
    azm_event_filter_init(&filter);
    azm_buf_init_fixed(&sql, storage, sizeof storage);
    filter.words = AZM_S("+ '");
    assert_int_equal(azm_sql_event(&sql, &filter, &err), AZM_BAD_INPUT);
    assert_non_null(strstr(err.text, "q"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(text_cannot_leave_its_quotes), cmocka_unit_test(conditions),
                                       cmocka_unit_test(words_that_are_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
