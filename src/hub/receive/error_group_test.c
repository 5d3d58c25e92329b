#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/receive/error_group.h"

struct row {
    const char *service, *types[2], *module, *filename, *function, *message;
};

static uint64_t group_of(const struct row *row)
{
    struct azm_error_group group;
    azm_error_group_begin(&group, azm_slice_str(row->service));
    for (size_t i = 0; i < 2; i++)
        azm_error_group_type(&group, azm_slice_str(row->types[i]));
    azm_error_group_frame(&group, azm_slice_str(row->module), azm_slice_str(row->filename), AZM_S(""),
                          azm_slice_str(row->function));
    return azm_error_group_end(&group, azm_slice_str(row->message));
}

static void pairs(void **state)
{
    (void)state;
    static const struct {
        struct row a, b;
        bool same;
    } rows[] = {
        {{"s", {"E"}, NULL, NULL, NULL, "one"}, {"s", {"E"}, NULL, NULL, NULL, "two"}, true},
        {{"s", {NULL}, NULL, NULL, NULL, "one"}, {"s", {NULL}, NULL, NULL, NULL, "two"}, false},
        {{"s", {"E"}, NULL, NULL, NULL, "m"}, {"t", {"E"}, NULL, NULL, NULL, "m"}, false},
        {{"s", {"E", "F"}, NULL, NULL, NULL, "m"}, {"s", {"F", "E"}, NULL, NULL, NULL, "m"}, false},
        {{"s", {"E", "F"}, NULL, NULL, NULL, "m"}, {"s", {"EF"}, NULL, NULL, NULL, "m"}, false},
        {{"s", {"E"}, "m", "f1", "g", "m"}, {"s", {"E"}, "m", "f2", "g", "m"}, true},
        {{"s", {"E"}, NULL, "f1", "g", "m"}, {"s", {"E"}, NULL, "f2", "g", "m"}, false},
        {{"s", {"E"}, NULL, "f", "g", "m"}, {"s", {"E"}, NULL, "f", "h", "m"}, false},
        {{"s", {NULL}, NULL, "f", "g", "one"}, {"s", {NULL}, NULL, "f", "g", "two"}, true},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        assert_true(group_of(&rows[i].a) != 0);
        if ((group_of(&rows[i].a) == group_of(&rows[i].b)) != rows[i].same)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pairs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
