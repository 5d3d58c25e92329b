#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/store/reader.h"
#include "hub/store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

static char folder[256], file[300];

static int make_folder(void **state)
{
    (void)state;
    uv_fs_t req;
    char where[200];
    size_t size = sizeof where;
    uv_os_tmpdir(where, &size);
    strncat(where, "/azm-store-XXXXXX", sizeof where - strlen(where) - 1);
    int rc = uv_fs_mkdtemp(NULL, &req, where, NULL);
    snprintf(folder, sizeof folder, "%s", req.path);
    snprintf(file, sizeof file, "%s/hub.db", folder);
    uv_fs_req_cleanup(&req);
    return rc;
}

static int remove_folder(void **state)
{
    (void)state;
    uv_fs_t req;
    uv_dirent_t entry;
    uv_fs_scandir(NULL, &req, folder, 0, NULL);
    while (uv_fs_scandir_next(&req, &entry) == 0) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", folder, entry.name);
        remove(path);
    }
    uv_fs_req_cleanup(&req);
    return remove(folder);
}

static struct azm_store *open_store(struct azm_store_options options)
{
    struct azm_store *store = NULL;
    struct azm_error err = {.text = ""};
    options.dir = folder;
    if (azm_store_open(&options, &store, &err) != AZM_OK)
        fail_msg("%s", err.text);
    return store;
}

struct made {
    enum azm_event_kind kind;
    const char *trace, *id, *parent, *service, *name;
    int64_t start_us;
    bool failed, cold;
};

static void add(struct azm_store *store, const struct made *made, size_t count, int64_t received_us)
{
    struct azm_batch batch;
    azm_batch_init(&batch);
    batch.received_us = received_us;
    azm_batch_set_process(&batch, &(struct azm_process){.metadata = AZM_S("{\"service\":{}}"),
                                                        .service = AZM_S("svc"),
                                                        .environment = AZM_S("test")});
    for (size_t i = 0; i < count; i++) {
        struct azm_event *event = azm_batch_add(&batch);
        *event = (struct azm_event){.kind = made[i].kind,
                                    .trace_id = azm_slice_str(made[i].trace),
                                    .id = azm_slice_str(made[i].id),
                                    .parent_id = azm_slice_str(made[i].parent),
                                    .service = azm_slice_str(made[i].service),
                                    .name = azm_slice_str(made[i].name),
                                    .start_us = made[i].start_us,
                                    .duration_us = 10,
                                    .outcome = made[i].failed ? AZM_OUTCOME_FAILURE : AZM_OUTCOME_SUCCESS,
                                    .coldstart = made[i].cold,
                                    .raw = azm_slice_str(made[i].name)};
    }
    assert_int_equal(azm_store_add_wait(store, &batch), AZM_OK);
    azm_batch_dispose(&batch);
}

struct seen {
    size_t count;
    char names[1024]; /* "a,b," in the order they came */
    int64_t spans, errors, logs, transactions, failed;
    bool cold;
};

static bool see_trace(void *self, const struct azm_trace_row *row)
{
    struct seen *seen = self;
    size_t at = strlen(seen->names);
    seen->count++;
    snprintf(seen->names + at, sizeof seen->names - at, "%.*s,", AZM_FMT(row->name));
    seen->spans = row->spans;
    seen->errors = row->errors;
    seen->logs = row->logs;
    seen->transactions = row->transactions;
    seen->failed = row->failed;
    seen->cold = row->coldstart;
    return true;
}

static bool see_event(void *self, const struct azm_event_row *row)
{
    struct seen *seen = self;
    size_t at = strlen(seen->names);
    seen->count++;
    snprintf(seen->names + at, sizeof seen->names - at, "%.*s,", AZM_FMT(row->event.raw));
    return true;
}

static struct azm_trace_filter any(void)
{
    struct azm_trace_filter filter = {.limit = 100};
    azm_event_filter_init(&filter.event);
    return filter;
}

static struct azm_trace_filter of_service(const char *service)
{
    struct azm_trace_filter filter = any();
    filter.event.service = azm_slice_str(service);
    return filter;
}

static struct azm_trace_filter with_prefix(const char *prefix)
{
    struct azm_trace_filter filter = any();
    filter.id_prefix = azm_slice_str(prefix);
    return filter;
}

static struct azm_trace_filter after(int64_t cursor)
{
    struct azm_trace_filter filter = any();
    filter.after = cursor;
    return filter;
}

