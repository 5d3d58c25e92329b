#include "export/halve.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/wire.h"

static void lines(void **state)
{
    static const struct {
        const char *body, *first, *second;
        unsigned events[2];
    } rows[] = {
        {"m\na\nb\n", "m\na\n", "m\nb\n", {1, 1}},
        {"m\na\nb\nc\n", "m\na\n", "m\nb\nc\n", {1, 2}},
        {"m\na\nb", "m\na\n", "m\nb", {1, 1}},
        {"m\na\n", NULL, NULL, {0, 0}}, /* one event cannot be halved */
        {"m\n", NULL, NULL, {0, 0}},
        {"", NULL, NULL, {0, 0}},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_buf halves[2];
        uint64_t events[2];
        azm_buf_init(&halves[0], 100);
        azm_buf_init(&halves[1], 100);
        assert_int_equal(azm_halve_lines(azm_slice_str(rows[i].body), halves, events), rows[i].first != NULL);
        if (rows[i].first) {
            assert_true(azm_slice_eq(azm_buf_slice(&halves[0]), azm_slice_str(rows[i].first)));
            assert_true(azm_slice_eq(azm_buf_slice(&halves[1]), azm_slice_str(rows[i].second)));
            assert_int_equal(events[0], rows[i].events[0]);
            assert_int_equal(events[1], rows[i].events[1]);
        }
        azm_buf_dispose(&halves[0]);
        azm_buf_dispose(&halves[1]);
    }
}

/* Resources, each with scopes, each with events of one letter. */
static void put_scope(struct azm_buf *out, const char *scope, const char *events)
{
    struct azm_buf inner;
    azm_buf_init(&inner, 1000);
    azm_wire_put_bytes(&inner, 1, azm_slice_str(scope));
    for (; *events; events++)
        azm_wire_put_bytes(&inner, 2, azm_slice_of(events, 1));
    azm_wire_put_bytes(&inner, 3, AZM_S("schema"));
    azm_wire_put_bytes(out, 2, azm_buf_slice(&inner));
    azm_buf_dispose(&inner);
}

struct part {
    const char *resource, *scopes[2], *events[2];
};

static void put_request(struct azm_buf *out, const struct part *parts, size_t count)
{
    for (size_t i = 0; i < count && parts[i].resource; i++) {
        struct azm_buf inner;
        azm_buf_init(&inner, 1000);
        azm_wire_put_bytes(&inner, 1, azm_slice_str(parts[i].resource));
        for (size_t j = 0; j < 2 && parts[i].scopes[j]; j++)
            put_scope(&inner, parts[i].scopes[j], parts[i].events[j]);
        azm_wire_put_bytes(out, 1, azm_buf_slice(&inner));
        azm_buf_dispose(&inner);
    }
}

static void otlp(void **state)
{
    static const struct {
        struct part whole[2], first[2], second[2];
        unsigned events[2];
    } rows[] = {
        {{{"r", {"s"}, {"abcd"}}}, {{"r", {"s"}, {"ab"}}}, {{"r", {"s"}, {"cd"}}}, {2, 2}},
        {{{"r", {"s", "t"}, {"ab", "c"}}}, {{"r", {"s"}, {"a"}}}, {{"r", {"s", "t"}, {"b", "c"}}}, {1, 2}},
        {{{"r", {"s"}, {"a"}}, {"q", {"t"}, {"b"}}}, {{"r", {"s"}, {"a"}}}, {{"q", {"t"}, {"b"}}}, {1, 1}},
        {{{"r", {"s"}, {"a"}}}, {{.resource = NULL}}, {{.resource = NULL}}, {0, 0}},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_buf whole, expected, halves[2];
        uint64_t events[2];
        azm_buf_init(&whole, 1000);
        azm_buf_init(&expected, 1000);
        azm_buf_init(&halves[0], 1000);
        azm_buf_init(&halves[1], 1000);
        put_request(&whole, rows[i].whole, 2);
        bool can = rows[i].first[0].resource != NULL;
        assert_int_equal(azm_halve_otlp(azm_buf_slice(&whole), halves, events), can);
        for (size_t half = 0; can && half < 2; half++) {
            azm_buf_clear(&expected);
            put_request(&expected, half ? rows[i].second : rows[i].first, 2);
            assert_true(azm_slice_eq(azm_buf_slice(&halves[half]), azm_buf_slice(&expected)));
            assert_int_equal(events[half], rows[i].events[half]);
        }
        assert_false(azm_halve_otlp(azm_slice_take(azm_buf_slice(&whole), whole.len - 1), halves, events)); /* torn */
        azm_buf_dispose(&whole);
        azm_buf_dispose(&expected);
        azm_buf_dispose(&halves[0]);
        azm_buf_dispose(&halves[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(otlp)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
