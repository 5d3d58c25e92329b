#include "json/locate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void located(void **state)
{
    static const struct {
        const char *text, *path, *key, *value; /* key NULL: not found */
    } rows[] = {
        {"{\"a\": 1}", "a", "\"a\"", "1"},
        {" {\"a\":{\"b\" : [1, {\"b\":2}] } }", "a.b", "\"b\"", "[1, {\"b\":2}]"},
        {"\xef\xbb\xbf{\"a\":\"x\"}", "a", "\"a\"", "\"x\""},
        {"{\"A\":\"no\",\"a\":\"x\",\"A\":\"no\"}", "a", "\"a\"", "\"x\""},
        {"{\"b\":1,\"A\":\"x\"}", "a", "\"A\"", "\"x\""},
        {"{\"a\":1,\"a\":2}", "a", "\"a\"", "2"},
        {"{\"a\":\"q\\\"},{\",\"b\":true}", "b", "\"b\"", "true"},
        {"{\"a\":{\"b\":1},\"b\":null\n}", "b", "\"b\"", "null"},
        {"{\"a\":{\"b\":1}}", "b", NULL, NULL},
        {"{\"a\":7}", "a.b", NULL, NULL},
        {"[{\"a\":7}]", "a", NULL, NULL},
        {"{\"\\u0061\":7}", "a", NULL, NULL},
        {"{}", "a", NULL, NULL},
        {"", "a", NULL, NULL},
        {"{\"a", "a", NULL, NULL}, /* cut anywhere */
        {"{\"", "a", NULL, NULL},
        {"{\"a\":", "a", NULL, NULL},
        {"{\"a\":\"x", "a", "\"a\"", "\"x"},
        {"{\"a\":{\"", "a.b", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_json_member at;
        azm_slice text = azm_slice_str(rows[i].text);
        print_message("%s %s\n", rows[i].text, rows[i].path);
        enum azm_status st = azm_json_locate(text, rows[i].path, &at);
        assert_int_equal(st, rows[i].key ? AZM_OK : AZM_NOT_FOUND);
        if (st != AZM_OK)
            continue;
        assert_true(azm_slice_eq(azm_slice_of(text.ptr + at.key, at.key_end - at.key), azm_slice_str(rows[i].key)));
        assert_true(
            azm_slice_eq(azm_slice_of(text.ptr + at.value, at.value_end - at.value), azm_slice_str(rows[i].value)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(located)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