static struct seen list_of(struct azm_trace_filter filter, struct azm_trace_list *out)
{
    struct seen seen = {.count = 0};
    struct azm_reader *reader;
    struct azm_error err = {.text = ""};
    assert_int_equal(azm_reader_open(file, &reader, NULL), AZM_OK);
    if (azm_reader_traces(reader, &filter, see_trace, &seen, out, &err) != AZM_OK)
        fail_msg("%s", err.text);
    azm_reader_close(reader);
    return seen;
}

static struct seen list(struct azm_trace_filter filter, int64_t *cursor)
{
    struct azm_trace_list out;
    struct seen seen = list_of(filter, &out);
    if (cursor)
        *cursor = out.change;
    return seen;
}

static struct seen events(const char *trace)
{
    struct seen seen = {.count = 0};
    struct azm_reader *reader;
    assert_int_equal(azm_reader_open(file, &reader, NULL), AZM_OK);
    assert_int_equal(azm_reader_events(reader, azm_slice_str(trace), see_event, &seen, NULL), AZM_OK);
    azm_reader_close(reader);
    return seen;
}

static const struct made one_trace[] = {
    {AZM_EVENT_SPAN, "t1", "s1", "b", "two", "select", 30, false, false},
    {AZM_EVENT_TRANSACTION, "t1", "b", "a", "two", "callee", 20, false, true},
    {AZM_EVENT_TRANSACTION, "t1", "a", "", "one", "caller", 25, true, false}, /* no parent: the first, though later */
    {AZM_EVENT_TRANSACTION, "t1", "c", "a", "three", "early", 5, false, false},
    {AZM_EVENT_ERROR, "t1", "e1", "a", "one", "Oops", 26, false, false},
    {AZM_EVENT_LOG, "t1", "", "a", "one", "said", 27, false, false},
    {AZM_EVENT_LOG, "", "", "", "one", "alone", 27, false, false},
};

static void a_trace_goes_by_its_root(void **state)
{
    (void)state;
    struct azm_store *store = open_store((struct azm_store_options){.max_age_us = 0});
    for (size_t i = 0; i < AZM_COUNT(one_trace); i++)
        add(store, &one_trace[i], 1, 1000); /* one by one, and then again, as a sender does that got no answer */
    add(store, one_trace, AZM_COUNT(one_trace), 2000);
    struct seen seen = list(any(), NULL);
    assert_string_equal(seen.names, "caller,");
    assert_int_equal(seen.transactions, 3);
    assert_int_equal(seen.spans, 1);
    assert_int_equal(seen.errors, 1);
    assert_int_equal(seen.logs, 1);
    assert_int_equal(seen.failed, 1);
    assert_true(seen.cold);
    assert_string_equal(events("t1").names, "early,callee,caller,select,Oops,said,");
    assert_int_equal(list(of_service("one"), NULL).count, 1);
    assert_int_equal(list(of_service("two"), NULL).count, 1);
    assert_int_equal(list(of_service("four"), NULL).count, 0);
    assert_int_equal(list(with_prefix("t"), NULL).count, 1);
    assert_int_equal(list(with_prefix("t1x"), NULL).count, 0);
    assert_int_equal(azm_store_counters(store).known, 7);
    azm_store_close(store);
}

static void a_cursor_finds_what_came_later(void **state)
{
    (void)state;
    struct azm_store *store = open_store((struct azm_store_options){.max_age_us = 0});
    const struct made first = {AZM_EVENT_TRANSACTION, "t2", "a", "", "one", "n1", 900, false, false};
    const struct made part = {AZM_EVENT_SPAN, "t3", "s", "a", "one", "s", 100, false, false};
    const struct made second = {AZM_EVENT_TRANSACTION, "t3", "a", "", "one", "n2", 100, false, false};
    int64_t cursor = 0, later = 0;
    add(store, &first, 1, 1);
    list(any(), &cursor);
    add(store, &part, 1, 1); /* no transaction yet: nothing to tell */
    assert_int_equal(list(after(cursor), &later).count, 0);
    assert_int_equal(later, cursor);
    add(store, &second, 1, 1); /* began before the first one did */
    assert_string_equal(list(after(cursor), &later).names, "n2,");
    assert_true(later > cursor);
    azm_store_close(store);
}

