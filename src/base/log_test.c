#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char last[2048];
static int lines;

static void keep(void *self, enum azm_log_level level, const char *line)
{
    assert_ptr_equal(self, last);
    (void)level;
    lines++;
    snprintf(last, sizeof last, "%s", line);
}

/* What is behind the time. */
static const char *said(void)
{
    return strchr(last, ' ') ? strchr(last, ' ') + 1 : last;
}

static void a_line_says_level_and_area(void **state)
{
    (void)state;
    azm_log_setup(AZM_LOG_INFO, keep, last);
    azm_log(WARN, HUB, "disk %s is %d %% full", "/data", 97);
    assert_string_equal(said(), "warning hub: disk /data is 97 % full");
    assert_int_equal(last[4], '-'); /* begins with a time, 2026-11-23T08:00:00.000000Z */
}

static void what_is_below_the_level_is_not_said(void **state)
{
    (void)state;
    lines = 0;
    azm_log_setup(AZM_LOG_WARN, keep, last);
    azm_log(INFO, TAP, "not said");
    assert_int_equal(lines, 0);
    azm_log(ERROR, TAP, "said");
    assert_int_equal(lines, 1);
    azm_log_setup(AZM_LOG_OFF, keep, last);
    azm_log(ERROR, TAP, "not said");
    assert_int_equal(lines, 1);
}

static void foreign_text_forges_no_line_and_breaks_no_limit(void **state)
{
    char text[5000];
    (void)state;
    azm_log_setup(AZM_LOG_INFO, keep, last);
    azm_log(INFO, RUN, "%s", "a\nb\rc\x1b[1md\te");
    assert_string_equal(said(), "info run: a?b?c?[1md\te");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    azm_log(INFO, RUN, "%s", text);
    assert_int_equal(strlen(last), 1023);
}

static const struct {
    const char *text;
    bool good;
    enum azm_log_level level;
} levels[] = {
    {"trace", true, AZM_LOG_TRACE},  {"debug", true, AZM_LOG_DEBUG},      {"info", true, AZM_LOG_INFO},
    {"warning", true, AZM_LOG_WARN}, {"error", true, AZM_LOG_ERROR},      {"critical", true, AZM_LOG_ERROR},
    {"off", true, AZM_LOG_OFF},      {"loud", false, AZM_LOG_OFF},        {"", false, AZM_LOG_OFF},
    {"INFO", false, AZM_LOG_OFF},    {"information", false, AZM_LOG_OFF},
};

static void the_names_of_levels(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(levels); i++) {
        enum azm_log_level level = AZM_LOG_OFF;
        print_message("\"%s\"\n", levels[i].text);
        assert_int_equal(azm_log_level_parse(levels[i].text, &level), levels[i].good);
        assert_int_equal(level, levels[i].level);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_says_level_and_area),
        cmocka_unit_test(what_is_below_the_level_is_not_said),
        cmocka_unit_test(foreign_text_forges_no_line_and_breaks_no_limit),
        cmocka_unit_test(the_names_of_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
