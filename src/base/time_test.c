#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void formatted(void **state)
{
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {1, "1970-01-01T00:00:00.000001Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {1795421577123456, "2026-11-23T08:12:57.123456Z"},
        {951782400000000, "2000-02-29T00:00:00.000000Z"},
        {-62135596800000000, "0001-01-01T00:00:00.000000Z"},
        {253402300799999999, "9999-12-31T23:59:59.999999Z"},
        {INT64_MIN, "0001-01-01T00:00:00.000000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999999Z"},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        char text[AZM_TIME_TEXT];
        int64_t back = 0;
        assert_int_equal(azm_time_format(rows[i].us, text), AZM_TIME_TEXT - 1);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(azm_time_parse(azm_slice_str(text), &back), AZM_OK);
        if (rows[i].us != INT64_MIN && rows[i].us != INT64_MAX)
            assert_int_equal(back, rows[i].us);
    }
}

static void parsed(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01 00:00:00", 0},
        {"1970-01-01T00:00:01.5Z", 1500000},
        {"1970-01-01T00:00:00.000001Z", 1},
        {"1970-01-01T00:00:00.123456789Z", 123456}, /* cut, not rounded */
        {"1970-01-01T00:00:00.0000009Z", 0},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1969-12-31T18:30:00-05:30", 0},
        {"1970-01-01T00:00:00-00:00", 0},
        {"1970-01-01T00:00:00+23:59", -86340000000},
        {"1970-01-01T00:00:00.250+00:00", 250000},
        {"1969-12-31T23:59:59.75Z", -250000},
        {"2016-12-31T23:59:60Z", 1483228800000000}, /* a leap second is the next second */
        {"2024-02-29T00:00:00Z", 1709164800000000},
        {"2000-02-29T00:00:00Z", 951782400000000},
        {"1900-02-28T00:00:00Z", -2203977600000000},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        int64_t us = 99;
        if (azm_time_parse(azm_slice_str(rows[i].text), &us) != AZM_OK || us != rows[i].us)
            print_message("%s\n", rows[i].text);
        assert_int_equal(us, rows[i].us);
    }
}

static void refused(void **state)
{
    static const char *const rows[] = {
        "",
        "2026",
        "2026-11-23",
        "2026-11-23T08:12",
        "2026-11-23T08:12:57.",
        "2026-11-23T08:12:57.Z",
        "2026-11-23T08:12:57.1234567890Z",
        "2026-11-23T08:12:57Zx",
        "2026-11-23T08:12:57 Z",
        "2026-11-23T08:12:57+01",
        "2026-11-23T08:12:57+0100",
        "2026-11-23T08:12:57+24:00",
        "2026-11-23T08:12:57+01:60",
        "2026-11-23x08:12:57Z",
        "2026/11/23T08:12:57Z",
        "26-11-23T08:12:57Z",
        "2026-1-23T08:12:57Z",
        "0000-11-23T08:12:57Z",
        "2026-00-23T08:12:57Z",
        "2026-13-23T08:12:57Z",
        "2026-11-00T08:12:57Z",
        "2026-11-31T08:12:57Z",
        "2026-02-29T08:12:57Z",
        "1900-02-29T08:12:57Z",
        "2026-12-32T08:12:57Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T08:60:57Z",
        "2026-11-23T08:12:61Z",
        "-026-11-23T08:12:57Z",
        " 2026-11-23T08:12:57Z",
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        int64_t us;
        if (azm_time_parse(azm_slice_str(rows[i]), &us) != AZM_BAD_INPUT)
            print_message("%s\n", rows[i] ? rows[i] : "(no text)");
        assert_int_equal(azm_time_parse(azm_slice_str(rows[i]), &us), AZM_BAD_INPUT);
    }
}

/* Every day of 400 years, against a calendar counted by hand. */
static void every_day(void **state)
{
    static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t us = 0, day_us = 86400 * (int64_t)1000000;
    (void)state;
    for (unsigned y = 1970; y < 2370; y++) {
        for (unsigned m = 0; m < 12; m++) {
            bool leap = m == 1 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
            for (unsigned d = 1; d <= lengths[m] + leap; d++, us += day_us) {
                char text[AZM_TIME_TEXT];
                int64_t back = 0;
                azm_time_format(us, text);
                assert_int_equal(strtoul(text, NULL, 10), y);
                assert_int_equal(strtoul(text + 5, NULL, 10), m + 1);
                assert_int_equal(strtoul(text + 8, NULL, 10), d);
                assert_int_equal(azm_time_parse(azm_slice_str(text), &back), AZM_OK);
                assert_int_equal(back, us);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(formatted), cmocka_unit_test(parsed), cmocka_unit_test(refused),
                                       cmocka_unit_test(every_day)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
