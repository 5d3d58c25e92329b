#include "hub/store/schema.h"

#include <sqlite3.h>
#include <stdio.h>

/* Step n brings version n to n + 1. Never edit a step that was released: add one.
 *
 * Rows are numbered as they arrive (seq), so the oldest are those with the lowest seq. traces has one row per trace,
 * kept up to date by the writer, so that a list needs no grouping. change is a number that rises each time the row's
 * first transaction becomes known or another one turns out to be the first: readers that follow ask for what is
 * greater than the last they saw. Times in us since 1970 UTC; outcome as enum azm_outcome. */
static const char *const steps[] = {
    "CREATE TABLE resources (id INTEGER PRIMARY KEY, metadata TEXT NOT NULL UNIQUE, service TEXT NOT NULL,"
    "  environment TEXT, last_us INTEGER NOT NULL);"
    "CREATE TABLE traces (seq INTEGER PRIMARY KEY, trace_id TEXT NOT NULL UNIQUE,"
    "  change INTEGER NOT NULL, received_us INTEGER NOT NULL, start_us INTEGER NOT NULL, root INTEGER NOT NULL,"
    "  transaction_id TEXT, service TEXT, name TEXT, type TEXT, duration_us INTEGER, outcome INTEGER, result TEXT,"
    "  faas_trigger TEXT, coldstart INTEGER NOT NULL, transactions INTEGER NOT NULL, spans INTEGER NOT NULL,"
    "  errors INTEGER NOT NULL, logs INTEGER NOT NULL, failed INTEGER NOT NULL);"
    "CREATE INDEX traces_change ON traces (change);"
    "CREATE INDEX traces_start ON traces (start_us);"
    "CREATE INDEX traces_service ON traces (service, start_us);"
    "CREATE INDEX traces_outcome ON traces (outcome, start_us);"
    "CREATE INDEX traces_duration ON traces (duration_us);"
    "CREATE TABLE transactions (seq INTEGER PRIMARY KEY, trace_id TEXT NOT NULL, id TEXT NOT NULL,"
    "  parent_id TEXT, resource INTEGER NOT NULL, received_us INTEGER NOT NULL, start_us INTEGER NOT NULL,"
    "  duration_us INTEGER NOT NULL, service TEXT NOT NULL, name TEXT, type TEXT, outcome INTEGER NOT NULL,"
    "  result TEXT, faas_trigger TEXT, coldstart INTEGER NOT NULL, raw TEXT NOT NULL, UNIQUE (trace_id, id));"
    "CREATE INDEX transactions_service ON transactions (service, start_us);"
    "CREATE INDEX transactions_duration ON transactions (duration_us);"
    "CREATE INDEX transactions_outcome ON transactions (outcome, start_us);"
    "CREATE TABLE spans (seq INTEGER PRIMARY KEY, trace_id TEXT NOT NULL, id TEXT NOT NULL,"
    "  parent_id TEXT, transaction_id TEXT, resource INTEGER NOT NULL, received_us INTEGER NOT NULL,"
    "  start_us INTEGER NOT NULL, duration_us INTEGER NOT NULL, service TEXT NOT NULL, name TEXT, type TEXT,"
    "  subtype TEXT, outcome INTEGER NOT NULL, raw TEXT NOT NULL, UNIQUE (trace_id, id));"
    "CREATE TABLE errors (seq INTEGER PRIMARY KEY, trace_id TEXT NOT NULL, id TEXT NOT NULL,"
    "  parent_id TEXT, transaction_id TEXT, resource INTEGER NOT NULL, received_us INTEGER NOT NULL,"
    "  start_us INTEGER NOT NULL, service TEXT NOT NULL, name TEXT, message TEXT, raw TEXT NOT NULL,"
    "  UNIQUE (trace_id, id));"
    "CREATE TABLE logs (seq INTEGER PRIMARY KEY, trace_id TEXT NOT NULL, id TEXT NOT NULL,"
    "  parent_id TEXT, transaction_id TEXT, resource INTEGER NOT NULL, received_us INTEGER NOT NULL,"
    "  start_us INTEGER NOT NULL, service TEXT NOT NULL, name TEXT, level TEXT, message TEXT, raw TEXT NOT NULL,"
    "  UNIQUE (trace_id, id));",
};

static enum azm_status run(sqlite3 *db, const char *path, const char *sql, struct azm_error *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return AZM_OK;
    enum azm_status status = rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT ? AZM_BAD_INPUT : AZM_IO;
    return azm_fail(err, status, "%s: %s", path, sqlite3_errmsg(db));
}

static int version_of(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        version = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return version;
}

static enum azm_status migrate_locked(sqlite3 *db, const char *path, struct azm_error *err)
{
    int newest = (int)AZM_COUNT(steps), now = version_of(db);
    if (now < 0)
        return azm_fail(err, AZM_IO, "%s: %s", path, sqlite3_errmsg(db));
    if (now > newest)
        return azm_fail(err, AZM_UNSUPPORTED, "%s has version %d of the tables, this azimuth knows %d", path, now,
                        newest);
    enum azm_status status = AZM_OK;
    for (int i = now; i < newest && status == AZM_OK; i++)
        status = run(db, path, steps[i], err);
    char set[64];
    snprintf(set, sizeof set, "PRAGMA user_version = %d", newest);
    return status == AZM_OK && now < newest ? run(db, path, set, err) : status;
}

static enum azm_status migrate(sqlite3 *db, const char *path, struct azm_error *err)
{
    enum azm_status status = run(db, path, "BEGIN IMMEDIATE", err); /* another hub may open the same file */
    if (status != AZM_OK)
        return status;
    status = migrate_locked(db, path, err);
    return status == AZM_OK ? run(db, path, "COMMIT", err) : status; /* closing rolls back */
}

static enum azm_status open_with(const char *path, int flags, sqlite3 **out, struct azm_error *err)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK) {
        azm_fail(err, AZM_IO, "%s: %s", path, db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
        sqlite3_close(db);
        return AZM_IO;
    }
    sqlite3_busy_timeout(db, 5000);
    *out = db;
    return AZM_OK;
}

enum azm_status azm_schema_open(const char *path, sqlite3 **out, struct azm_error *err)
{
    sqlite3 *db = NULL;
    enum azm_status status = open_with(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, err);
    if (status != AZM_OK)
        return status;
    status = run(db, path,
                 "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                 "PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864;",
                 err);
    if (status == AZM_OK)
        status = migrate(db, path, err);
    if (status == AZM_OK)
        *out = db;
    else
        sqlite3_close(db);
    return status;
}

enum azm_status azm_schema_open_reader(const char *path, sqlite3 **out, struct azm_error *err)
{
    return open_with(path, SQLITE_OPEN_READONLY, out, err);
}

void azm_schema_close(sqlite3 *db)
{
    sqlite3_close(db);
}