static void it_is_there_after_a_restart(void **state)
{
    (void)state;
    struct azm_store *store = open_store((struct azm_store_options){.max_age_us = 0});
    add(store, one_trace, AZM_COUNT(one_trace), 1000);
    azm_store_close(store);
    store = open_store((struct azm_store_options){.max_age_us = 0});
    assert_int_equal(list(any(), NULL).count, 1);
    azm_store_close(store);
}

static int64_t now_us(void)
{
    uv_timeval64_t now;
    uv_gettimeofday(&now);
    return now.tv_sec * 1000000 + now.tv_usec;
}

static int64_t ask(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_step(stmt);
    int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return n;
}

/* Retention runs when the writer has nothing to do; waits for it, with a generous end. */
static bool becomes(const char *sql, int64_t value)
{
    for (int i = 0; i < 1000; i++) {
        if (ask(sql) == value)
            return true;
        uv_sleep(10);
    }
    return false;
}

static void old_traces_are_forgotten(void **state)
{
    (void)state;
    struct azm_store *store = open_store((struct azm_store_options){.max_age_us = 3600000000, .period_ms = 10});
    const struct made fresh = {AZM_EVENT_TRANSACTION, "new", "a", "", "one", "fresh", 1, false, false};
    add(store, one_trace, AZM_COUNT(one_trace), now_us() - 7200000000);
    azm_store_turn(store);
    add(store, &fresh, 1, now_us()); /* its own clock says 1970; its arrival counts */
    assert_true(becomes("SELECT count(*) FROM partitions", 1));
    assert_string_equal(list(any(), NULL).names, "fresh,");
    assert_int_equal(events("t1").count, 0);
    azm_store_close(store);
}

static void groups_of_errors_that_came_late_stay(void **state)
{
    (void)state;
    const struct made error = {AZM_EVENT_ERROR, "t", "e", "", "one", "late", 5, false, false};
    struct azm_store *store = open_store((struct azm_store_options){.max_age_us = 0});
    add(store, &error, 1, now_us());
    azm_store_close(store);
    ask("INSERT INTO groups VALUES (1, 'gone', NULL, NULL, NULL, 4, 4, 1, NULL, NULL, 1, 4)");
    ask("INSERT INTO groups VALUES (2, 'one', NULL, NULL, NULL, 5, 5, 1, NULL, NULL, 1, 9000000000000000)");
    store = open_store((struct azm_store_options){.max_age_us = 0});
    assert_true(becomes("SELECT count(*) FROM groups WHERE grp = 1", 0));
    assert_int_equal(ask("SELECT count(*) FROM groups WHERE grp = 2"), 1);
    azm_store_close(store);
}

static void the_oldest_go_when_it_is_full(void **state)
{
    (void)state;
    struct azm_store *store = open_store((struct azm_store_options){.max_bytes = 2 * 1024 * 1024, .period_ms = 10});
    static char text[4001];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 1500; i++) {
        char trace[16];
        snprintf(trace, sizeof trace, "t%06d", i);
        const struct made big = {AZM_EVENT_TRANSACTION, trace, "a", "", "one", text, i, false, false};
        add(store, &big, 1, 1000 + i);
    }
    const struct azm_trace_filter oldest = with_prefix("t000000"), newest = with_prefix("t001499");
    for (int i = 0; i < 1000 && (list(oldest, NULL).count || !list(newest, NULL).count); i++)
        uv_sleep(10); /* the newest may be on its way to the file yet */
    assert_int_equal(list(oldest, NULL).count, 0);
    assert_int_equal(list(newest, NULL).count, 1);
    azm_store_close(store);
}

static bool is_aside(const char *name)
{
    return strncmp(name, "hub.db.damaged-", 15) == 0;
}

static bool aside_is_there(void)
{
    uv_fs_t req;
    uv_dirent_t entry;
    bool there = false;
    uv_fs_scandir(NULL, &req, folder, 0, NULL);
    while (uv_fs_scandir_next(&req, &entry) == 0)
        there = there || is_aside(entry.name);
    uv_fs_req_cleanup(&req);
    return there;
}

