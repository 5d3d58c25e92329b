#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/attr.h"
#include "tap/ending.h"

#define S INT64_C(1000000)

static const struct {
    const char *what;
    struct azm_ending_facts facts;
    const char *name; /* NULL: an answer */
} rows[] = {
    {"success", {.status = AZM_RPC_SUCCESS, .age_us = S, .timeout_us = 300 * S}, NULL},
    {"failure", {.status = AZM_RPC_FAILURE, .age_us = S, .timeout_us = 300 * S}, NULL},
    {"success, late", {.status = AZM_RPC_SUCCESS, .age_us = 301 * S, .timeout_us = 300 * S}, NULL},
    {"no result", {.status = AZM_RPC_ABSENT}, NULL},
    {"success all the same", {.status = AZM_RPC_SUCCESS, .cancelled = true, .cancel_age_us = S}, NULL},
    {"success all the same, at the timeout",
     {.status = AZM_RPC_SUCCESS, .cancelled = true, .cancel_age_us = 300 * S, .timeout_us = 300 * S},
     NULL},
    {"failure after a cancellation", {.status = AZM_RPC_FAILURE, .cancelled = true, .cancel_age_us = S}, NULL},
    {"cancelled",
     {.status = AZM_RPC_CANCELLED, .cancelled = true, .cancel_age_us = S, .timeout_us = 300 * S},
     "cancelled"},
    {"cancelled by the worker itself", {.status = AZM_RPC_CANCELLED, .age_us = S, .timeout_us = 300 * S}, "cancelled"},
    {"cancelled by the worker itself, late",
     {.status = AZM_RPC_CANCELLED, .age_us = 301 * S, .timeout_us = 300 * S},
     "cancelled"},
    {"cancelled where there is no timeout",
     {.status = AZM_RPC_CANCELLED, .cancelled = true, .cancel_age_us = 9000 * S},
     "cancelled"},
    {"the timeout",
     {.status = AZM_RPC_CANCELLED, .cancelled = true, .cancel_age_us = 300 * S, .timeout_us = 300 * S},
     "timeout"},
    {"the timeout by the host's clock, which was first",
     {.status = AZM_RPC_CANCELLED, .cancelled = true, .cancel_age_us = 299 * S, .timeout_us = 300 * S},
     "timeout"},
    {"just before it",
     {.status = AZM_RPC_CANCELLED, .cancelled = true, .cancel_age_us = 299 * S - 1, .timeout_us = 300 * S},
     "cancelled"},
    {"the room before a short timeout is short",
     {.status = AZM_RPC_CANCELLED, .cancelled = true, .cancel_age_us = S / 2, .timeout_us = S},
     "cancelled"},
    {"an answer never came after a cancellation",
     {.cut = AZM_CUT_STOPPED, .cancelled = true, .cancel_age_us = S, .age_us = 2 * S, .timeout_us = 300 * S},
     "cancelled"},
    {"nor after that of the timeout",
     {.cut = AZM_CUT_STOPPED, .cancelled = true, .cancel_age_us = 299 * S, .age_us = 299 * S, .timeout_us = 300 * S},
     "timeout"},
    {"stopped, older than the timeout",
     {.cut = AZM_CUT_STOPPED, .age_us = 302 * S, .timeout_us = 300 * S, .other_timed_out = true},
     "timeout"},
    {"stopped", {.cut = AZM_CUT_STOPPED, .age_us = 2 * S, .timeout_us = 300 * S}, "worker_stopped"},
    {"stopped, without a timeout", {.cut = AZM_CUT_STOPPED, .age_us = 9000 * S}, "worker_stopped"},
    {"stopped for another one",
     {.cut = AZM_CUT_STOPPED, .age_us = 2 * S, .timeout_us = 300 * S, .other_timed_out = true},
     "other_timed_out"},
    {"died", {.cut = AZM_CUT_EXIT, .age_us = 2 * S, .timeout_us = 300 * S}, "worker_exit"},
    {"died while it was being cancelled",
     {.cut = AZM_CUT_EXIT, .cancelled = true, .cancel_age_us = S, .age_us = 2 * S, .timeout_us = 300 * S},
     "worker_exit"},
    {"died when the host had given up on it",
     {.cut = AZM_CUT_EXIT, .age_us = 300 * S, .timeout_us = 300 * S},
     "timeout"},
    {"the stream broke", {.cut = AZM_CUT_STREAM, .age_us = 2 * S, .timeout_us = 300 * S}, "stream_lost"},
    {"overdue", {.cut = AZM_CUT_OVERDUE, .age_us = 300 * S, .timeout_us = 300 * S}, "timeout"},
};

static void endings(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_slice name = azm_ending_name(azm_ending_of(&rows[i].facts));
        print_message("%s\n", rows[i].what);
        assert_true(rows[i].name ? azm_slice_eq(name, azm_slice_str(rows[i].name)) : name.ptr == NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(endings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
