#include "json/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

#define ROW(config, text, status, out)                                                                                 \
    {                                                                                                                  \
        config, {text, sizeof(text) - 1}, status, out                                                                  \
    }

static const struct {
    bool config;
    azm_slice in;
    enum azm_status status;
    const char *out; /* the document again, or how the sentence begins */
} rows[] = {
    ROW(false, "{\"a\": [1, 2.5, \"x\", null, true]}", AZM_OK, "{\"a\":[1,2.5,\"x\",null,true]}"),
    ROW(false, "\xef\xbb\xbf[1]", AZM_OK, "[1]"),
    ROW(false, " \"text\" ", AZM_OK, "\"text\""),
    ROW(false, "{\"a\":1,\"a\":2}", AZM_OK, "{\"a\":2}"),
    ROW(false, "\"a\\u0000b\"", AZM_OK, "\"a\\u0000b\""),
    ROW(false, "", AZM_BAD_INPUT, "x.json:1:0: "),
    ROW(false, "[1,]", AZM_BAD_INPUT, "x.json:1:4: "),
    ROW(false, "[1] // no", AZM_BAD_INPUT, "x.json:1:"),
    ROW(false, "{\n\"a\": 1\n\"b\": 2}", AZM_BAD_INPUT, "x.json:3:3: "),
    ROW(false, "[1] [2]", AZM_BAD_INPUT, "x.json:1:5: "),
    ROW(false, "\"\xff\"", AZM_BAD_INPUT, "x.json:1:"),
    ROW(false, "{'a': 1}", AZM_BAD_INPUT, "x.json:1:"),
    ROW(true, "\xef\xbb\xbf{ // c\n \"version\": \"2.0\", /* d */\n}", AZM_OK, "{\"version\":\"2.0\"}"),
    ROW(true, "// only\n", AZM_BAD_INPUT, "x.json:2:"),
    ROW(true, "", AZM_BAD_INPUT, "x.json:1:0: "),
    ROW(true, "{\n  /* \"a\": 1 }", AZM_BAD_INPUT, "x.json:2:3: a comment without an end"),
    ROW(true, "// one\n/* two\n*/ {\"a\" 1}", AZM_BAD_INPUT, "x.json:3:9: "),
};

static void documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_error err = {AZM_OK, ""};
        json_t *root = (json_t *)&err;
        enum azm_status st = rows[i].config ? azm_json_parse_config(rows[i].in, "x.json", &root, &err)
                                            : azm_json_parse(rows[i].in, "x.json", &root, &err);
        if (st != rows[i].status)
            print_message("row %zu: %s\n", i, err.text);
        assert_int_equal(st, rows[i].status);
        assert_int_equal(err.status, st);
        if (st == AZM_OK) {
            char *text = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
            assert_string_equal(text, rows[i].out);
            free(text);
            json_decref(root);
        } else {
            assert_null(root);
            if (!azm_slice_starts(azm_slice_str(err.text), azm_slice_str(rows[i].out)))
                assert_string_equal(err.text, rows[i].out);
        }
    }
}

static void limits(void **state)
{
    struct azm_error err;
    struct azm_buf text;
    json_t *root;
    (void)state;
    azm_buf_init(&text, 4096);
    for (unsigned i = 0; i < AZM_JSON_DEPTH_MAX; i++)
        azm_buf_add_byte(&text, '[');
    for (unsigned i = 0; i < AZM_JSON_DEPTH_MAX; i++)
        azm_buf_add_byte(&text, ']');
    assert_int_equal(azm_json_parse(azm_buf_slice(&text), "deep", &root, &err), AZM_OK);
    json_decref(root);
    azm_buf_clear(&text);
    for (unsigned i = 0; i <= AZM_JSON_DEPTH_MAX; i++)
        azm_buf_add_byte(&text, '[');
    assert_int_equal(azm_json_parse(azm_buf_slice(&text), "deep", &root, &err), AZM_TOO_BIG);
    assert_int_equal(azm_json_parse_config(azm_buf_slice(&text), "deep", &root, NULL), AZM_TOO_BIG);
    azm_slice endless = {text.ptr, AZM_JSON_TEXT_MAX + 1}; /* its length is judged before its bytes are read */
    assert_int_equal(azm_json_parse(endless, "long", &root, &err), AZM_TOO_BIG);
    assert_int_equal(azm_json_parse_config(endless, "long", &root, &err), AZM_TOO_BIG);
    azm_buf_dispose(&text);
}

static void getters(void **state)
{
    static const char text[] =
        "{\"Name\": \"n\", \"name\": \"exact\", \"AUTHLEVEL\": \"anonymous\", \"on\": true, \"off\": false,"
        "\"n\": -5, \"real\": 1.5, \"extensions\": {\"Http\": {\"routePrefix\": \"\"}}, \"a.b\": 1}";
    json_t *root;
    (void)state;
    assert_int_equal(azm_json_parse(azm_slice_str(text), "x", &root, NULL), AZM_OK);
    assert_true(azm_slice_eq(azm_json_get_slice(root, "name"), AZM_S("exact")));
    assert_true(azm_slice_eq(azm_json_get_slice(root, "Name"), AZM_S("n")));
    assert_true(azm_slice_eq(azm_json_get_slice(root, "authLevel"), AZM_S("anonymous")));
    assert_null(azm_json_get_slice(root, "on").ptr);
    assert_null(azm_json_get_slice(root, "missing").ptr);
    assert_true(azm_json_get_bool(root, "ON", false));
    assert_false(azm_json_get_bool(root, "off", true));
    assert_true(azm_json_get_bool(root, "n", true));
    assert_int_equal(azm_json_get_int(root, "N", 1), -5);
    assert_int_equal(azm_json_get_int(root, "real", 7), 7);
    assert_int_equal(azm_json_get_int(root, "missing", 7), 7);
    azm_slice prefix = azm_json_slice(azm_json_at(root, "extensions.http.routePrefix"));
    assert_true(prefix.ptr && prefix.len == 0); /* there, and empty */
    assert_null(azm_json_at(root, "extensions.queues.batchSize"));
    assert_null(azm_json_at(root, "name.x"));
    assert_null(azm_json_at(root, "on."));
    assert_null(azm_json_get(NULL, "x"));
    assert_null(azm_json_at(NULL, "x.y"));
    assert_null(azm_json_slice(NULL).ptr);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(documents), cmocka_unit_test(limits),
                                       cmocka_unit_test(getters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
