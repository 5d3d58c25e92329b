#include "hub/store/clickhouse/writing.h"

#include "base/log.h"
#include "hub/store/clickhouse/activity.h"
#include "hub/store/clickhouse/event_row.h"
#include "hub/store/clickhouse/rows.h"
#include "hub/store/clickhouse/set.h"
#include "hub/store/clickhouse/tables.h"
#include "hub/store/stable_hash.h"
#include "json/write.h"
#include "os/clock.h"
#include "os/entropy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <uv.h>

enum { KEYS_PER_QUESTION = 20000, FIRST_PAUSE_MS = 100, SLOT_MARGIN = 10 };
/* A commit is 64 batches of at most some MiB; as JSON within JSON they may double. */
#define ROWS_MAX ((size_t)1 << 30)
static const int64_t hour_us = 3600000000;

enum table { PROCESSES, TRACE_HOURS, SAMPLES, EVENTS, ACTIVITY, TABLES };
static const char *const table_names[] = {
    [PROCESSES] = "processes", [TRACE_HOURS] = "trace_hours", [SAMPLES] = "samples",
    [EVENTS] = "events",       [ACTIVITY] = "activity",
};

struct azm_clickhouse_writing {
    struct azm_clickhouse_client *client;
    struct azm_activity *activity;
    struct azm_hash_set processes; /* written already, with their day */
    struct azm_buf rows[TABLES], sql;
    int64_t seq; /* the last given out; microseconds, so that several hubs' orders are about one */
};

/* One commit, on its way. */
struct writing_commit {
    struct azm_clickhouse_writing *writing;
    const struct azm_clickhouse_patience *patience;
    struct azm_hash_set known, hours, processes;
    struct azm_activity_count *counts; /* of each batch */
    uint64_t left_out;
};

static enum azm_status read_seq(struct azm_clickhouse_writing *writing, struct azm_error *err)
{
    struct azm_buf *answer;
    struct azm_rows rows;
    azm_slice columns[AZM_ROW_COLUMNS];
    enum azm_status status = azm_clickhouse_ask(writing->client, AZM_S("SELECT max(seq) FROM events"), &answer, err);
    if (status != AZM_OK)
        return status;
    azm_rows_begin(&rows, answer, 1);
    if (azm_rows_next(&rows, columns) == AZM_OK)
        writing->seq = azm_row_int(columns[0]);
    return AZM_OK;
}

enum azm_status azm_clickhouse_writing_open(const struct azm_clickhouse_address *address,
                                            struct azm_clickhouse_writing **out, struct azm_error *err)
{
    uint64_t run;
    struct azm_clickhouse_writing *writing = calloc(1, sizeof *writing);
    if (!writing)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the writer");
    for (size_t i = 0; i < TABLES; i++)
        azm_buf_init(&writing->rows[i], ROWS_MAX);
    azm_buf_init(&writing->sql, 4 << 20);
    enum azm_status status = azm_entropy(&run, sizeof run);
    if (status != AZM_OK)
        azm_fail(err, status, "the system gives no random numbers");
    writing->activity = azm_activity_new(run);
    if (status == AZM_OK)
        status = azm_clickhouse_client_open(address, &writing->client, err);
    if (status == AZM_OK)
        status = azm_tables_make(writing->client, err);
    if (status == AZM_OK)
        status = read_seq(writing, err);
    if (status == AZM_OK)
        *out = writing;
    else
        azm_clickhouse_writing_close(writing);
    return status;
}

void azm_clickhouse_writing_close(struct azm_clickhouse_writing *writing)
{
    if (!writing)
        return;
    azm_clickhouse_client_close(writing->client);
    azm_activity_free(writing->activity);
    azm_hash_set_dispose(&writing->processes);
    for (size_t i = 0; i < TABLES; i++)
        azm_buf_dispose(&writing->rows[i]);
    azm_buf_dispose(&writing->sql);
    free(writing);
}

struct azm_clickhouse_client *azm_clickhouse_writing_client(struct azm_clickhouse_writing *writing)
{
    return writing->client;
}

static bool may_help_again(enum azm_status status)
{
    return status == AZM_NETWORK || status == AZM_TIMEOUT || status == AZM_IO;
}

/* After a failure: waits a little longer each time. False: it is enough. */
static bool wait_for_another(const struct azm_clickhouse_patience *patience, enum azm_status status, unsigned tried)
{
    if (!may_help_again(status) || tried >= patience->tries || patience->give_up(patience->self))
        return false;
    uv_sleep(FIRST_PAUSE_MS << (tried - 1));
    return true;
}

static azm_slice id_of(const struct azm_event *event, char hash[16])
{
    return event->kind == AZM_EVENT_LOG ? azm_event_log_id(event, hash) : event->id;
}

static uint64_t key_of(const struct azm_event *event, int64_t process)
{
    char hash[16];
    return azm_event_key(event->trace_id, id_of(event, hash), process);
}

