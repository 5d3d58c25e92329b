#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/query/params.h"

static const int64_t now = 1000000000000000;
static const unsigned all = (1 << 11) - 1;

static struct azm_params set(const char *name, const char *value, bool ok)
{
    struct azm_params params;
    struct azm_error err = {.text = ""};
    azm_params_init(&params, all, now);
    enum azm_status status = azm_params_set(&params, azm_slice_str(name), azm_slice_str(value), &err);
    if ((status == AZM_OK) != ok)
        fail_msg("%s=%s: %s", name, value, ok ? err.text : "was taken");
    if (!ok && !strstr(err.text, name))
        fail_msg("%s=%s: the error does not name it: %s", name, value, err.text);
    return params;
}

static void times_and_limits(void **state)
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
        {"since", "1.5h", true, 1000000000000000 - 5400000000, 50},
        {"since", "99999999d", true, 1, 50}, /* before 1970 */
        {"since", "m", false, 0, 0},
        {"since", "1.m", false, 0, 0},
        {"since", "5w", false, 0, 0},
        {"since", "1760000000000000", true, 1760000000000000, 50},
        {"since", "1970-01-01T00:00:01Z", true, 1000000, 50},
        {"since", "yesterday", false, 0, 0},
        {"until", "x", false, 0, 0},
        {"after", "12", true, 0, 50},
        {"after", "x", false, 0, 0},
        {"id", "", false, 0, 0},
        {"servise", "a", false, 0, 0},
        {"order", "newest", true, 0, 50},
        {"order", "-", false, 0, 0},
        {"outcome", "failed", false, 0, 0},
        {"coldstart", "yes", false, 0, 0},
        {"group", "12", false, 0, 0},
        {"group", "00000000000000fg", false, 0, 0},
        {"attr", "key", false, 0, 0},
        {"attr", "=value", false, 0, 0},
        {"cursor", "1", false, 0, 0},
        {"cursor", "1.2.3", false, 0, 0},
        {"cursor", "1.x", false, 0, 0},
        {"min_duration", "1h", false, 0, 0},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_params params = set(rows[i].name, rows[i].value, rows[i].ok);
        if (!rows[i].ok)
            continue;
        assert_int_equal(params.since_us, rows[i].since);
        assert_int_equal(params.limit, rows[i].limit);
    }
}

static void conditions(void **state)
{
    (void)state;
    assert_int_equal(set("min_duration", "1.5s", true).event.min_us, 1500000);
    assert_int_equal(set("max_duration", "250ms", true).event.max_us, 250000);
    assert_int_equal(set("max_duration", "77", true).event.max_us, 77);
    assert_int_equal(set("outcome", "failure", true).event.outcome, AZM_OUTCOME_FAILURE);
    assert_true(set("group", "00000000000000ff", true).event.group == 255);
    struct azm_cursor cursor = set("cursor", "12.-3", true).cursor;
    assert_true(cursor.used && cursor.value == 12 && cursor.rank == -3);
    struct azm_params params = set("attr", "a.b=c=d", true);
    assert_int_equal(params.event.attribute_count, 1);
    assert_true(azm_slice_eq(params.attributes[0].key, AZM_S("a.b")));
    assert_true(azm_slice_eq(params.attributes[0].value, AZM_S("c=d")));
}

static void what_is_not_taken_is_told(void **state)
{
    (void)state;
    struct azm_params params;
    struct azm_error err = {.text = ""};
    azm_params_init(&params, AZM_TAKES_TIME, now);
    assert_int_equal(azm_params_set(&params, AZM_S("limit"), AZM_S("1"), &err), AZM_BAD_INPUT);
    assert_string_equal(err.text, "limit: no such parameter; known here: since, until");
}

static void parameters_must_fit(void **state)
{
    (void)state;
    static const struct {
        const char *pairs[3][2];
        bool ok;
    } rows[] = {
        {{{"after", "5"}, {"service", "a"}, {"since", "1h"}}, true},
        {{{"after", "5"}, {"q", "a"}}, false},
        {{{"id", "ab"}, {"limit", "3"}}, true},
        {{{"id", "ab"}, {"service", "a"}}, false},
        {{{"since", "1h"}, {"until", "2h"}}, false},
        {{{"since", "2h"}, {"until", "1h"}}, true},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_params params;
        struct azm_error err = {.text = ""};
        azm_params_init(&params, all, now);
        for (size_t k = 0; k < 3 && rows[i].pairs[k][0]; k++)
            assert_int_equal(
                azm_params_set(&params, azm_slice_str(rows[i].pairs[k][0]), azm_slice_str(rows[i].pairs[k][1]), &err),
                AZM_OK);
        if ((azm_params_check(&params, &err) == AZM_OK) != rows[i].ok)
            fail_msg("row %zu: %s", i, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_and_limits),
        cmocka_unit_test(conditions),
        cmocka_unit_test(what_is_not_taken_is_told),
        cmocka_unit_test(parameters_must_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
