/* Invocations in a session whose clocks are the test's: what the ring holds in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "os/clock.h"
#include "os/file.h"
#include "os/map.h"
#include "ring/record.h"
#include "ring/ring.h"
#include "tap/death.h"
#include "tap/refusals.h"
#include "tap/session.h"

#define S       INT64_C(1000000)
#define BEGIN   (1000 * S)                /* monotonic */
#define BEGIN_W INT64_C(1800000000000000) /* wall clock */
#define TIMEOUT (60 * S)

static _Atomic int64_t wall_us; /* also read by errands */
int64_t __wrap_azm_clock_wall_us(void);

int64_t __wrap_azm_clock_wall_us(void)
{
    return wall_us;
}

static char run_dir[] = "/tmp/azimuth-session-test-XXXXXX";

static azm_slice get(const void *self, const char *name)
{
    (void)self;
    if (strcmp(name, "AZIMUTH_RUN_DIR") == 0)
        return azm_slice_str(run_dir);
    if (strcmp(name, "AzureFunctionsJobHost__functionTimeout") == 0)
        return AZM_S("00:01:00");
    return strcmp(name, "ELASTIC_APM_SERVER_URL") == 0 ? AZM_S("http://127.0.0.1:9") : (azm_slice){NULL, 0};
}

static const struct azm_env env = {get, NULL};

/* --- what is said --- */

static struct azm_session *session;

static void host_says(enum azm_rpc_kind kind, const char *id, int64_t now_us)
{
    struct azm_rpc_message message = {.kind = kind};
    message.fields[AZM_RPC_INVOCATION_ID] = azm_slice_str(id);
    message.fields[AZM_RPC_FUNCTION_ID] = AZM_S("f");
    azm_session_from_host.on_message(session, &message, now_us);
}

static void worker_says(enum azm_rpc_kind kind, const char *id, enum azm_rpc_status status, int64_t now_us)
{
    struct azm_rpc_message message = {.kind = kind, .status = status, .says_goodbye = kind == AZM_RPC_INIT_RESPONSE};
    message.fields[AZM_RPC_INVOCATION_ID] = azm_slice_str(id);
    azm_session_from_worker.on_message(session, &message, now_us);
}

/* --- what the ring holds --- */

static struct {
    unsigned transactions, errors;
    char id[8][8], ending[8][24];
    uint64_t duration_us[8];
    int64_t timestamp_us[8];
    char error[200];
    uint32_t refused;
} told;

static void take_transaction(azm_slice bytes, struct azm_arena *arena)
{
    struct azm_transaction t;
    assert_int_equal(azm_record_get_transaction(bytes, arena, &t), AZM_OK);
    assert_true(told.transactions < 8);
    unsigned n = told.transactions++;
    azm_slice_copy(t.faas.execution, told.id[n], sizeof told.id[n]);
    for (size_t i = 0; i < t.labels.count; i++)
        if (azm_slice_eq(t.labels.items[i].key, AZM_S("ending")))
            azm_slice_copy(t.labels.items[i].value, told.ending[n], sizeof told.ending[n]);
    told.duration_us[n] = t.duration_us;
    told.timestamp_us[n] = t.timestamp_us;
}

static void take(const struct azm_ring_record *record)
{
    struct azm_arena arena;
    struct azm_error_event error;
    struct azm_report report;
    azm_arena_init(&arena, 0);
    if (record->kind == AZM_RECORD_TRANSACTION)
        take_transaction(record->bytes, &arena);
    if (record->kind == AZM_RECORD_ERROR) {
        assert_int_equal(azm_record_get_error(record->bytes, &arena, &error), AZM_OK);
        if (told.errors++ == 0)
            azm_slice_copy(error.exception.message, told.error, sizeof told.error);
    }
    if (record->kind == AZM_RECORD_REPORT) {
        assert_int_equal(azm_record_get_report(record->bytes, &report), AZM_OK);
        told.refused = report.refused;
    }
    azm_arena_dispose(&arena);
}

static bool read_ring(void *self, azm_slice name)
{
    char path[sizeof run_dir + 256];
    struct azm_ring_reader reader;
    struct azm_ring_record record;
    (void)self;
    snprintf(path, sizeof path, "%s/%.*s", run_dir, AZM_FMT(name));
    if (azm_slice_starts(name, AZM_S("ring-"))) {
        struct azm_map *map = azm_map_open(path, AZM_RING_SIZE_MAX, NULL);
        assert_non_null(map);
        assert_int_equal(azm_ring_reader_init(&reader, azm_map_memory(map), azm_map_size(map)), AZM_OK);
        while (azm_ring_next(&reader, &record) == AZM_OK)
            take(&record);
        azm_map_close(map);
    }
    (void)!azm_file_remove(path, NULL);
    return true;
}

