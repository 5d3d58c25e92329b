#include "recording/environments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
    const char *table, *file;
    enum azm_status status;
    const char *pairs;
} cases[] = {
    {"{\"*\": {\"A\": \"1\", \"B\": \"2\"}, \"x\": {\"B\": \"3=4\", \"C\": \"\"}}", "x", AZM_OK, "A=1 B=3=4 C= "},
    {"{\"*\": {\"A\": \"1\", \"B\": \"2\"}, \"x\": {\"A\": null}}", "x", AZM_OK, "B=2 "},
    {"{\"*\": {\"A\": \"1\", \"B\": \"2\"}, \"x\": {\"B\": \"3\"}}", "y", AZM_OK, "A=1 B=2 "},
    {"{\"x\": {\"B\": \"3\"}}", "y", AZM_OK, ""},
    {"{\"x\": {\"B\": 3}}", "x", AZM_BAD_INPUT, NULL},
    {"{\"x\": {\"B=\": \"3\"}}", "x", AZM_BAD_INPUT, NULL},
    {"{\"x\": {\"\": \"3\"}}", "x", AZM_BAD_INPUT, NULL},
    {"[]", "x", AZM_BAD_INPUT, NULL},
    {"{", "x", AZM_NOT_FOUND, NULL},
};

static void rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        struct azm_arena arena;
        struct azm_error err;
        const char **pairs, *path = "environments_test.tmp.json";
        char all[256] = "";
        size_t len = 0;
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(cases[i].table, file);
        fclose(file);
        azm_arena_init(&arena, 0);
        assert_int_equal(azm_environments_load(path, cases[i].file, &arena, &pairs, &err), cases[i].status);
        for (; cases[i].pairs && *pairs; pairs++)
            len += (size_t)snprintf(all + len, sizeof all - len, "%s ", *pairs);
        if (cases[i].pairs)
            assert_string_equal(all, cases[i].pairs);
        else
            assert_non_null(strstr(err.text, path));
        azm_arena_dispose(&arena);
        remove(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