static void unfit_files_are_refused(void **state)
{
    (void)state;
    struct azm_store_options options = {.dir = folder};
    struct azm_store *store;
    struct azm_error err;
    FILE *out = fopen(file, "w");
    for (int i = 0; i < 1000; i++)
        fputs("no database at all\n", out);
    fclose(out);
    store = open_store(options); /* it is set aside, and a new one is begun */
    assert_int_equal(list(any(), NULL).count, 0);
    azm_store_close(store);
    assert_true(aside_is_there());
    remove(file);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA user_version = 1000", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(azm_store_open(&options, &store, &err), AZM_UNSUPPORTED);
    assert_non_null(strstr(err.text, "1000"));
    options.dir = file; /* a file where a folder should be */
    assert_int_not_equal(azm_store_open(&options, &store, &err), AZM_OK);
    assert_non_null(strstr(err.text, file));
}

struct adder {
    struct azm_store *store;
    int number;
};

static void add_many(void *arg)
{
    const struct adder *adder = arg;
    for (int i = 0; i < 50; i++) {
        char trace[32];
        snprintf(trace, sizeof trace, "w%d-%d", adder->number, i);
        const struct made made = {AZM_EVENT_TRANSACTION, trace, "a", "", "one", "n", i, false, false};
        add(adder->store, &made, 1, 1);
    }
}

static void many_threads_add(void **state)
{
    (void)state;
    struct azm_store *store = open_store((struct azm_store_options){.max_age_us = 0});
    struct adder adders[4];
    uv_thread_t threads[4];
    for (int i = 0; i < 4; i++) {
        adders[i] = (struct adder){store, i};
        uv_thread_create(&threads[i], add_many, &adders[i]);
    }
    for (int i = 0; i < 4; i++)
        uv_thread_join(&threads[i]);
    assert_int_equal(azm_store_counters(store).events, 200);
    assert_int_equal(azm_store_counters(store).batches, 200);
    assert_int_equal(ask("SELECT count(*) FROM events_1"), 200);
    azm_store_close(store);
}

/* Hex ids, as agents send them. */
static void add_hex(struct azm_store *store, int number, const char *name, int64_t duration_us)
{
    char trace[33], id[17];
    snprintf(trace, sizeof trace, "%032x", (unsigned)number + 1);
    snprintf(id, sizeof id, "%016x", (unsigned)number + 1);
    struct azm_batch batch;
    azm_batch_init(&batch);
    batch.received_us = 1000000 + number;
    azm_batch_set_process(&batch, &(struct azm_process){.metadata = AZM_S("{}"), .service = AZM_S("s")});
    static const struct azm_pair attributes[] = {{AZM_S_INIT("color"), AZM_S_INIT("deep blue")}};
    struct azm_event *event = azm_batch_add(&batch);
    *event = (struct azm_event){.kind = AZM_EVENT_TRANSACTION,
                                .trace_id = azm_slice_str(trace),
                                .id = azm_slice_str(id),
                                .service = AZM_S("s"),
                                .name = azm_slice_str(name),
                                .start_us = 1000000 + number,
                                .duration_us = duration_us,
                                .status = 200,
                                .attributes = attributes,
                                .attribute_count = number % 2,
                                .raw = azm_slice_str(name)};
    assert_int_equal(azm_store_add_wait(store, &batch), AZM_OK);
    azm_batch_dispose(&batch);
}

static void pages_hang_together(struct azm_trace_filter filter, const char *expected)
{
    char all[8192] = "";
    size_t at = 0;
    struct azm_trace_list out = {.partial = false};
    for (int i = 0; i < 50; i++) {
        filter.from = out.next;
        struct seen seen = list_of(filter, &out);
        at += azm_slice_copy(azm_slice_str(seen.names), all + at, sizeof all - at);
        if (!out.next.used)
            break;
    }
    assert_string_equal(all, expected);
}

