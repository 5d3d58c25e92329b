/* No query reads a large table from one end to the other: the plans of all statements that the answers take, as SQLite
 * makes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/query/errors.h"
#include "hub/query/live.h"
#include "hub/query/overview.h"
#include "hub/query/traces.h"
#include "hub/store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

enum { STATEMENTS_MAX = 500, SQL_MAX = 4096 };

/* What was run while a query was asked. */
static struct {
    char sql[STATEMENTS_MAX][SQL_MAX];
    size_t count;
    bool on;
} seen;

static int remember(unsigned what, void *self, void *statement, void *unexpanded)
{
    (void)what, (void)self, (void)unexpanded;
    const char *sql = seen.on ? sqlite3_sql(statement) : NULL;
    if (!sql)
        return 0;
    assert_true(strlen(sql) < SQL_MAX);
    for (size_t i = 0; i < seen.count; i++)
        if (strcmp(seen.sql[i], sql) == 0)
            return 0;
    assert_true(seen.count < STATEMENTS_MAX);
    strcpy(seen.sql[seen.count++], sql);
    return 0;
}

static int watch(sqlite3 *db, const char **message, const struct sqlite3_api_routines *api)
{
    (void)message, (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, remember, NULL);
}

static char folder[300];

static void add_trace(struct azm_store *store, const char *id, int64_t start_us)
{
    struct azm_batch batch;
    static const char *const ids[] = {"t1", "s1", "e1", "l1"};
    azm_batch_init(&batch);
    batch.received_us = start_us;
    azm_batch_set_process(&batch, &(struct azm_process){.metadata = AZM_S("{\"service\":{\"name\":\"shop\"}}"),
                                                        .service = AZM_S("shop")});
    for (int kind = AZM_EVENT_TRANSACTION; kind <= AZM_EVENT_LOG; kind++) {
        struct azm_event *event = azm_batch_add(&batch);
        *event = (struct azm_event){.kind = (enum azm_event_kind)kind,
                                    .trace_id = azm_slice_str(id),
                                    .id = azm_slice_str(ids[kind]),
                                    .service = AZM_S("shop"),
                                    .name = AZM_S("GET /orders"),
                                    .target = kind == AZM_EVENT_SPAN ? AZM_S("redis") : AZM_S(""),
                                    .group = kind == AZM_EVENT_ERROR ? 7 : 0,
                                    .start_us = start_us,
                                    .duration_us = 1000,
                                    .raw = AZM_S("{}")};
    }
    assert_int_equal(azm_store_add_wait(store, &batch), AZM_OK);
    azm_batch_dispose(&batch);
}

static int64_t now_us(void)
{
    uv_timeval64_t now;
    uv_gettimeofday(&now);
    return now.tv_sec * 1000000 + now.tv_usec;
}

static enum azm_status follow(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                              struct azm_error *err)
{
    struct azm_live_place place = {.cursor = 1, .service = params->event.service};
    int64_t last;
    enum azm_status status = azm_reader_last_change(reader, &last, err);
    return status == AZM_OK ? azm_live_tell(reader, &place, last, now_us(), out, err) : status;
}

static const struct {
    unsigned takes;
    azm_query *ask;
    const char *queries[32];
} rows[] = {
    {AZM_TRACES_TAKE,
     azm_query_traces,
     {"limit=1",
      "since=1h",
      "since=2h&until=1h",
      "service=shop",
      "service=shop&since=1h",
      "name=GET /orders",
      "function=app/f",
      "trigger=http",
      "type=request",
      "status=5xx",
      "outcome=success",
      "coldstart=true",
      "attr=customer=c1",
      "group=0000000000000007",
      "q=orders",
      "q=ord*",
      "min_duration=1ms",
      "max_duration=1s",
      "min_duration=1ms&since=1h",
      "service=shop&min_duration=1ms",
      "order=slowest",
      "order=fastest",
      "order=slowest&since=1h",
      "order=slowest&service=shop",
      "order=fastest&q=orders",
      "id=0a",
      "after=1",
      "service=shop&after=1&since=1h"}},
    {AZM_LOGS_TAKE,
     azm_query_logs,
     {"limit=1", "since=1h", "service=shop", "level=info", "q=orders", "trace=0a0b", "trace=0a0b&transaction=t1"}},
    {AZM_ERRORS_TAKE, azm_query_errors, {"limit=1", "since=1h", "service=shop", "q=orders", "order=count"}},
    {AZM_SERVICES_TAKE, azm_query_services, {"since=1h", "since=30d", "environment=x"}},
    {AZM_OPERATIONS_TAKE, azm_query_operations, {"since=1h", "since=30d", "functions=true", "service=shop", "name=x"}},
    {AZM_SERIES_TAKE, azm_query_series, {"since=1h", "service=shop&since=30d", "service=shop&name=GET /orders"}},
    {AZM_MAP_TAKE, azm_query_map, {"since=1h", "since=30d"}},
    {AZM_INSTANCES_TAKE, azm_query_instances, {"since=1h", "service=shop"}},
    {AZM_LIVE_TAKES, follow, {"service=shop"}},
    {AZM_USAGE_TAKE, azm_query_usage, {"since=30d", "service=shop"}},
};

