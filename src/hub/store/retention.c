#include "hub/store/retention.h"

#include "hub/store/statement.h"

#include <sqlite3.h>
#include <stdio.h>

static const char *const tables[] = {"transactions", "spans", "errors", "logs"};

static int64_t ask(sqlite3 *db, const char *sql, int64_t param)
{
    struct azm_statement s;
    int64_t value = 0;
    if (azm_statement_init(&s, db, sql, NULL) == AZM_OK) {
        if (sqlite3_bind_parameter_count(s.stmt) > 0)
            azm_bind_int(&s, param);
        if (azm_statement_row(&s, NULL) == AZM_OK)
            value = azm_column_int(&s, 0);
    }
    azm_statement_dispose(&s);
    return value;
}

static enum azm_status change(sqlite3 *db, const char *sql, int64_t cutoff_us, int64_t limit, struct azm_error *err)
{
    struct azm_statement s;
    enum azm_status status = azm_statement_init(&s, db, sql, err);
    if (status == AZM_OK && sqlite3_bind_parameter_count(s.stmt) == 2) {
        azm_bind_int(&s, cutoff_us);
        azm_bind_int(&s, limit);
    }
    if (status == AZM_OK)
        status = azm_statement_run(&s, err);
    azm_statement_dispose(&s);
    return status;
}

/* Rows arrive in the order of seq, so only the front of a table is looked at, however large it is.
 * The oldest traces' events go by the index on trace_id; the rest (no trace, or one that was forgotten before) by
 * their place at the front of the table. */
static enum azm_status forget_events(sqlite3 *db, const char *table, int64_t cutoff_us, int64_t limit,
                                     struct azm_error *err)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "DELETE FROM %s WHERE trace_id IN (SELECT trace_id FROM (SELECT trace_id, received_us FROM traces"
             " ORDER BY seq LIMIT ?2) WHERE received_us < ?1)",
             table);
    enum azm_status status = change(db, sql, cutoff_us, limit, err);
    snprintf(sql, sizeof sql,
             "DELETE FROM %s WHERE seq IN (SELECT seq FROM (SELECT seq, trace_id, received_us FROM %s ORDER BY seq"
             " LIMIT ?2) o WHERE received_us < ?1 AND (trace_id = '' OR NOT EXISTS (SELECT 1 FROM traces t WHERE"
             " t.trace_id = o.trace_id)))",
             table, table);
    return status == AZM_OK ? change(db, sql, cutoff_us, limit * 10, err) : status;
}

static enum azm_status forget(sqlite3 *db, int64_t cutoff_us, unsigned max_traces, struct azm_error *err)
{
    enum azm_status status = AZM_OK;
    for (size_t i = 0; i < AZM_COUNT(tables) && status == AZM_OK; i++)
        status = forget_events(db, tables[i], cutoff_us, max_traces, err);
    if (status == AZM_OK)
        status =
            change(db,
                   "DELETE FROM traces WHERE seq IN (SELECT seq FROM (SELECT seq, received_us FROM traces ORDER BY seq"
                   " LIMIT ?2) WHERE received_us < ?1)",
                   cutoff_us, max_traces, err);
    return status;
}

enum azm_status azm_retention_step(sqlite3 *db, int64_t cutoff_us, unsigned max_traces, bool *more,
                                   struct azm_error *err)
{
    int before = sqlite3_total_changes(db);
    *more = false;
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return azm_fail(err, AZM_IO, "%s", sqlite3_errmsg(db));
    enum azm_status status = forget(db, cutoff_us, max_traces, err);
    bool found = sqlite3_total_changes(db) != before;
    if (status == AZM_OK && !found) /* last_us is the time of a resource's newest event: none is left */
        status = change(db, "DELETE FROM resources WHERE last_us < ?1 AND ?2 > 0", cutoff_us, 1, err);
    if (sqlite3_exec(db, status == AZM_OK ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK && status == AZM_OK)
        status = azm_fail(err, AZM_IO, "%s", sqlite3_errmsg(db));
    if (status == AZM_OK)
        sqlite3_exec(db, "PRAGMA incremental_vacuum(2000)", NULL, NULL, NULL);
    *more = status == AZM_OK && found;
    return status;
}

uint64_t azm_retention_used(sqlite3 *db)
{
    int64_t pages = ask(db, "PRAGMA page_count", 0) - ask(db, "PRAGMA freelist_count", 0);
    return (uint64_t)pages * (uint64_t)ask(db, "PRAGMA page_size", 0);
}

int64_t azm_retention_oldest(sqlite3 *db, unsigned max_traces)
{
    int64_t time =
        ask(db, "SELECT max(received_us) + 1 FROM (SELECT received_us FROM traces ORDER BY seq LIMIT ?)", max_traces);
    return time ? time
                : ask(db, "SELECT max(received_us) + 1 FROM (SELECT received_us FROM logs ORDER BY seq LIMIT ?)",
                      (int64_t)max_traces * 10);
}