/* With partitions so small that each holds a few. */
static void lists_go_over_partitions(void **state)
{
    (void)state;
    struct azm_store *store = open_store((struct azm_store_options){.max_age_us = 0, .max_bytes = 0});
    static const char *const names[] = {"GET /a", "GET /b", "POST /c", "GET /d", "GET /e"};
    for (int i = 0; i < 5; i++) {
        add_hex(store, i, names[i], 100 * (i % 3 + 1) + i);
        azm_store_turn(store);
    }
    assert_int_equal(ask("SELECT count(*) FROM partitions"), 5);
    struct azm_trace_filter filter = any();
    for (filter.limit = 1; filter.limit < 7; filter.limit++) {
        struct azm_trace_filter f = filter;
        pages_hang_together(f, "GET /e,GET /d,POST /c,GET /b,GET /a,");
        f.order = AZM_SLOWEST;
        pages_hang_together(f, "POST /c,GET /e,GET /b,GET /d,GET /a,");
        f.order = AZM_FASTEST;
        pages_hang_together(f, "GET /a,GET /d,GET /b,GET /e,POST /c,");
        f = filter;
        f.event.words = AZM_S("get");
        pages_hang_together(f, "GET /e,GET /d,GET /b,GET /a,");
        f.order = AZM_SLOWEST;
        pages_hang_together(f, "GET /e,GET /b,GET /d,GET /a,");
        f = filter;
        f.event.min_us = 200;
        f.event.max_us = 210;
        pages_hang_together(f, "GET /e,GET /b,");
        f.event.status = AZM_S("2xx");
        pages_hang_together(f, "GET /e,GET /b,");
        f = filter;
        f.since_us = 1000001;
        f.until_us = 1000003;
        pages_hang_together(f, "GET /d,POST /c,GET /b,");
    }
    azm_store_close(store);
}

/* More statements than a reader keeps, some of them in use while others are made. */
static void many_partitions_are_read(void **state)
{
    (void)state;
    enum { MANY = 150 };
    struct azm_store *store = open_store((struct azm_store_options){.max_age_us = 0});
    for (int i = 0; i < MANY; i++) {
        add_hex(store, i, "GET /a", 100);
        azm_store_turn(store);
    }
    struct azm_reader *reader;
    assert_int_equal(azm_reader_open(file, &reader, NULL), AZM_OK);
    struct azm_trace_filter filter = any();
    filter.event.words = AZM_S("get");
    filter.limit = MANY / 2;
    struct azm_trace_list out = {.partial = false};
    size_t found = 0;
    for (int i = 0; i < 3; i++) {
        struct seen seen = {.count = 0};
        filter.from = out.next;
        assert_int_equal(azm_reader_traces(reader, &filter, see_trace, &seen, &out, NULL), AZM_OK);
        found += seen.count;
        if (!out.next.used)
            break;
    }
    assert_int_equal(found, MANY);
    azm_reader_close(reader);
    azm_store_close(store);
}

static void conditions_find_events(void **state)
{
    (void)state;
    struct azm_store *store = open_store((struct azm_store_options){.max_age_us = 0});
    static const struct azm_pair blue[] = {{AZM_S_INIT("color"), AZM_S_INIT("deep blue")}};
    static const struct azm_pair red[] = {{AZM_S_INIT("color"), AZM_S_INIT("red")}};
    add_hex(store, 0, "plain name", 5);
    add_hex(store, 1,
            "GET /or\xee\x80\x80s1 Stra\xc3\x9f"
            "e",
            5);
    struct azm_trace_filter f = any();
    const struct {
        const char *words;
        size_t found;
    } rows[] = {{"name", 1},
                {"NAME plain", 1},
                {"name get", 0},
                {"na", 0},
                {"na*", 1},
                {"deep", 1},
                {"stra\xc3\x9f"
                 "e",
                 1},
                {"\"name\" OR", 0},
                {"name AND plain", 0},
                {"plain-name", 1}};
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        f.event.words = azm_slice_str(rows[i].words);
        if (list(f, NULL).count != rows[i].found)
            fail_msg("\"%s\" did not find %zu", rows[i].words, rows[i].found);
    }
    f = any();
    f.event.attributes = blue;
    f.event.attribute_count = 1;
    assert_int_equal(list(f, NULL).count, 1);
    f.event.attributes = red;
    assert_int_equal(list(f, NULL).count, 0);
    assert_int_equal(list(with_prefix("000000000000000000000000000000"), NULL).count, 2);
    assert_int_equal(list(with_prefix("00000000000000000000000000000001"), NULL).count, 1);
    assert_int_equal(list(with_prefix("0000000000000000000000000000000"), NULL).count, 2);
    azm_store_close(store);
}

#define MINUTE INT64_C(60000000)

static struct azm_trace_filter began_in(const char *service, int64_t since_us, int64_t until_us)
{
    struct azm_trace_filter f = any();
    f.event.service = azm_slice_str(service);
    f.since_us = since_us;
    f.until_us = until_us;
    return f;
}

