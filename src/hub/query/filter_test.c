#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/query/filter.h"

static const int64_t now = 1000000000000000;

static void parameters(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        bool ok;
        int64_t since, limit;
    } rows[] = {
        {"limit", "7", true, 0, 7},
        {"limit", "1000", true, 0, 1000},
        {"limit", "1001", false, 0, 0},
        {"limit", "0", false, 0, 0},
        {"limit", "-1", false, 0, 0},
        {"limit", "", false, 0, 0},
        {"since", "15m", true, 1000000000000000 - 900000000, 50},
        {"since", "1d", true, 1000000000000000 - 86400000000, 50},
        {"since", "99999999d", true, 1, 50}, /* before 1970 */
        {"since", "m", false, 0, 0},
        {"since", "5w", false, 0, 0},
        {"since", "1760000000000000", true, 1760000000000000, 50},
        {"since", "1970-01-01T00:00:01Z", true, 1000000, 50},
        {"since", "yesterday", false, 0, 0},
        {"after", "12", true, 0, 50},
        {"after", "x", false, 0, 0},
        {"id", "", false, 0, 0},
        {"servise", "a", false, 0, 0},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_trace_filter filter;
        struct azm_error err = {.text = ""};
        azm_filter_init(&filter);
        enum azm_status status =
            azm_filter_set(&filter, azm_slice_str(rows[i].name), azm_slice_str(rows[i].value), now, &err);
        if ((status == AZM_OK) != rows[i].ok)
            fail_msg("%s=%s: %s", rows[i].name, rows[i].value, err.text);
        if (!rows[i].ok) {
            assert_non_null(strstr(err.text, rows[i].name));
            continue;
        }
        assert_int_equal(filter.since_us, rows[i].since);
        assert_int_equal(filter.limit, rows[i].limit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parameters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
