#include "hub/store/insert.h"

#include "base/hex.h"

#include <sqlite3.h>

static const char resource_sql[] = "INSERT INTO resources (metadata, service, environment, last_us) VALUES (?, ?, ?, ?)"
                                   " ON CONFLICT (metadata) DO UPDATE SET last_us = excluded.last_us RETURNING id";

static const char *const event_sql[] = {
    [AZM_EVENT_TRANSACTION] =
        "INSERT OR IGNORE INTO transactions (trace_id, id, parent_id, resource, received_us, start_us, service, name,"
        " raw, type, duration_us, outcome, result, faas_trigger, coldstart)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [AZM_EVENT_SPAN] = "INSERT OR IGNORE INTO spans (trace_id, id, parent_id, resource, received_us, start_us, service,"
                       " name, raw, type, duration_us, outcome, transaction_id, subtype)"
                       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [AZM_EVENT_ERROR] = "INSERT OR IGNORE INTO errors (trace_id, id, parent_id, resource, received_us, start_us,"
                        " service, name, raw, transaction_id, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [AZM_EVENT_LOG] = "INSERT OR IGNORE INTO logs (trace_id, id, parent_id, resource, received_us, start_us, service,"
                      " name, raw, transaction_id, message, level) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
};

static const char count_sql[] =
    "INSERT INTO traces (trace_id, change, received_us, start_us, root, coldstart, transactions, spans, errors, logs,"
    " failed) VALUES (?, 0, ?, ?, -1, ?, ?, ?, ?, ?, ?) ON CONFLICT (trace_id) DO UPDATE SET"
    " coldstart = max(coldstart, excluded.coldstart), transactions = transactions + excluded.transactions,"
    " spans = spans + excluded.spans, errors = errors + excluded.errors, logs = logs + excluded.logs,"
    " failed = failed + excluded.failed";

/* The trace goes by its first transaction: one without a parent, else the earliest. */
static const char first_sql[] =
    "UPDATE traces SET transaction_id = ?1, change = ?2, start_us = ?3, root = ?4, service = ?5, name = ?6, type = ?7,"
    " duration_us = ?8, outcome = ?9, result = ?10, faas_trigger = ?11"
    " WHERE trace_id = ?12 AND (root < ?4 OR root = ?4 AND start_us > ?3)";

enum azm_status azm_insert_init(struct azm_insert *insert, sqlite3 *db, int64_t now_us, struct azm_error *err)
{
    *insert = (struct azm_insert){.db = db};
    struct azm_statement last = {.stmt = NULL};
    enum azm_status status = azm_statement_init(&last, db, "SELECT max(change) FROM traces", err);
    if (status == AZM_OK && (status = azm_statement_row(&last, err)) == AZM_OK)
        insert->change = azm_column_int(&last, 0) > now_us ? azm_column_int(&last, 0) : now_us;
    azm_statement_dispose(&last);
    if (status == AZM_OK)
        status = azm_statement_init(&insert->resource, db, resource_sql, err);
    if (status == AZM_OK)
        status = azm_statement_init(&insert->count, db, count_sql, err);
    if (status == AZM_OK)
        status = azm_statement_init(&insert->first, db, first_sql, err);
    for (size_t i = 0; i < AZM_COUNT(event_sql) && status == AZM_OK; i++)
        status = azm_statement_init(&insert->events[i], db, event_sql[i], err);
    if (status != AZM_OK)
        azm_insert_dispose(insert);
    return status;
}

void azm_insert_dispose(struct azm_insert *insert)
{
    azm_statement_dispose(&insert->resource);
    azm_statement_dispose(&insert->count);
    azm_statement_dispose(&insert->first);
    for (size_t i = 0; i < AZM_COUNT(insert->events); i++)
        azm_statement_dispose(&insert->events[i]);
}

static enum azm_status find_resource(struct azm_insert *insert, const struct azm_batch *batch, int64_t *id,
                                     struct azm_error *err)
{
    struct azm_statement *s = &insert->resource;
    azm_bind_key(s, batch->metadata);
    azm_bind_key(s, batch->service);
    azm_bind_text(s, batch->environment);
    azm_bind_int(s, batch->received_us);
    enum azm_status status = azm_statement_row(s, err);
    if (status != AZM_OK)
        return status;
    *id = azm_column_int(s, 0);
    azm_statement_reset(s);
    return AZM_OK;
}

static enum azm_status flush_run(struct azm_insert *insert, int64_t received_us, struct azm_error *err)
{
    struct azm_trace_counts run = insert->run;
    insert->run = (struct azm_trace_counts){.start_us = 0};
    if (run.trace_id.len == 0)
        return AZM_OK;
    struct azm_statement *s = &insert->count;
    azm_bind_key(s, run.trace_id);
    azm_bind_int(s, received_us);
    azm_bind_int(s, run.start_us);
    azm_bind_int(s, run.coldstart);
    azm_bind_int(s, run.transactions);
    azm_bind_int(s, run.spans);
    azm_bind_int(s, run.errors);
    azm_bind_int(s, run.logs);
    azm_bind_int(s, run.failed);
    return azm_statement_run(s, err);
}

static void count(struct azm_trace_counts *run, const struct azm_event *event)
{
    run->transactions += event->kind == AZM_EVENT_TRANSACTION;
    run->spans += event->kind == AZM_EVENT_SPAN;
    run->errors += event->kind == AZM_EVENT_ERROR;
    run->logs += event->kind == AZM_EVENT_LOG;
    run->failed += event->outcome == AZM_OUTCOME_FAILURE;
    run->coldstart = run->coldstart || event->coldstart;
    if (event->start_us < run->start_us)
        run->start_us = event->start_us;
}

static enum azm_status update_first(struct azm_insert *insert, const struct azm_event *event, struct azm_error *err)
{
    struct azm_statement *s = &insert->first;
    azm_bind_key(s, event->id);
    azm_bind_int(s, ++insert->change);
    azm_bind_int(s, event->start_us);
    azm_bind_int(s, event->parent_id.len == 0);
    azm_bind_key(s, event->service);
    azm_bind_text(s, event->name);
    azm_bind_text(s, event->type);
    azm_bind_int(s, event->duration_us);
    azm_bind_int(s, (int64_t)event->outcome);
    azm_bind_text(s, event->result);
    azm_bind_text(s, event->trigger);
    azm_bind_key(s, event->trace_id);
    return azm_statement_run(s, err);
}

static enum azm_status add_to_trace(struct azm_insert *insert, const struct azm_event *event, int64_t received_us,
                                    struct azm_error *err)
{
    if (event->trace_id.len == 0)
        return AZM_OK;
    enum azm_status status = AZM_OK;
    if (!azm_slice_eq(insert->run.trace_id, event->trace_id)) {
        status = flush_run(insert, received_us, err);
        insert->run = (struct azm_trace_counts){.trace_id = event->trace_id, .start_us = event->start_us};
    }
    count(&insert->run, event);
    if (event->kind != AZM_EVENT_TRANSACTION || status != AZM_OK)
        return status;
    status = flush_run(insert, received_us, err); /* the row must be there */
    return status == AZM_OK ? update_first(insert, event, err) : status;
}

static void bind_rest(struct azm_statement *s, const struct azm_event *event)
{
    switch (event->kind) {
    case AZM_EVENT_TRANSACTION:
    case AZM_EVENT_SPAN:
        azm_bind_text(s, event->type);
        azm_bind_int(s, event->duration_us);
        azm_bind_int(s, (int64_t)event->outcome);
        azm_bind_text(s, event->kind == AZM_EVENT_SPAN ? event->transaction_id : event->result);
        azm_bind_text(s, event->kind == AZM_EVENT_SPAN ? event->subtype : event->trigger);
        if (event->kind == AZM_EVENT_TRANSACTION)
            azm_bind_int(s, event->coldstart);
        return;
    case AZM_EVENT_ERROR:
    case AZM_EVENT_LOG:
        azm_bind_text(s, event->transaction_id);
        azm_bind_text(s, event->message);
        if (event->kind == AZM_EVENT_LOG)
            azm_bind_text(s, event->result);
        return;
    }
}

/* Logs have no id on the wire; what they say stands in for it (FNV-1a, fixed for ever: it is on disk). */
static azm_slice log_id(const struct azm_event *event, char text[16])
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < event->raw.len; i++)
        hash = (hash ^ (uint8_t)event->raw.ptr[i]) * 0x100000001b3u;
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(hash >> (56 - 8 * i));
    azm_hex_encode(bytes, sizeof bytes, text);
    return azm_slice_of(text, 16);
}