/* Also those that came late, and those of partitions that an older version made. */
static void times_are_found_by_marks(void **state)
{
    (void)state;
    static const struct made one[] = {
        {AZM_EVENT_TRANSACTION, "a1", "b1", "", "svc", "first", 10 * MINUTE, false, false},
        {AZM_EVENT_TRANSACTION, "a2", "b2", "", "svc", "third", 30 * MINUTE, false, false},
        {AZM_EVENT_TRANSACTION, "a3", "b3", "", "svc", "second", 20 * MINUTE, false, false},
        {AZM_EVENT_TRANSACTION, "a4", "b4", "", "svc", "third too", 30 * MINUTE + 5, false, false}};
    struct azm_store *store = open_store((struct azm_store_options){.max_age_us = 0});
    add(store, one, 2, 100 * MINUTE);
    add(store, one + 2, 2, 200 * MINUTE);
    assert_string_equal(list(began_in("svc", 15 * MINUTE, 25 * MINUTE), NULL).names, "second,");
    assert_string_equal(list(began_in("svc", 30 * MINUTE, 0), NULL).names, "third too,third,");
    assert_int_equal(list(began_in("svc", 21 * MINUTE, 29 * MINUTE), NULL).count, 0);
    assert_int_equal(ask("SELECT count(*) FROM marks_1"), 3);
    azm_store_close(store);

    sqlite3 *db;
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DROP TABLE marks_1; DROP INDEX events_1_called;", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    store = open_store((struct azm_store_options){.max_age_us = 0});
    assert_string_equal(list(began_in("svc", 15 * MINUTE, 25 * MINUTE), NULL).names, "second,");
    static const struct made more = {AZM_EVENT_TRANSACTION, "a5", "b5", "", "svc", "fourth", 40 * MINUTE, false, false};
    add(store, &more, 1, 300 * MINUTE);
    assert_string_equal(list(began_in("svc", 30 * MINUTE, 0), NULL).names, "fourth,third too,third,");
    assert_int_equal(ask("SELECT count(*) FROM sqlite_master WHERE name = 'events_1_called'"), 1);
    azm_store_close(store);
}

/* A trace whose parts lie in two partitions is one, and what is sent again is known there. */
static void a_trace_goes_over_partitions(void **state)
{
    (void)state;
    struct azm_store *store = open_store((struct azm_store_options){.max_age_us = 0});
    add(store, one_trace, 2, 1000);
    azm_store_turn(store);
    add(store, one_trace + 2, AZM_COUNT(one_trace) - 2, 1000);
    add(store, one_trace, 2, 1000);
    struct seen seen = list(any(), NULL);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.names, "caller,");
    assert_int_equal(seen.transactions, 3);
    assert_int_equal(seen.spans, 1);
    assert_int_equal(azm_store_counters(store).known, 2);
    assert_string_equal(events("t1").names, "early,callee,caller,select,Oops,said,");
    azm_store_close(store);
}

static void two_stores_share_a_file(void **state)
{
    (void)state;
    static const char *const ids[] = {"a1", "b1", "a2", "b2", "a3", "b3"};
    struct azm_store *stores[] = {open_store((struct azm_store_options){.max_age_us = 0}),
                                  open_store((struct azm_store_options){.max_age_us = 0})};
    for (size_t i = 0; i < AZM_COUNT(ids); i++) {
        const struct made made = {AZM_EVENT_TRANSACTION, ids[i], ids[i], "", "svc", ids[i], 10, false, false};
        if (i == 4)
            azm_store_turn(stores[0]);
        add(stores[i % 2], &made, 1, 1000);
    }
    assert_int_equal(azm_store_counters(stores[1]).known, 0);
    assert_string_equal(list(any(), NULL).names, "b3,a3,b2,a2,b1,a1,");
    assert_int_equal(ask("SELECT count(*) FROM events_2"), 2);
    azm_store_close(stores[0]);
    azm_store_close(stores[1]);
}

#define ROW(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(a_trace_goes_by_its_root),
        ROW(a_cursor_finds_what_came_later),
        ROW(it_is_there_after_a_restart),
        ROW(old_traces_are_forgotten),
        ROW(groups_of_errors_that_came_late_stay),
        ROW(the_oldest_go_when_it_is_full),
        ROW(unfit_files_are_refused),
        ROW(many_threads_add),
        ROW(lists_go_over_partitions),
        ROW(conditions_find_events),
        ROW(many_partitions_are_read),
        ROW(times_are_found_by_marks),
        ROW(a_trace_goes_over_partitions),
        ROW(two_stores_share_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
