#include "program/trace_tree.h"

#include "base/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define TX(id, start) "{\"kind\":\"transaction\",\"duration_us\":1,\"id\":\"" id "\",\"start_us\":" start "}"
#define BELOW(id, parent, start)                                                                                       \
    "{\"kind\":\"span\",\"duration_us\":1,\"id\":\"" id "\",\"parent_id\":\"" parent "\",\"start_us\":" start "}"
#define OF(id, transaction, start)                                                                                     \
    "{\"kind\":\"log\",\"id\":\"" id "\",\"parent_id\":\"?\",\"transaction_id\":\"" transaction                        \
    "\",\"start_us\":" start "}"

static const struct {
    const char *events, *order;
} cases[] = {
    {"", ""},
    {TX("a", "1"), "a0 "},
    {BELOW("c", "a", "3") "," BELOW("b", "a", "2") "," TX("a", "1"), "a0 b1 c1 "},
    {TX("a", "1") "," BELOW("b", "a", "2") "," BELOW("c", "b", "3") "," BELOW("d", "a", "4"), "a0 b1 c2 d1 "},
    {BELOW("x", "gone", "5") "," TX("a", "1"), "a0 x0 "}, /* its parent is not here */
    {TX("a", "1") "," OF("l", "a", "2") "," BELOW("b", "a", "3"), "a0 l1 b1 "},
    {BELOW("a", "b", "1") "," BELOW("b", "a", "2"), "a0 b1 "}, /* a circle */
    {BELOW("a", "a", "1"), "a0 "},                             /* its own parent */
    {BELOW("a", "b", "1") "," BELOW("b", "a", "2") "," BELOW("c", "b", "3"), "a0 b1 c0 "},
    {OF("l", "x", "1") "," OF("l", "x", "1"), "l0 l0 "},
};

static void order(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        char text[2048], got[256] = "";
        snprintf(text, sizeof text, "[%s]", cases[i].events);
        json_t *events = json_loads(text, 0, NULL);
        assert_non_null(events);
        struct azm_tree_row *rows = azm_trace_tree(events);
        for (size_t k = 0; k < json_array_size(events); k++) {
            char one[32];
            assert_non_null(rows[k].event);
            snprintf(one, sizeof one, "%s%u ", json_string_value(json_object_get(rows[k].event, "id")), rows[k].depth);
            strcat(got, one);
        }
        if (strcmp(got, cases[i].order) != 0)
            fail_msg("%s: %s, expected %s", cases[i].events, got, cases[i].order);
        free(rows);
        json_decref(events);
    }
}

static void a_long_chain(void **state)
{
    (void)state;
    enum { LENGTH = 20000 };
    json_t *events = json_array();
    for (int i = 0; i < LENGTH; i++) {
        char id[16], parent[16];
        snprintf(id, sizeof id, "%d", i);
        snprintf(parent, sizeof parent, "%d", i - 1);
        json_array_append_new(events, json_pack("{s:s,s:s,s:s,s:i,s:i}", "kind", "span", "id", id, "parent_id", parent,
                                                "start_us", i, "duration_us", 1));
    }
    struct azm_tree_row *rows = azm_trace_tree(events);
    assert_int_equal(rows[LENGTH - 1].depth, LENGTH - 1);
    free(rows);
    json_decref(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(order), cmocka_unit_test(a_long_chain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
