#include "hub/store/legacy.h"

#include "base/log.h"
#include "hub/store/statement.h"

#include <sqlite3.h>

enum { BATCH_EVENTS = 500 };

/* One shape for all four tables, by process, so that batches are large. */
static const char events_sql[] =
    "SELECT r.id, r.metadata, r.service, r.environment, 0 AS kind, trace_id, t.id, parent_id, NULL, received_us, "
    "start_us,"
    " duration_us, t.service, name, type, NULL, outcome, result, NULL, faas_trigger, coldstart, raw"
    " FROM transactions t JOIN resources r ON r.id = t.resource"
    " UNION ALL SELECT r.id, r.metadata, r.service, r.environment, 1, trace_id, t.id, parent_id, transaction_id,"
    " received_us, start_us, duration_us, t.service, name, type, subtype, outcome, NULL, NULL, NULL, 0, raw"
    " FROM spans t JOIN resources r ON r.id = t.resource"
    " UNION ALL SELECT r.id, r.metadata, r.service, r.environment, 2, trace_id, t.id, parent_id, transaction_id,"
    " received_us, start_us, 0, t.service, name, NULL, NULL, 0, NULL, message, NULL, 0, raw"
    " FROM errors t JOIN resources r ON r.id = t.resource"
    " UNION ALL SELECT r.id, r.metadata, r.service, r.environment, 3, trace_id, t.id, parent_id, transaction_id,"
    " received_us, start_us, 0, t.service, name, NULL, NULL, 0, level, message, NULL, 0, raw"
    " FROM logs t JOIN resources r ON r.id = t.resource ORDER BY 1, 10";

static const char drop_sql[] = "DROP TABLE transactions; DROP TABLE spans; DROP TABLE errors; DROP TABLE logs;"
                               "DROP TABLE traces; DROP TABLE resources;";

static bool is_there(sqlite3 *db)
{
    struct azm_statement s;
    bool there = azm_statement_init(&s, db, "SELECT 1 FROM sqlite_master WHERE name = 'resources'", NULL) == AZM_OK &&
                 azm_statement_row(&s, NULL) == AZM_OK;
    azm_statement_dispose(&s);
    return there;
}

static azm_slice copy(struct azm_batch *batch, const struct azm_statement *s, int column)
{
    azm_slice text = azm_column_text(s, column);
    return text.len ? azm_arena_copy(&batch->arena, text) : text;
}

static void take_row(const struct azm_statement *s, struct azm_batch *batch)
{
    struct azm_event *event = azm_batch_add(batch);
    *event = (struct azm_event){.kind = (enum azm_event_kind)azm_column_int(s, 4),
                                .trace_id = copy(batch, s, 5),
                                .id = copy(batch, s, 6),
                                .parent_id = copy(batch, s, 7),
                                .transaction_id = copy(batch, s, 8),
                                .start_us = azm_column_int(s, 10),
                                .duration_us = azm_column_int(s, 11),
                                .service = copy(batch, s, 12),
                                .name = copy(batch, s, 13),
                                .type = copy(batch, s, 14),
                                .subtype = copy(batch, s, 15),
                                .outcome = (enum azm_outcome)azm_column_int(s, 16),
                                .result = copy(batch, s, 17),
                                .message = copy(batch, s, 18),
                                .trigger = copy(batch, s, 19),
                                .coldstart = azm_column_int(s, 20) != 0,
                                .raw = copy(batch, s, 21)};
    batch->bytes += event->raw.len;
    batch->received_us = azm_column_int(s, 9);
}

static enum azm_status put(struct azm_insert *insert, struct azm_batch *batch, struct azm_error *err)
{
    if (!azm_batch_pack(batch))
        return azm_fail(err, AZM_NO_MEMORY, "no memory to move what an older version has stored");
    enum azm_status status = azm_insert_batch(insert, batch, err);
    azm_batch_clear(batch);
    return status;
}

static enum azm_status move_all(struct azm_insert *insert, struct azm_statement *s, struct azm_batch *batch,
                                struct azm_error *err)
{
    enum azm_status status;
    int64_t process = 0;
    while ((status = azm_statement_row(s, err)) == AZM_OK) {
        if (batch->count && (azm_column_int(s, 0) != process || batch->count >= BATCH_EVENTS))
            status = put(insert, batch, err);
        if (status != AZM_OK)
            return status;
        process = azm_column_int(s, 0);
        const struct azm_process sender = {
            .metadata = azm_column_text(s, 1), .service = azm_column_text(s, 2), .environment = azm_column_text(s, 3)};
        if (batch->count == 0)
            azm_batch_set_process(batch, &sender);
        take_row(s, batch);
    }
    return status == AZM_END ? put(insert, batch, err) : status;
}

static enum azm_status move(struct azm_insert *insert, struct azm_error *err)
{
    struct azm_statement s;
    struct azm_batch batch;
    azm_batch_init(&batch);
    enum azm_status status = azm_statement_init(&s, insert->db, events_sql, err);
    if (status == AZM_OK)
        status = move_all(insert, &s, &batch, err);
    azm_statement_dispose(&s);
    azm_batch_dispose(&batch);
    if (status == AZM_OK)
        status = azm_statement_exec(insert->db, drop_sql, err);
    return status == AZM_OK ? azm_insert_end(insert, err) : status;
}

enum azm_status azm_legacy_move(struct azm_insert *insert, struct azm_error *err)
{
    if (!is_there(insert->db))
        return AZM_OK;
    azm_log(INFO, HUB, "moving what an older version has stored to its new form");
    enum azm_status status = azm_statement_exec(insert->db, "BEGIN IMMEDIATE", err);
    if (status == AZM_OK)
        status = move(insert, err);
    if (status == AZM_OK)
        return azm_statement_exec(insert->db, "COMMIT", err);
    if (!sqlite3_get_autocommit(insert->db))
        sqlite3_exec(insert->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
