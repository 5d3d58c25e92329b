#include "json/write.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char storage[4096];
static struct azm_buf out;
static struct azm_json_writer json;

static void begin(void)
{
    azm_buf_init_fixed(&out, storage, sizeof storage);
    json = azm_json_writer(&out);
}

static void expect(const char *text)
{
    assert_false(out.failed);
    azm_buf_add_byte(&out, 0);
    assert_string_equal(storage, text);
    begin();
}

static void structure(void **state)
{
    (void)state;
    begin();
    azm_json_open_object(&json);
    azm_json_close_object(&json);
    expect("{}");
    azm_json_open_array(&json);
    azm_json_close_array(&json);
    expect("[]");

    azm_json_open_object(&json);
    azm_json_string(azm_json_key(&json, AZM_S("a")), AZM_S("b"));
    azm_json_open_array(azm_json_key(&json, AZM_S("c")));
    azm_json_open_object(&json);
    azm_json_close_object(&json);
    azm_json_open_array(&json);
    azm_json_close_array(&json);
    azm_json_bool(&json, true);
    azm_json_bool(&json, false);
    azm_json_null(&json);
    azm_json_raw(&json, AZM_S("{\"x\":1}"));
    azm_json_int(&json, -1);
    azm_json_close_array(&json);
    azm_json_open_object(azm_json_foreign_key(&json, AZM_S("d\"e"), 100));
    azm_json_uint(azm_json_key(&json, AZM_S("f")), 1);
    azm_json_uint(azm_json_foreign_key(&json, AZM_S("ghijk"), 3), 2);
    azm_json_close_object(&json);
    azm_json_null(azm_json_key(&json, AZM_S("")));
    azm_json_close_object(&json);
    azm_json_end_line(&json);
    azm_json_int(&json, 1);
    azm_json_end_line(&json);
    expect("{\"a\":\"b\",\"c\":[{},[],true,false,null,{\"x\":1},-1],\"d\\\"e\":{\"f\":1,\"gh\xe2\x80\xa6\":2},\"\":"
           "null}\n1\n");
}

static void strings(void **state)
{
    static const struct {
        azm_slice in;
        const char *out;
    } rows[] = {
        {{"", 0}, "\"\""},
        {{NULL, 0}, "\"\""},
        {{"GET /api/products/{category}", 28}, "\"GET /api/products/{category}\""},
        {{"\"\\/", 3}, "\"\\\"\\\\/\""},
        {{"\b\t\n\v\f\r", 6}, "\"\\b\\t\\n\\u000b\\f\\r\""},
        {{"\0\x01\x1f\x7f", 4}, "\"\\u0000\\u0001\\u001f\x7f\""},
        {{"01234567\"9abcdefg\\", 18}, "\"01234567\\\"9abcdefg\\\\\""},
        {{"0123456\n", 8}, "\"0123456\\n\""},
        {{" !#[]~0 ", 8}, "\" !#[]~0 \""}, /* neighbours of what is escaped */
        {{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z", 10}, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z\""},
        {{"a\xff"
          "b",
          3},
         "\"a\xef\xbf\xbd"
         "b\""},
        {{"\xc3", 1}, "\"\xef\xbf\xbd\""},
        {{"\xe2\x82\"", 3}, "\"\xef\xbf\xbd\xef\xbf\xbd\\\"\""},
        {{"\xc0\xaf", 2}, "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
        {{"\xed\xa0\x80", 3}, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
        {{"\xe2\x80\xa8", 3}, "\"\xe2\x80\xa8\""},
    };
    (void)state;
    begin();
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_json_string(&json, rows[i].in);
        expect(rows[i].out);
    }
}

/* Every byte value at every position of a word. */
static void every_byte_everywhere(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        for (unsigned at = 0; at < 17; at++) {
            char text[17];
            memset(text, 'x', sizeof text);
            text[at] = (char)c;
            begin();
            azm_json_string(&json, (azm_slice){text, sizeof text});
            size_t grown = c >= 0x80                                                 ? 2
                           : c == '"' || c == '\\' || (c >= 8 && c <= 13 && c != 11) ? 1
                           : c < 0x20                                                ? 5
                                                                                     : 0;
            assert_int_equal(out.len, sizeof text + 2 + grown);
        }
    }
}

static void limited_text(void **state)
{
    static const struct {
        azm_slice in;
        size_t max;
        const char *out;
    } rows[] = {
        {{"abc", 3}, 3, "\"abc\""},
        {{"abcd", 4}, 3, "\"ab\xe2\x80\xa6\""},
        {{"abcd", 4}, 1, "\"\xe2\x80\xa6\""},
        {{"abcd", 4}, 0, "\"\""},
        {{"\xc3\xa9\xc3\xa9\xc3\xa9", 6}, 3, "\"\xc3\xa9\xc3\xa9\xc3\xa9\""},
        {{"\xc3\xa9\xc3\xa9\xc3\xa9", 6}, 2, "\"\xc3\xa9\xe2\x80\xa6\""},
        {{"\n\n\n", 3}, 2, "\"\\n\xe2\x80\xa6\""}, /* characters of the text, not of its escapes */
        {{"\xff\xff\xff", 3}, 2, "\"\xef\xbf\xbd\xe2\x80\xa6\""},
        {{"", 0}, 0, "\"\""},
    };
    (void)state;
    begin();
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_json_text(&json, rows[i].in, rows[i].max);
        expect(rows[i].out);
    }
}

