#include "json/lenient.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void blanked(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"", ""},
        {"{\"a\": 1}", "{\"a\": 1}"},
        {"1 // a\n2", "1     \n2"},
        {"1 // a\r\n2", "1     \r\n2"},
        {"1 // a", "1     "},
        {"/* a\n * b */1", "    \n       1"},
        {"/**/1/***/", "    1     "},
        {"/*/ */1", "      1"},
        {"\"// no /* no */\"", "\"// no /* no */\""},
        {"\"a\\\"// no\" // yes", "\"a\\\"// no\"       "},
        {"\"a\\\\\" // yes", "\"a\\\\\"       "},
        {"[1,]", "[1 ]"},
        {"[1, 2 , ]", "[1, 2   ]"},
        {"{\"a\":[1,],}", "{\"a\":[1 ] }"},
        {"[1, /* x */ // y\n]", "[1              \n]"},
        {"[1,\n]", "[1 \n]"},
        {"[\",]\"]", "[\",]\"]"},
        {"[\"a\",]", "[\"a\" ]"},
        {"[,]", "[,]"}, /* these stay wrong */
        {"{,}", "{,}"},
        {"[1,,]", "[1,,]"},
        {"{\"a\":,}", "{\"a\":,}"},
        {",]", ",]"},
        {"1 / 2", "1 / 2"},
        {"\"open // ,", "\"open // ,"},
        {"\"open\\", "\"open\\"},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        char text[128];
        struct azm_buf out;
        struct azm_json_place place;
        azm_buf_init_fixed(&out, text, sizeof text);
        assert_int_equal(azm_json_blank_comments(&out, azm_slice_str(rows[i].in), &place), AZM_OK);
        azm_buf_add_byte(&out, 0);
        assert_string_equal(text, rows[i].out);
    }
}

static void comment_without_an_end(void **state)
{
    static const struct {
        const char *in;
        size_t line, column;
    } rows[] = {{"/*", 1, 1}, {"1\n\n  /* a", 3, 3}, {"1 /*/", 1, 3}, {"/**/ /* *", 1, 6}};
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        char text[128];
        struct azm_buf out;
        struct azm_json_place place;
        azm_buf_init_fixed(&out, text, sizeof text);
        assert_int_equal(azm_json_blank_comments(&out, azm_slice_str(rows[i].in), &place), AZM_BAD_INPUT);
        assert_int_equal(place.line, rows[i].line);
        assert_int_equal(place.column, rows[i].column);
    }
}

static void no_room(void **state)
{
    char text[4];
    struct azm_buf out;
    struct azm_json_place place;
    (void)state;
    azm_buf_init_fixed(&out, text, sizeof text);
    assert_int_equal(azm_json_blank_comments(&out, AZM_S("12345"), &place), AZM_NO_MEMORY);
}

static void depth(void **state)
{
    static const struct {
        const char *in;
        size_t depth;
    } rows[] = {
        {"", 0},        {"1", 0},           {"[]", 1},  {"{\"a\":[{}]}", 3}, {"[[],[],[[]]]", 3}, {"]]]]", 0},
        {"\"[[[\"", 0}, {"\"\\\"[[\"[", 1}, {"[[[", 3}, {"\"open[", 0},      {"}[", 1},           {"[\"\\\\\",[]]", 2}};
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        assert_int_equal(azm_json_depth(azm_slice_str(rows[i].in)), rows[i].depth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanked),
        cmocka_unit_test(comment_without_an_end),
        cmocka_unit_test(no_room),
        cmocka_unit_test(depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
