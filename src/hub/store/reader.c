#include "hub/store/reader.h"

#include "hub/store/schema.h"
#include "hub/store/statement.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

struct azm_reader {
    sqlite3 *db;
};

#define TRACE_COLUMNS                                                                                                  \
    "SELECT trace_id, root, change, transaction_id, service, name, type, result, faas_trigger, start_us, duration_us," \
    " outcome, coldstart, transactions, spans, errors, logs, failed FROM traces "

/* One shape for all four tables: kind, id, parent, transaction, resource, start, service, name, type, subtype,
 * duration, outcome, result, message, trigger, cold start, raw. */
static const char events_sql[] =
    "SELECT 0, id, parent_id, id, resource, start_us, service, name, type, NULL, duration_us, outcome, result, NULL,"
    " faas_trigger, coldstart, raw FROM transactions WHERE trace_id = ?1"
    " UNION ALL SELECT 1, id, parent_id, transaction_id, resource, start_us, service, name, type, subtype, duration_us,"
    " outcome, NULL, NULL, NULL, 0, raw FROM spans WHERE trace_id = ?1"
    " UNION ALL SELECT 2, id, parent_id, transaction_id, resource, start_us, service, name, NULL, NULL, 0, 0, NULL,"
    " message, NULL, 0, raw FROM errors WHERE trace_id = ?1"
    " UNION ALL SELECT 3, id, parent_id, transaction_id, resource, start_us, service, name, NULL, NULL, 0, 0, level,"
    " message, NULL, 0, raw FROM logs WHERE trace_id = ?1 ORDER BY 1, 6";

static const char resources_sql[] =
    "SELECT id, metadata FROM resources WHERE id IN (SELECT resource FROM transactions WHERE trace_id = ?1"
    " UNION SELECT resource FROM spans WHERE trace_id = ?1 UNION SELECT resource FROM errors WHERE trace_id = ?1"
    " UNION SELECT resource FROM logs WHERE trace_id = ?1) ORDER BY id";

enum azm_status azm_reader_open(const char *path, struct azm_reader **out, struct azm_error *err)
{
    struct azm_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for a reader");
    enum azm_status status = azm_schema_open_reader(path, &reader->db, err);
    if (status == AZM_OK)
        *out = reader;
    else
        free(reader);
    return status;
}

void azm_reader_close(struct azm_reader *reader)
{
    if (!reader)
        return;
    azm_schema_close(reader->db);
    free(reader);
}

