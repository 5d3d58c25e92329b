#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "doctor/log.h"

#define LINE(rest) "2026-11-23T08:12:57.123456Z error tap: doctor: the worker of process " rest

static void lines_of_processes_that_are_not_seen(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool ok;
        uint32_t pid;
        const char *why;
    } rows[] = {
        {LINE("12 is not seen: no room"), true, 12, "no room"},
        {LINE("4294967295 is not seen: "), true, UINT32_MAX, ""},
        {LINE("4294967296 is not seen: no room"), false, 0, ""},
        {LINE(" is not seen: no room"), false, 0, ""},
        {LINE("12 is not s"), false, 0, ""},
        {"yesterday error tap: doctor: the worker of process 12 is not seen: no room", false, 0, ""},
        {"2026-11-23T08:12:57.123456Z warning tap: doctor: ring-1-1: the worker of process 12", false, 0, ""},
        {"2026-11-23T08:12:57.123456Z", false, 0, ""},
        {"", false, 0, ""},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_log_unseen found;
        assert_int_equal(azm_log_unseen_parse(azm_slice_str(rows[i].line), &found), rows[i].ok);
        if (!rows[i].ok)
            continue;
        assert_int_equal(found.pid, rows[i].pid);
        assert_true(azm_slice_eq(found.why, azm_slice_str(rows[i].why)));
        assert_true(found.when_us == INT64_C(1795421577123456));
    }
}

static void the_agents_own_line(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool ok;
        uint32_t pid;
    } rows[] = {
        {"azimuth agent 0.1.0, process 77", true, 77},
        {"azimuth agent 0.1.0", false, 0},
        {"azimuth agent , process x", false, 0},
        {"an azimuth agent 0.1.0, process 77", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        uint32_t pid = 0;
        assert_int_equal(azm_log_agent_parse(azm_slice_str(rows[i].line), &pid), rows[i].ok);
        assert_int_equal(pid, rows[i].pid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines_of_processes_that_are_not_seen),
                                       cmocka_unit_test(the_agents_own_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
