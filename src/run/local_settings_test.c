#include "run/local_settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void rows(void **state)
{
    static const struct {
        const char *text;
        enum azm_status status;
        bool encrypted;
        const char *name, *value; /* value NULL: not set */
    } cases[] = {
        {"{\"IsEncrypted\": false, \"Values\": {\"A\": \"1\", \"B\": \"\"}}", AZM_OK, false, "A", "1"},
        {"{\"Values\": {\"A\": \"1\", \"B\": \"\"}}", AZM_OK, false, "B", ""},
        {"{\"Values\": {\"A\": \"1\"}}", AZM_OK, false, "C", NULL},
        {"{\"Values\": {\"A\": 1}}", AZM_OK, false, "A", NULL},
        {"{\"IsEncrypted\": true, \"Values\": {\"A\": \"x\"}}", AZM_OK, true, "A", "x"},
        {"{}", AZM_OK, false, "A", NULL},
        {"[]", AZM_OK, false, "A", NULL},
        {"\xef\xbb\xbf{\"Values\": {\"A\": \"1\"}}", AZM_OK, false, "A", "1"},
        {"// a {\n{\"Values\": /* \"A\": */ {\"A\": \"//1 /* \\\" */\"}} // b", AZM_OK, false, "A", "//1 /* \" */"},
        {"{\"Values\": {\"A\": \"1\"} /* no end", AZM_BAD_INPUT, false, "A", NULL},
        {"{\"Values\": \"A", AZM_BAD_INPUT, false, "A", NULL},
        {"", AZM_BAD_INPUT, false, "A", NULL},
        {"/", AZM_BAD_INPUT, false, "A", NULL},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        struct azm_arena arena;
        struct azm_local_settings settings;
        azm_arena_init(&arena, 0);
        assert_int_equal(azm_local_settings_parse(azm_slice_str(cases[i].text), "x", &arena, &settings, NULL),
                         cases[i].status);
        azm_slice value = azm_env_get(&settings.env, cases[i].name);
        assert_int_equal(value.ptr != NULL, cases[i].value != NULL);
        if (value.ptr)
            assert_true(azm_slice_eq(value, azm_slice_str(cases[i].value)));
        assert_int_equal(settings.encrypted, cases[i].encrypted);
        azm_arena_dispose(&arena);
    }
}

static void the_line_is_named(void **state)
{
    struct azm_arena arena;
    struct azm_local_settings settings;
    struct azm_error err;
    (void)state;
    azm_arena_init(&arena, 0);
    assert_int_equal(azm_local_settings_parse(AZM_S("{\n/* \n */ x"), "my file", &arena, &settings, &err),
                     AZM_BAD_INPUT);
    assert_true(azm_slice_starts(azm_slice_str(err.text), AZM_S("my file:3:")));
    assert_int_equal(azm_local_settings_load("/no/such/folder", &arena, &settings, &err), AZM_OK);
    azm_arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(the_line_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