static void ask(struct azm_reader *reader, unsigned takes, azm_query *query, const char *text)
{
    struct azm_params params;
    struct azm_error err = {.text = ""};
    struct azm_buf out;
    azm_slice rest = azm_slice_str(text), value;
    azm_buf_init(&out, 1 << 24);
    azm_params_init(&params, takes, now_us());
    while (azm_slice_split(&rest, '&', &value)) {
        azm_slice name;
        azm_slice_split(&value, '=', &name);
        if (azm_params_set(&params, name, value, &err) != AZM_OK)
            fail_msg("%s: %s", text, err.text);
    }
    if (azm_params_check(&params, &err) != AZM_OK || query(reader, &params, &out, &err) != AZM_OK)
        fail_msg("%s: %s", text, err.text);
    azm_buf_dispose(&out);
}

static void ask_everything(const char *path)
{
    struct azm_reader *reader;
    struct azm_buf out;
    struct azm_params params;
    assert_int_equal(azm_reader_open(path, &reader, NULL), AZM_OK);
    seen.on = true;
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        for (const char *const *text = rows[i].queries; *text; text++)
            ask(reader, rows[i].takes, rows[i].ask, *text);
    azm_buf_init(&out, 1 << 24);
    assert_int_equal(azm_query_trace(reader, AZM_S("0a0b"), &out, NULL), AZM_OK);
    azm_buf_clear(&out);
    azm_params_init(&params, AZM_ERROR_TAKES, now_us());
    assert_int_equal(azm_query_error(reader, AZM_S("0000000000000007"), &params, &out, NULL), AZM_OK);
    azm_buf_dispose(&out);
    seen.on = false;
    azm_reader_close(reader);
}

/* A scan along an index ends with the limit. The rest are tables of a row per partition, process or operation. */
static bool is_good(const char *step)
{
    static const char *const large[] = {"events_", "traces_", "blocks_",        "points_",
                                        "words_",  "sums",    "usage_processes"};
    if (strncmp(step, "SCAN ", 5) != 0 || strstr(step, "USING INDEX") || strstr(step, "USING COVERING INDEX"))
        return true;
    for (size_t i = 0; i < AZM_COUNT(large); i++)
        if (strncmp(step + 5, large[i], strlen(large[i])) == 0)
            return strstr(step, "VIRTUAL TABLE INDEX") != NULL;
    return true;
}

static void check_plan(sqlite3 *db, const char *sql)
{
    char explain[SQL_MAX + 32];
    sqlite3_stmt *plan;
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    if (sqlite3_prepare_v2(db, explain, -1, &plan, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);
        if (!is_good(step))
            fail_msg("%s\nis found by: %s", sql, step);
    }
    sqlite3_finalize(plan);
}

static void no_large_table_is_read_whole(void **state)
{
    (void)state;
    struct azm_store *store;
    sqlite3 *db;
    char path[400];
    assert_int_equal(azm_store_open(&(struct azm_store_options){.dir = folder}, &store, NULL), AZM_OK);
    add_trace(store, "0a0b", now_us() - 1000000);
    azm_store_turn(store);
    add_trace(store, "0c0d", now_us());
    snprintf(path, sizeof path, "%s", azm_store_path(store));
    azm_store_close(store);
    ask_everything(path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_true(seen.count > 20);
    for (size_t i = 0; i < seen.count; i++)
        check_plan(db, seen.sql[i]);
    sqlite3_close(db);
}

static int make_folder(void **state)
{
    (void)state;
    uv_fs_t req;
    size_t size = sizeof folder - 32;
    uv_os_tmpdir(folder, &size);
    snprintf(folder + size, sizeof folder - size, "/azm-plans-XXXXXX");
    int rc = uv_fs_mkdtemp(NULL, &req, folder, NULL);
    snprintf(folder, sizeof folder, "%s", req.path);
    uv_fs_req_cleanup(&req);
    return rc ? rc : sqlite3_auto_extension((void (*)(void))watch);
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"hub.db", "hub.db-wal", "hub.db-shm"};
    char path[400];
    sqlite3_reset_auto_extension();
    for (size_t i = 0; i < AZM_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    return remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_large_table_is_read_whole, make_folder, remove_folder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
