#include "hub/store/schema.h"

#include <sqlite3.h>
#include <stdio.h>

/* Step n brings version n + 1 to n + 2; a new file begins with version 1, which is nothing. Never edit a step that was
 * released: add one. Times in us since 1970 UTC. Version 1 had one table per kind of event; what those hold is moved by
 * legacy.c. */
static const char *const steps[] = {
    "CREATE TABLE partitions (id INTEGER PRIMARY KEY, opened_us INTEGER NOT NULL, last_us INTEGER NOT NULL,"
    " min_start_us INTEGER NOT NULL, max_start_us INTEGER NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL);"
    /* who sent: the metadata of a process */
    "CREATE TABLE processes (id INTEGER PRIMARY KEY, metadata TEXT NOT NULL UNIQUE, service TEXT NOT NULL,"
    " environment TEXT NOT NULL, node TEXT NOT NULL, agent TEXT NOT NULL, from_host INTEGER NOT NULL,"
    " first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, events INTEGER NOT NULL, coldstarts INTEGER NOT NULL,"
    " memory_bytes INTEGER NOT NULL, memory_us INTEGER NOT NULL);"
    "CREATE INDEX processes_last ON processes (last_us);"
    "CREATE TABLE operations (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL UNIQUE, kind INTEGER NOT NULL,"
    " service TEXT NOT NULL, environment TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,"
    " function TEXT NOT NULL, faas_trigger TEXT NOT NULL, coldstart INTEGER NOT NULL, from_host INTEGER NOT NULL);"
    "CREATE TABLE sums (level INTEGER NOT NULL, at INTEGER NOT NULL, operation INTEGER NOT NULL, ok REAL NOT NULL,"
    " failed REAL NOT NULL, unknown REAL NOT NULL, sum_us INTEGER NOT NULL, max_us INTEGER NOT NULL,"
    " last_us INTEGER NOT NULL, histogram BLOB NOT NULL, PRIMARY KEY (level, at, operation)) WITHOUT ROWID;"
    "CREATE TABLE groups (grp INTEGER PRIMARY KEY, service TEXT NOT NULL, type TEXT, message TEXT, culprit TEXT,"
    " first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, count INTEGER NOT NULL, trace, id, seq INTEGER NOT NULL,"
    " received_us INTEGER NOT NULL);"
    "CREATE INDEX groups_last ON groups (last_us);"
    "CREATE INDEX groups_received ON groups (received_us);"
    "CREATE TABLE usage (day INTEGER NOT NULL, service TEXT NOT NULL, transactions INTEGER NOT NULL,"
    " spans INTEGER NOT NULL, errors INTEGER NOT NULL, logs INTEGER NOT NULL, samples INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, PRIMARY KEY (day, service)) WITHOUT ROWID;"
    "CREATE TABLE usage_processes (day INTEGER NOT NULL, service TEXT NOT NULL, process INTEGER NOT NULL,"
    " memory_bytes INTEGER NOT NULL, PRIMARY KEY (day, service, process)) WITHOUT ROWID;"
    "CREATE TABLE series (id INTEGER PRIMARY KEY, process INTEGER NOT NULL, service TEXT NOT NULL, name TEXT NOT NULL,"
    " unit TEXT NOT NULL, labels TEXT NOT NULL, UNIQUE (process, service, name, labels));"
    "CREATE TABLE flags (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;",
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
    int newest = (int)AZM_COUNT(steps) + 1, now = version_of(db);
    if (now < 0)
        return azm_fail(err, AZM_IO, "%s: %s", path, sqlite3_errmsg(db));
    if (now > newest)
        return azm_fail(err, AZM_UNSUPPORTED, "%s has version %d of the tables, this azimuth knows %d", path, now,
                        newest);
    enum azm_status status = AZM_OK;
    for (int i = now > 0 ? now : 1; i < newest && status == AZM_OK; i++)
        status = run(db, path, steps[i - 1], err);
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
                 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;"
                 "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;",
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

enum azm_status azm_schema_open_existing(const char *path, sqlite3 **out, struct azm_error *err)
{
    return open_with(path, SQLITE_OPEN_READWRITE, out, err);
}

void azm_schema_close(sqlite3 *db)
{
    sqlite3_close(db);
}