static int begin(void **state)
{
    (void)state;
    memset(&told, 0, sizeof told);
    wall_us = BEGIN_W;
    session = azm_session_open(&env, "/nonexistent/azimuth-tap");
    assert_non_null(session);
    azm_session_stream_opened(session);
    return 0;
}

static void end(int64_t now_us)
{
    azm_session_close(session, now_us, 60000);
    assert_int_equal(azm_dir_list(run_dir, read_ring, NULL, NULL), AZM_OK);
}

static void expect(unsigned n, const char *id, const char *ending, int64_t duration_us)
{
    assert_true(n < told.transactions);
    assert_string_equal(told.id[n], id);
    assert_string_equal(told.ending[n], ending);
    assert_int_equal(told.duration_us[n], duration_us);
}

/* --- clocks --- */

static void durations_know_no_wall_clock(void **state)
{
    (void)state;
    static const int64_t jumps_us[] = {-3600 * S, 86400 * S, -BEGIN_W, INT64_MAX / 2};
    for (size_t i = 0; i < AZM_COUNT(jumps_us); i++) {
        begin(state);
        host_says(AZM_RPC_INVOCATION_REQUEST, "a", BEGIN);
        azm_session_tick(session, BEGIN + S);
        wall_us += jumps_us[i];
        azm_session_tick(session, BEGIN + 2 * S);
        worker_says(AZM_RPC_INVOCATION_RESPONSE, "a", AZM_RPC_SUCCESS, BEGIN + 3 * S);
        end(BEGIN + 4 * S);
        expect(0, "a", "", 3 * S);
        assert_true(told.timestamp_us[0] == BEGIN_W);
    }
}

/* A monotonic clock does not go back; were it to, nothing absurd comes of it. */
static void durations_are_never_negative(void **state)
{
    (void)state;
    begin(state);
    host_says(AZM_RPC_INVOCATION_REQUEST, "a", BEGIN);
    worker_says(AZM_RPC_INVOCATION_RESPONSE, "a", AZM_RPC_SUCCESS, BEGIN - 5 * S);
    end(BEGIN);
    expect(0, "a", "", 0);
}

/* --- endings --- */

static void past_the_timeout_and_no_goodbye_to_come(void **state)
{
    begin(state);
    host_says(AZM_RPC_INVOCATION_REQUEST, "a", BEGIN);
    host_says(AZM_RPC_INVOCATION_REQUEST, "b", BEGIN + 10 * S);
    azm_session_tick(session, BEGIN + TIMEOUT);
    azm_session_tick(session, BEGIN + TIMEOUT + S);
    worker_says(AZM_RPC_INVOCATION_RESPONSE, "a", AZM_RPC_SUCCESS, BEGIN + TIMEOUT + 2 * S); /* nobody hears it */
    host_says(AZM_RPC_INVOCATION_REQUEST, "c", BEGIN + TIMEOUT + 2 * S);
    azm_session_tick(session, BEGIN + TIMEOUT + 11 * S);
    worker_says(AZM_RPC_INVOCATION_RESPONSE, "c", AZM_RPC_SUCCESS, BEGIN + TIMEOUT + 12 * S);
    end(BEGIN + TIMEOUT + 13 * S);
    assert_int_equal(told.transactions, 3);
    expect(0, "a", "timeout", TIMEOUT + S);
    expect(1, "b", "timeout", TIMEOUT + S);
    expect(2, "c", "", 10 * S);
}

static void the_worker_may_still_answer_where_a_goodbye_will_come(void **state)
{
    begin(state);
    worker_says(AZM_RPC_INIT_RESPONSE, "", AZM_RPC_SUCCESS, BEGIN);
    host_says(AZM_RPC_INVOCATION_REQUEST, "a", BEGIN);
    host_says(AZM_RPC_INVOCATION_REQUEST, "b", BEGIN);
    host_says(AZM_RPC_INVOCATION_REQUEST, "c", BEGIN + TIMEOUT);
    azm_session_tick(session, BEGIN + TIMEOUT + S);
    worker_says(AZM_RPC_INVOCATION_RESPONSE, "a", AZM_RPC_SUCCESS, BEGIN + TIMEOUT + S);
    host_says(AZM_RPC_TERMINATE, "", BEGIN + TIMEOUT + 2 * S);
    azm_session_tick(session, BEGIN + TIMEOUT + 4 * S);
    azm_session_tick(session, BEGIN + TIMEOUT + 5 * S); /* the host's patience is almost over */
    end(BEGIN + TIMEOUT + 100 * S);
    assert_int_equal(told.transactions, 3);
    expect(0, "a", "", TIMEOUT + S);
    expect(1, "b", "timeout", TIMEOUT + 5 * S);
    expect(2, "c", "other_timed_out", 5 * S);
}