static enum azm_status ask_known(struct writing_commit *commit, struct azm_error *err)
{
    struct azm_buf *answer;
    struct azm_rows rows;
    azm_slice columns[AZM_ROW_COLUMNS];
    struct azm_clickhouse_writing *writing = commit->writing;
    unsigned tried = 0;
    enum azm_status status;
    do
        status = azm_clickhouse_ask(writing->client, azm_buf_slice(&writing->sql), &answer, err);
    while (status != AZM_OK && wait_for_another(commit->patience, status, ++tried));
    if (status != AZM_OK)
        return status;
    azm_rows_begin(&rows, answer, 1);
    while ((status = azm_rows_next(&rows, columns)) == AZM_OK)
        azm_hash_set_add(&commit->known, strtoull(columns[0].ptr, NULL, 10));
    return status == AZM_END ? AZM_OK : azm_fail(err, AZM_IO, "the list of known events cannot be read");
}

struct slots {
    int64_t least, most;
};

static struct slots slots_of(const struct azm_batch *list, size_t n)
{
    struct slots slots = {INT64_MAX, INT64_MIN};
    for (const struct azm_batch *batch = list; n > 0; batch = batch->next, n--)
        for (size_t i = 0; i < batch->count; i++) {
            int64_t slot = azm_slot_of(batch->events[i].start_us);
            slots.least = slot < slots.least ? slot : slots.least;
            slots.most = slot > slots.most ? slot : slots.most;
        }
    return slots;
}

static void begin_question(struct azm_buf *sql, struct slots slots)
{
    azm_buf_clear(sql);
    azm_buf_addf(sql, "SELECT DISTINCT key FROM events WHERE slot >= %" PRId64 " AND slot <= %" PRId64 " AND key IN (0",
                 slots.least - SLOT_MARGIN, slots.most + SLOT_MARGIN);
}

static enum azm_status find_known(struct writing_commit *commit, const struct azm_batch *list, size_t n,
                                  struct azm_error *err)
{
    struct azm_buf *sql = &commit->writing->sql;
    struct slots slots = slots_of(list, n);
    size_t keys = 0;
    enum azm_status status = AZM_OK;
    begin_question(sql, slots);
    for (const struct azm_batch *batch = list; n > 0 && status == AZM_OK; batch = batch->next, n--) {
        int64_t process = azm_process_number(batch->metadata);
        for (size_t i = 0; i < batch->count && status == AZM_OK; i++) {
            azm_buf_addf(sql, ",%" PRIu64, key_of(&batch->events[i], process));
            if (++keys < KEYS_PER_QUESTION)
                continue;
            azm_buf_add_str(sql, ")");
            status = ask_known(commit, err);
            begin_question(sql, slots);
            keys = 0;
        }
    }
    azm_buf_add_str(sql, ")");
    return status == AZM_OK && keys ? ask_known(commit, err) : status;
}

static void add_hour(struct writing_commit *commit, const struct azm_event *event, const char *date)
{
    int64_t hour = azm_floor_div(event->start_us, hour_us);
    uint64_t hash =
        azm_stable_hash(azm_slice_of(&hour, sizeof hour), azm_stable_hash(event->trace_id, AZM_STABLE_HASH));
    if (event->trace_id.len == 0 || !azm_hash_set_add(&commit->hours, hash))
        return;
    struct azm_buf *out = &commit->writing->rows[TRACE_HOURS];
    struct azm_json_writer json = azm_json_writer(out);
    azm_json_open_object(&json);
    azm_json_string(azm_json_key(&json, AZM_S("received_day")), azm_slice_str(date));
    azm_json_string(azm_json_key(&json, AZM_S("trace")), event->trace_id);
    azm_json_int(azm_json_key(&json, AZM_S("hour")), hour);
    azm_json_close_object(&json);
    azm_json_end_line(&json);
}

static void add_event(struct writing_commit *commit, const struct azm_batch *batch, const struct azm_event *event,
                      const char *date, int64_t process, struct azm_activity_count *count)
{
    char hash[16];
    struct azm_event_place place = {
        .date = date, .process = process, .id = id_of(event, hash), .key = key_of(event, process)};
    if (!azm_hash_set_add(&commit->known, place.key)) {
        commit->left_out++;
        return;
    }
    place.seq = ++commit->writing->seq;
    azm_row_event(&commit->writing->rows[EVENTS], event, batch, &place);
    add_hour(commit, event, date);
    count->by_kind[event->kind]++;
    count->coldstarts += event->coldstart;
}

static void add_samples(struct writing_commit *commit, const struct azm_batch *batch, const char *date, int64_t process,
                        struct azm_activity_count *count)
{
    for (size_t i = 0; i < batch->sample_count; i++) {
        const struct azm_sample *sample = &batch->samples[i];
        azm_row_sample(&commit->writing->rows[SAMPLES], sample, process, date);
        if (!azm_sample_is_memory(sample->name))
            continue;
        count->memory_bytes = sample->value > (double)count->memory_bytes && sample->value < 1e18
                                  ? (int64_t)sample->value
                                  : count->memory_bytes;
        count->memory_us = sample->time_us;
    }
}