enum azm_status azm_reader_begin(struct azm_reader *reader, struct azm_error *err)
{
    if (sqlite3_exec(reader->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK)
        return AZM_OK;
    return azm_fail(err, AZM_IO, "%s", sqlite3_errmsg(reader->db));
}

void azm_reader_end(struct azm_reader *reader)
{
    if (!sqlite3_get_autocommit(reader->db))
        sqlite3_exec(reader->db, "COMMIT", NULL, NULL, NULL);
}

static bool give_trace(const struct azm_statement *s, azm_trace_visit *visit, void *self, int64_t *change)
{
    struct azm_trace_row row = {.trace_id = azm_column_text(s, 0),
                                .has_transaction = azm_column_int(s, 1) >= 0,
                                .change = azm_column_int(s, 2),
                                .transaction_id = azm_column_text(s, 3),
                                .service = azm_column_text(s, 4),
                                .name = azm_column_text(s, 5),
                                .type = azm_column_text(s, 6),
                                .result = azm_column_text(s, 7),
                                .trigger = azm_column_text(s, 8),
                                .start_us = azm_column_int(s, 9),
                                .duration_us = azm_column_int(s, 10),
                                .outcome = (enum azm_outcome)azm_column_int(s, 11),
                                .coldstart = azm_column_int(s, 12) != 0,
                                .transactions = azm_column_int(s, 13),
                                .spans = azm_column_int(s, 14),
                                .errors = azm_column_int(s, 15),
                                .logs = azm_column_int(s, 16),
                                .failed = azm_column_int(s, 17)};
    *change = row.change;
    return visit(self, &row);
}

static int64_t last_change(struct azm_reader *reader)
{
    struct azm_statement s;
    int64_t change = 0;
    if (azm_statement_init(&s, reader->db, "SELECT max(change) FROM traces", NULL) == AZM_OK &&
        azm_statement_row(&s, NULL) == AZM_OK)
        change = azm_column_int(&s, 0);
    azm_statement_dispose(&s);
    return change;
}

static void filter_sql(const struct azm_trace_filter *filter, char *sql, size_t size)
{
    snprintf(sql, size, TRACE_COLUMNS "WHERE %s%s%s%s ORDER BY %s LIMIT ?5",
             filter->service.len ? "service = ?1" : "?1 IS NULL",
             filter->id_prefix.len ? " AND trace_id >= ?2 AND trace_id < ?2 || x'7f'" : " AND ?2 IS NULL",
             filter->since_us ? " AND start_us >= ?3" : " AND ?3 = 0",
             filter->after ? " AND change > ?4" : " AND ?4 = 0",
             filter->after           ? "change"
             : filter->id_prefix.len ? "+start_us DESC" /* few rows: by the id's index, not by the time's */
                                     : "start_us DESC");
}

enum azm_status azm_reader_traces(struct azm_reader *reader, const struct azm_trace_filter *filter,
                                  azm_trace_visit *visit, void *self, int64_t *cursor, struct azm_error *err)
{
    char sql[1024];
    struct azm_statement s;
    int64_t change = filter->after;
    filter_sql(filter, sql, sizeof sql);
    enum azm_status status = azm_statement_init(&s, reader->db, sql, err);
    if (status != AZM_OK)
        return status;
    azm_bind_text(&s, filter->service);
    azm_bind_text(&s, filter->id_prefix);
    azm_bind_int(&s, filter->since_us);
    azm_bind_int(&s, filter->after);
    azm_bind_int(&s, filter->limit);
    while ((status = azm_statement_row(&s, err)) == AZM_OK && give_trace(&s, visit, self, &change))
        ;
    azm_statement_dispose(&s);
    *cursor = filter->after ? change : last_change(reader);
    return status == AZM_END ? AZM_OK : status;
}

enum azm_status azm_reader_trace(struct azm_reader *reader, azm_slice trace_id, azm_trace_visit *visit, void *self,
                                 struct azm_error *err)
{
    struct azm_statement s;
    enum azm_status status = azm_statement_init(&s, reader->db, TRACE_COLUMNS "WHERE trace_id = ?1", err);
    if (status != AZM_OK)
        return status;
    azm_bind_key(&s, trace_id);
    status = azm_statement_row(&s, err);
    if (status == AZM_OK)
        give_trace(&s, visit, self, &(int64_t){0});
    azm_statement_dispose(&s);
    return status == AZM_END ? AZM_NOT_FOUND : status;
}

static bool give_event(const struct azm_statement *s, azm_slice trace_id, azm_event_visit *visit, void *self)
{
    struct azm_event_row row = {.resource = azm_column_int(s, 4),
                                .event = {.kind = (enum azm_event_kind)azm_column_int(s, 0),
                                          .trace_id = trace_id,
                                          .id = azm_column_text(s, 1),
                                          .parent_id = azm_column_text(s, 2),
                                          .transaction_id = azm_column_text(s, 3),
                                          .start_us = azm_column_int(s, 5),
                                          .service = azm_column_text(s, 6),
                                          .name = azm_column_text(s, 7),
                                          .type = azm_column_text(s, 8),
                                          .subtype = azm_column_text(s, 9),
                                          .duration_us = azm_column_int(s, 10),
                                          .outcome = (enum azm_outcome)azm_column_int(s, 11),
                                          .result = azm_column_text(s, 12),
                                          .message = azm_column_text(s, 13),
                                          .trigger = azm_column_text(s, 14),
                                          .coldstart = azm_column_int(s, 15) != 0,
                                          .raw = azm_column_text(s, 16)}};
    return visit(self, &row);
}

enum azm_status azm_reader_events(struct azm_reader *reader, azm_slice trace_id, azm_event_visit *visit, void *self,
                                  struct azm_error *err)
{
    struct azm_statement s;
    enum azm_status status = azm_statement_init(&s, reader->db, events_sql, err);
    if (status != AZM_OK)
        return status;
    azm_bind_key(&s, trace_id);
    while ((status = azm_statement_row(&s, err)) == AZM_OK && give_event(&s, trace_id, visit, self))
        ;
    azm_statement_dispose(&s);
    return status == AZM_END ? AZM_OK : status;
}

enum azm_status azm_reader_resources(struct azm_reader *reader, azm_slice trace_id, azm_resource_visit *visit,
                                     void *self, struct azm_error *err)
{
    struct azm_statement s;
    enum azm_status status = azm_statement_init(&s, reader->db, resources_sql, err);
    if (status != AZM_OK)
        return status;
    azm_bind_key(&s, trace_id);
    while ((status = azm_statement_row(&s, err)) == AZM_OK &&
           visit(self, azm_column_int(&s, 0), azm_column_text(&s, 1)))
        ;
    azm_statement_dispose(&s);
    return status == AZM_END ? AZM_OK : status;
}