static void asked_to_end(void **state)
{
    struct azm_worker_end how = {.exit_code = 0};
    begin(state);
    host_says(AZM_RPC_INVOCATION_REQUEST, "a", BEGIN);
    host_says(AZM_RPC_INVOCATION_REQUEST, "b", BEGIN);
    host_says(AZM_RPC_INVOCATION_CANCEL, "b", BEGIN + S);
    host_says(AZM_RPC_TERMINATE, "", BEGIN + 2 * S);
    azm_session_worker_exit(session, &how, BEGIN + 3 * S);
    end(BEGIN + 4 * S);
    expect(0, "a", "worker_stopped", 3 * S);
    expect(1, "b", "cancelled", 3 * S);
    assert_int_equal(told.errors, 0);
}

static void the_stream_is_gone_before_the_worker(void **state)
{
    static const struct {
        struct azm_worker_end how;
        int64_t after_us; /* when the worker ends; it is told how long it took to the end of the stream */
        const char *ending;
    } rows[] = {
        {{.exit_code = 1}, S, "worker_exit"},      {{.exit_code = 0}, S, "worker_exit"},
        {{.exit_code = 143}, S, "worker_stopped"}, {{.exit_code = 1, .asked = true}, S, "worker_stopped"},
        {{.exit_code = 1}, 3 * S, "stream_lost"},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        begin(state);
        host_says(AZM_RPC_INVOCATION_REQUEST, "a", BEGIN);
        azm_session_stream_closed(session, BEGIN + S);
        azm_session_tick(session, BEGIN + S + rows[i].after_us);
        azm_session_worker_exit(session, &rows[i].how, BEGIN + S + rows[i].after_us);
        end(BEGIN + 9 * S);
        expect(0, "a", rows[i].ending, S);
    }
}

/* --- what cannot be loaded --- */

static void refuse(const char *id, azm_slice text, int64_t now_us)
{
    struct azm_rpc_message message = {.kind = AZM_RPC_LOAD_RESPONSE, .status = AZM_RPC_FAILURE};
    message.fields[AZM_RPC_FUNCTION_ID] = azm_slice_str(id);
    message.fields[AZM_RPC_EXCEPTION_MESSAGE] = text;
    azm_session_from_worker.on_message(session, &message, now_us);
}

static void functions_without_number(void **state)
{
    enum { MANY = 100000 };
    begin(state);
    worker_says(AZM_RPC_INIT_RESPONSE, "", AZM_RPC_SUCCESS, BEGIN);
    for (unsigned i = 0; i < MANY; i++) {
        char id[16];
        snprintf(id, sizeof id, "f%u", i);
        struct azm_rpc_function function = {.id = azm_slice_str(id), .name = azm_slice_str(id)};
        azm_session_from_host.on_function(session, &function);
        refuse(id, AZM_S("password=hunter2"), BEGIN);
    }
    refuse("f0", AZM_S("again"), BEGIN);
    end(BEGIN + S);
    assert_int_equal(told.errors, AZM_REFUSALS_TOLD);
    assert_int_equal(told.refused, MANY);
    assert_string_equal(told.error, "Function f0 could not be loaded: password=[REDACTED]");
}

static int make_run_dir(void **state)
{
    (void)state;
    return mkdtemp(run_dir) ? 0 : 1;
}

static int remove_run_dir(void **state)
{
    (void)state;
    (void)!azm_dir_remove(run_dir, NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_know_no_wall_clock),
        cmocka_unit_test(durations_are_never_negative),
        cmocka_unit_test(past_the_timeout_and_no_goodbye_to_come),
        cmocka_unit_test(the_worker_may_still_answer_where_a_goodbye_will_come),
        cmocka_unit_test(asked_to_end),
        cmocka_unit_test(the_stream_is_gone_before_the_worker),
        cmocka_unit_test(functions_without_number),
    };
    return cmocka_run_group_tests(tests, make_run_dir, remove_run_dir);
}