static enum azm_status add(struct azm_insert *insert, const struct azm_event *event, int64_t resource,
                           int64_t received_us, struct azm_error *err)
{
    struct azm_statement *s = &insert->events[event->kind];
    char hash[16];
    azm_bind_key(s, event->trace_id);
    azm_bind_key(s, event->kind == AZM_EVENT_LOG ? log_id(event, hash) : event->id);
    azm_bind_text(s, event->parent_id);
    azm_bind_int(s, resource);
    azm_bind_int(s, received_us);
    azm_bind_int(s, event->start_us);
    azm_bind_key(s, event->service);
    azm_bind_text(s, event->name);
    azm_bind_key(s, event->raw);
    bind_rest(s, event);
    enum azm_status status = azm_statement_run(s, err);
    if (status != AZM_OK)
        return status;
    if (sqlite3_changes(insert->db) == 0) {
        insert->known++;
        return AZM_OK;
    }
    insert->added++;
    return add_to_trace(insert, event, received_us, err);
}

enum azm_status azm_insert_batch(struct azm_insert *insert, const struct azm_batch *batch, struct azm_error *err)
{
    int64_t resource = 0;
    if (batch->count == 0)
        return AZM_OK;
    insert->run = (struct azm_trace_counts){.start_us = 0};
    enum azm_status status = find_resource(insert, batch, &resource, err);
    for (size_t i = 0; i < batch->count && status == AZM_OK; i++)
        status = add(insert, &batch->events[i], resource, batch->received_us, err);
    return status == AZM_OK ? flush_run(insert, batch->received_us, err) : status;
}
