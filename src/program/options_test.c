#include "program/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

static bool flag;
static const char *text;
static struct azm_option_list list;
static const struct azm_option options[] = {
    {"--flag", NULL, "a flag", .flag = &flag},
    {"--text", "TEXT", "a text", .text = &text},
    {"--list", "ITEM", "a list", .list = &list},
};

static const struct {
    const char *arguments; /* behind the command's name, separated by spaces */
    bool stop_at_first, flag;
    int result;
    const char *rest, *text, *list;
} cases[] = {
    {"", false, false, 0, "", NULL, ""},
    {"a --flag --text one - --list=x=y --text=two --list z -- --b", false, true, 3, "a - --b ", "two", "x=y z "},
    {"--flag -- func --text x --", true, true, 4, "func --text x -- ", NULL, ""},
    {"--flag func --text x --help", true, true, 4, "func --text x --help ", NULL, ""},
    {"--text -- a", false, false, 1, "a ", "--", ""},
    {"a --help", false, false, AZM_OPTIONS_HELP, NULL, NULL, ""},
    {"--other", false, false, AZM_OPTIONS_BAD, NULL, NULL, ""},
    {"--fla", false, false, AZM_OPTIONS_BAD, NULL, NULL, ""},
    {"-f", false, false, AZM_OPTIONS_BAD, NULL, NULL, ""},
    {"--text", false, false, AZM_OPTIONS_BAD, NULL, NULL, ""},
    {"--flag=1", false, false, AZM_OPTIONS_BAD, NULL, NULL, ""},
};

static void join(char *out, size_t size, const char *const *items, size_t count)
{
    size_t len = 0;
    out[0] = 0;
    for (size_t i = 0; i < count && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s ", items[i]);
}

static void check(size_t row, const struct azm_usage *usage)
{
    char line[256], name[] = "test", joined[256], *argv[32] = {name};
    int argc = 1;
    snprintf(line, sizeof line, "%s", cases[row].arguments);
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    assert_int_equal(azm_options_parse(usage, argc, argv), cases[row].result);
    assert_int_equal(flag, cases[row].flag);
    if (cases[row].result < 0)
        return;
    join(joined, sizeof joined, (const char *const *)argv + 1, (size_t)cases[row].result);
    assert_string_equal(joined, cases[row].rest);
    assert_null(argv[cases[row].result + 1]);
    join(joined, sizeof joined, list.items, list.count);
    assert_string_equal(joined, cases[row].list);
    assert_string_equal(text ? text : "", cases[row].text ? cases[row].text : "");
}

static void rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        const struct azm_usage usage = {"azimuth test", NULL, options, AZM_COUNT(options), cases[i].stop_at_first};
        flag = false;
        text = NULL;
        list.count = 0;
        check(i, &usage);
    }
}

static void a_list_has_an_end(void **state)
{
    const struct azm_usage usage = {"azimuth test", NULL, options, AZM_COUNT(options), false};
    char item[] = "--list=x", *argv[AZM_OPTION_LIST_MAX + 3] = {item};
    (void)state;
    list.count = 0;
    for (size_t i = 1; i < AZM_OPTION_LIST_MAX + 2; i++)
        argv[i] = item;
    assert_int_equal(azm_options_parse(&usage, AZM_OPTION_LIST_MAX + 2, argv), AZM_OPTIONS_BAD);
    assert_int_equal(list.count, AZM_OPTION_LIST_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(a_list_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
