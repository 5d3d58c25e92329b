#include "json/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

/* What was told, as text. */
static struct azm_buf told;

static void on_part(void *self, enum azm_json_part part, azm_slice text, bool whole)
{
    static const char marks[] = "{}[]kspw";
    (void)self;
    if (part < AZM_JSON_KEY)
        azm_buf_addf(&told, "%c", marks[part]);
    else
        azm_buf_addf(&told, "%c(%.*s%s)", marks[part], AZM_FMT(azm_slice_take(text, 40)), whole ? "" : "...");
}

static void collect(void *self, enum azm_json_part part, azm_slice text, bool whole)
{
    assert_true(whole);
    if (part == AZM_JSON_STRING || part == AZM_JSON_PIECE)
        azm_buf_add(self, text);
}

static enum azm_status run(azm_slice text, size_t cut)
{
    struct azm_json_scan scan;
    enum azm_status st;
    azm_buf_clear(&told);
    azm_json_scan_begin(&scan, on_part, NULL);
    st = azm_json_scan_feed(&scan, azm_slice_take(text, cut));
    if (st == AZM_OK)
        st = azm_json_scan_feed(&scan, azm_slice_drop(text, cut));
    if (st == AZM_OK)
        st = azm_json_scan_end(&scan);
    azm_buf_add_byte(&told, 0);
    return st;
}

static const struct {
    const char *text, *told;
    enum azm_status status;
} rows[] = {
    {"{\"a\":\"b\",\"c\":[1,true,null,{}],\"d\":{\"e\":-1.5e+3}}",
     "{k(a)s(b)k(c)[w(1)w(true)w(null){}]k(d){k(e)w(-1.5e+3)}}", AZM_OK},
    {" [ ] ", "[]", AZM_OK},
    {"\r\n\t{ \"a\" : 1 , \"b\" : 2 }\n", "{k(a)w(1)k(b)w(2)}", AZM_OK},
    {"12", "w(12)", AZM_OK},
    {"\"x\"", "s(x)", AZM_OK},
    {"\"\\\"\\\\\\/\\n\\u0041\\u00e9\\u20ac\\ud83d\\ude00.\"", "s(\"\\/\nA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80.)",
     AZM_OK},
    {"\"\\ud83dx\\ude00\\ud83d\\ud83d\\ude00\\ud83d\"",
     "s(\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80\xef\xbf\xbd)", AZM_OK},
    {"\"\xff\xfe\"", "s(\xff\xfe)", AZM_OK},
    {"", "", AZM_BAD_INPUT},
    {"{", "{", AZM_BAD_INPUT},
    {"[1", "[", AZM_BAD_INPUT},
    {"\"x", "", AZM_BAD_INPUT},
    {"\"\\", "", AZM_BAD_INPUT},
    {"{\"a\"}", "{k(a)", AZM_BAD_INPUT},
    {"{\"a\":}", "{k(a)", AZM_BAD_INPUT},
    {"{\"a\":1,}", "{k(a)w(1)", AZM_BAD_INPUT},
    {"{,}", "{", AZM_BAD_INPUT},
    {"{1:2}", "{", AZM_BAD_INPUT},
    {"[1 2]", "[w(1)", AZM_BAD_INPUT},
    {"[1,]", "[w(1)", AZM_BAD_INPUT},
    {"[1}", "[w(1)", AZM_BAD_INPUT},
    {"{\"a\":1]", "{k(a)w(1)", AZM_BAD_INPUT},
    {"]", "", AZM_BAD_INPUT},
    {"1 2", "w(1)", AZM_BAD_INPUT},
    {"[] []", "[]", AZM_BAD_INPUT},
    {"'x'", "", AZM_BAD_INPUT},
    {"\"\n\"", "", AZM_BAD_INPUT},
    {"\"\\x\"", "", AZM_BAD_INPUT},
    {"\"\\u12g4\"", "", AZM_BAD_INPUT},
};

static void the_parts_are_told_at_every_cut(void **state)
{
    (void)state;
    azm_buf_init(&told, 65536);
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_slice text = azm_slice_str(rows[i].text);
        for (size_t cut = 0; cut <= text.len; cut++) {
            assert_int_equal(run(text, cut), rows[i].status);
            assert_string_equal(told.ptr, rows[i].told);
        }
    }
    azm_buf_dispose(&told);
}

static void what_is_long_is_cut_and_said_to_be(void **state)
{
    (void)state;
    static char text[3 * AZM_JSON_SCAN_TEXT];
    memset(text, 'x', sizeof text);
    text[0] = text[sizeof text - 1] = '"';
    azm_buf_init(&told, 65536);
    assert_int_equal(run(azm_slice_of(text, sizeof text), 100), AZM_OK);
    assert_string_equal(told.ptr, "s(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...)");
    assert_int_equal(run(azm_slice_of(text + 1, AZM_JSON_SCAN_TEXT), 1), AZM_OK); /* a word that just fits */
    assert_string_equal(told.ptr, "w(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx)");
    azm_buf_dispose(&told);
}

/* Nothing of a string is lost, wherever it was cut; keys and numbers are cut as ever. */
static void long_strings_come_in_pieces(void **state)
{
    (void)state;
    char text[2200];
    for (size_t cut = 0; cut < 2100; cut += 41) {
        struct azm_json_scan scan;
        struct azm_buf out;
        azm_buf_init(&out, 1 << 16);
        memset(text, 'x', sizeof text);
        memcpy(text, "{\"k\":\"", 6);
        memcpy(text + 1000, "\\u20ac", 6);
        memcpy(text + sizeof text - 2, "\"}", 2);
        azm_json_scan_begin(&scan, collect, &out);
        scan.pieces = true;
        assert_int_equal(azm_json_scan_feed(&scan, (azm_slice){text, cut}), AZM_OK);
        assert_int_equal(azm_json_scan_feed(&scan, (azm_slice){text + cut, sizeof text - cut}), AZM_OK);
        assert_int_equal(azm_json_scan_end(&scan), AZM_OK);
        assert_int_equal(out.len, sizeof text - 6 - 2 - 6 + 3);
        assert_memory_equal(out.ptr + 994, "\xe2\x82\xac", 3);
        azm_buf_dispose(&out);
    }
}

static void depth_is_limited(void **state)
{
    (void)state;
    char text[2 * AZM_JSON_SCAN_DEPTH + 2];
    memset(text, '[', AZM_JSON_SCAN_DEPTH + 1);
    memset(text + AZM_JSON_SCAN_DEPTH, ']', AZM_JSON_SCAN_DEPTH);
    azm_buf_init(&told, 65536);
    assert_int_equal(run(azm_slice_of(text, (size_t)2 * AZM_JSON_SCAN_DEPTH), 5), AZM_OK);
    text[AZM_JSON_SCAN_DEPTH] = '[';
    assert_int_equal(run(azm_slice_of(text, (size_t)2 * AZM_JSON_SCAN_DEPTH), 5), AZM_TOO_BIG);
    azm_buf_dispose(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_are_told_at_every_cut),
        cmocka_unit_test(what_is_long_is_cut_and_said_to_be),
        cmocka_unit_test(long_strings_come_in_pieces),
        cmocka_unit_test(depth_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