static void numbers(void **state)
{
    static const struct {
        double value;
        const char *out;
    } doubles[] = {
        {0, "0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {123456789012345678.0, "1.2345678901234568e+17"},
        {1e300, "1e+300"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5e-324, "4.94065645841247e-324"},
        {HUGE_VAL, "null"},
        {-HUGE_VAL, "null"},
        {NAN, "null"},
    };
    static const struct {
        int64_t us;
        const char *out;
    } times[] = {
        {0, "0"},
        {1, "0.001"},
        {10, "0.01"},
        {1500, "1.5"},
        {12345, "12.345"},
        {1000000, "1000"},
        {-1, "-0.001"},
        {-2500, "-2.5"},
        {INT64_MAX, "9223372036854775.807"},
        {INT64_MIN, "-9223372036854775.808"},
    };
    (void)state;
    begin();
    azm_json_uint(&json, 0);
    azm_json_uint(&json, UINT64_MAX);
    azm_json_int(&json, 0);
    azm_json_int(&json, INT64_MAX);
    azm_json_int(&json, INT64_MIN);
    expect("0,18446744073709551615,0,9223372036854775807,-9223372036854775808");
    for (size_t i = 0; i < AZM_COUNT(doubles); i++) {
        azm_json_double(&json, doubles[i].value);
        expect(doubles[i].out);
    }
    for (size_t i = 0; i < AZM_COUNT(times); i++) {
        azm_json_ms(&json, times[i].us);
        expect(times[i].out);
    }
}

static void write_some(struct azm_json_writer *to)
{
    azm_json_open_object(to);
    azm_json_text(azm_json_foreign_key(to, AZM_S("k\n"), 9), AZM_S("v\"\xff..."), 4);
    azm_json_ms(azm_json_key(to, AZM_S("d")), 1500);
    azm_json_close_object(to);
    azm_json_end_line(to);
}

/* However small the buf: it never writes past it, and says so. */
static void full(void **state)
{
    static const char text[] = "{\"k\\n\":\"v\\\"\xef\xbf\xbd\xe2\x80\xa6\",\"d\":1.5}\n";
    (void)state;
    for (size_t size = 0; size < sizeof text; size++) {
        char *exact = test_malloc(size + 1);
        exact[size] = '#';
        azm_buf_init_fixed(&out, exact, size);
        json = azm_json_writer(&out);
        write_some(&json);
        assert_int_equal(out.failed, size < sizeof text - 1);
        assert_int_equal(exact[size], '#');
        if (!out.failed)
            assert_memory_equal(exact, text, size);
        test_free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structure),    cmocka_unit_test(strings), cmocka_unit_test(every_byte_everywhere),
        cmocka_unit_test(limited_text), cmocka_unit_test(numbers), cmocka_unit_test(full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
