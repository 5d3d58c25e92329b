#include "trace/otel_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

static const struct {
    const char *list;
    bool valid, headers;
    const char *pairs; /* "key|value|..." */
} cases[] = {
    {"", true, true, ""},
    {" , ,", true, true, ""},
    {"a=b", true, true, "a|b|"},
    {"api-key=k1, x-scope = a=b ,", true, true, "api-key|k1|x-scope|a=b|"},
    {"authorization=Basic%20dTpw%3d%3D", true, true, "authorization|Basic dTpw==|"},
    {"a=,b=%2c", true, true, "a||b|,|"},
    {"a=1,b=2,a=3", true, true, "a|3|b|2|"},
    {"a%3Db=1", true, false, "a=b|1|"}, /* '=' is no character of a token */
    {"k\xc3\xb6=1", true, false, "k\xc3\xb6|1|"},
    {"a=%C3%B6\xff", true, true, "a|\xc3\xb6\xff|"},
    {"a=1%0d%0aX: y", true, false, "a|1\r\nX: y|"},
    {"a=1;b=2", true, true, "a|1;b=2|"}, /* no properties: part of the value */
    {"a", false, false, ""},
    {"=b", false, false, ""},
    {"a=1,b", false, false, ""},
    {"a=%", false, false, ""},
    {"a=%2", false, false, ""},
    {"a=%2g", false, false, ""},
    {"%zz=1", false, false, ""},
    {"a=%2,b=1", false, false, ""},
};

static void rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        azm_slice list = azm_slice_str(cases[i].list);
        struct azm_arena arena;
        struct azm_buf out;
        azm_arena_init(&arena, 0);
        azm_buf_init(&out, 1024);
        assert_int_equal(azm_otel_list_is_valid(list), cases[i].valid);
        assert_int_equal(azm_otel_headers_are_valid(list), cases[i].headers);
        struct azm_pairs pairs = azm_otel_list_read(list, &arena);
        for (size_t p = 0; p < pairs.count; p++)
            azm_buf_addf(&out, "%.*s|%.*s|", AZM_FMT(pairs.items[p].key), AZM_FMT(pairs.items[p].value));
        azm_buf_add_byte(&out, 0);
        assert_string_equal(out.ptr, cases[i].pairs);
        azm_buf_dispose(&out);
        azm_arena_dispose(&arena);
    }
}

static void limits(void **state)
{
    static char list[AZM_OTEL_LIST_BYTES_MAX + 2];
    struct azm_buf text;
    (void)state;
    memset(list, 'v', sizeof list);
    memcpy(list, "k=", 2);
    assert_true(azm_otel_list_is_valid(azm_slice_of(list, AZM_OTEL_LIST_BYTES_MAX)));
    assert_false(azm_otel_list_is_valid(azm_slice_of(list, AZM_OTEL_LIST_BYTES_MAX + 1)));
    azm_buf_init_fixed(&text, list, sizeof list);
    for (unsigned i = 0; i < AZM_OTEL_LIST_MAX; i++)
        azm_buf_addf(&text, "k%u=v,", i);
    assert_true(azm_otel_list_is_valid(azm_buf_slice(&text)));
    azm_buf_add(&text, AZM_S("k=v"));
    assert_false(azm_otel_list_is_valid(azm_buf_slice(&text)));
}

static void a_full_arena_gives_none(void **state)
{
    struct azm_arena arena;
    (void)state;
    azm_arena_init(&arena, 1);
    assert_int_equal(azm_otel_list_read(AZM_S("a=b"), &arena).count, 0);
    azm_arena_dispose(&arena);
}

static void a_value_by_its_key(void **state)
{
    static const struct azm_pair items[] = {{AZM_S("a"), AZM_S("1")}, {AZM_S("b"), AZM_S("2")}};
    const struct azm_pairs pairs = {items, 2};
    (void)state;
    assert_true(azm_slice_eq(azm_pairs_get(pairs, AZM_S("b")), AZM_S("2")));
    assert_null(azm_pairs_get(pairs, AZM_S("B")).ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows), cmocka_unit_test(limits),
                                       cmocka_unit_test(a_full_arena_gives_none), cmocka_unit_test(a_value_by_its_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