static void add_batch(struct writing_commit *commit, const struct azm_batch *batch, struct azm_activity_count *count)
{
    char date[AZM_DATE_TEXT];
    int64_t process = azm_process_number(batch->metadata);
    *count = (struct azm_activity_count){.samples = (int64_t)batch->sample_count, .bytes = (int64_t)batch->bytes};
    if (batch->count == 0 && batch->sample_count == 0)
        return;
    azm_date_of(batch->received_us, date);
    uint64_t hash = azm_stable_hash(azm_slice_str(date), (uint64_t)process);
    if (!azm_hash_set_has(&commit->writing->processes, hash) && azm_hash_set_add(&commit->processes, hash))
        azm_row_process(&commit->writing->rows[PROCESSES], batch, process, date);
    for (size_t i = 0; i < batch->count; i++)
        add_event(commit, batch, &batch->events[i], date, process, count);
    add_samples(commit, batch, date, process, count);
}

static enum azm_status insert(struct writing_commit *commit, enum table table, struct azm_error *err)
{
    struct azm_clickhouse_writing *writing = commit->writing;
    struct azm_buf *rows = &writing->rows[table];
    unsigned tried = 0;
    enum azm_status status = AZM_OK;
    if (rows->failed)
        return azm_fail(err, AZM_TOO_BIG, "what is to be stored at once is larger than %zu MiB", ROWS_MAX >> 20);
    if (rows->len == 0)
        return AZM_OK;
    do
        status = azm_clickhouse_insert(writing->client, table_names[table], azm_buf_slice(rows), err);
    while (status != AZM_OK && wait_for_another(commit->patience, status, ++tried));
    return status;
}

/* The totals hold for good as soon as the events are stored: when their row cannot be written now, it is with the next
 * commit. */
static void write_activity(struct writing_commit *commit, const struct azm_batch *list, size_t n)
{
    struct azm_clickhouse_writing *writing = commit->writing;
    struct azm_error err = {.status = AZM_OK};
    const struct azm_activity_count *count = commit->counts;
    for (const struct azm_batch *batch = list; n > 0; batch = batch->next, n--, count++)
        if (batch->count || batch->sample_count)
            azm_activity_add(writing->activity, batch, azm_process_number(batch->metadata), count);
    azm_activity_rows(writing->activity, writing->seq, &writing->rows[ACTIVITY]);
    if (insert(commit, ACTIVITY, &err) == AZM_OK)
        azm_activity_written(writing->activity);
    else
        azm_log(WARN, HUB, "what senders are seen by waits for the next commit: %s", err.text);
}

static enum azm_status write_rows(struct writing_commit *commit, const struct azm_batch *list, size_t n,
                                  struct azm_error *err)
{
    struct azm_clickhouse_writing *writing = commit->writing;
    enum azm_status status = AZM_OK;
    for (enum table table = PROCESSES; table <= EVENTS && status == AZM_OK; table++)
        status = insert(commit, table, err);
    if (status == AZM_OK)
        write_activity(commit, list, n);
    for (const struct azm_batch *batch = list; n > 0 && status == AZM_OK; batch = batch->next, n--) {
        char date[AZM_DATE_TEXT];
        azm_date_of(batch->received_us, date);
        azm_hash_set_add(&writing->processes,
                         azm_stable_hash(azm_slice_str(date), (uint64_t)azm_process_number(batch->metadata)));
    }
    return status;
}

static void begin_commit(struct azm_clickhouse_writing *writing)
{
    int64_t now = azm_clock_wall_us();
    for (size_t i = 0; i < TABLES; i++)
        azm_buf_clear(&writing->rows[i]);
    writing->seq = now > writing->seq ? now : writing->seq + 1; /* totals of each commit replace those before */
}

enum azm_status azm_clickhouse_write(struct azm_clickhouse_writing *writing, const struct azm_batch *list, size_t n,
                                     const struct azm_clickhouse_patience *patience, uint64_t *known,
                                     struct azm_error *err)
{
    struct writing_commit commit = {
        .writing = writing, .patience = patience, .counts = calloc(n, sizeof *commit.counts)};
    if (!commit.counts)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for a commit");
    begin_commit(writing);
    enum azm_status status = find_known(&commit, list, n, err);
    const struct azm_batch *batch = list;
    for (size_t i = 0; i < n && status == AZM_OK; i++, batch = batch->next)
        add_batch(&commit, batch, &commit.counts[i]);
    if (status == AZM_OK)
        status = write_rows(&commit, list, n, err);
    *known = commit.left_out;
    azm_hash_set_dispose(&commit.known);
    azm_hash_set_dispose(&commit.hours);
    azm_hash_set_dispose(&commit.processes);
    free(commit.counts);
    return status;
}
