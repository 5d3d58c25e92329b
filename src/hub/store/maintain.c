#include "hub/store/maintain.h"

#include "hub/store/schema.h"
#include "hub/store/statement.h"
#include "os/file.h"

#include <sqlite3.h>
#include <stdio.h>

enum { PATH_MAX_BYTES = 4096 };

static enum azm_status open_store(const char *dir, sqlite3 **db, struct azm_error *err)
{
    char path[PATH_MAX_BYTES];
    int n = snprintf(path, sizeof path, "%s/hub.db", dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return azm_fail(err, AZM_TOO_BIG, "the data folder's path is too long");
    if (!azm_file_exists(path))
        return azm_fail(err, AZM_NOT_FOUND, "%s: no hub has stored anything there", path);
    return azm_schema_open_existing(path, db, err);
}

enum azm_status azm_maintain_backup(const char *dir, const char *file, struct azm_error *err)
{
    sqlite3 *db = NULL;
    struct azm_statement s;
    if (azm_file_exists(file))
        return azm_fail(err, AZM_EXISTS, "%s: there is a file already; it is not overwritten", file);
    enum azm_status status = open_store(dir, &db, err);
    if (status != AZM_OK)
        return status;
    status = azm_statement_init(&s, db, "VACUUM INTO ?", err);
    if (status == AZM_OK) {
        azm_bind_key(&s, azm_slice_str(file));
        status = azm_statement_run(&s, err);
    }
    azm_statement_dispose(&s);
    azm_schema_close(db);
    if (status != AZM_OK)
        azm_file_remove(file, NULL); /* half of a copy is none */
    return status;
}

static uint64_t size_of(const char *dir)
{
    char path[PATH_MAX_BYTES];
    struct azm_file_info info = {.size = 0};
    snprintf(path, sizeof path, "%s/hub.db", dir);
    return azm_file_info(path, &info, NULL) == AZM_OK ? (uint64_t)info.size : 0;
}

enum azm_status azm_maintain_vacuum(const char *dir, uint64_t *before, uint64_t *after, struct azm_error *err)
{
    sqlite3 *db = NULL;
    enum azm_status status = open_store(dir, &db, err);
    if (status != AZM_OK)
        return status;
    *before = size_of(dir);
    status = azm_statement_exec(db, "PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE);", err);
    if (status != AZM_OK && (sqlite3_errcode(db) == SQLITE_BUSY || sqlite3_errcode(db) == SQLITE_LOCKED))
        status = azm_fail(err, AZM_BUSY, "%s/hub.db is in use; stop the hub, or try again when it is quiet", dir);
    azm_schema_close(db);
    *after = size_of(dir);
    return status;
}

enum azm_status azm_maintain_check(const char *dir, struct azm_error *err)
{
    sqlite3 *db = NULL;
    struct azm_statement s;
    enum azm_status status = open_store(dir, &db, err);
    if (status != AZM_OK)
        return status;
    status = azm_statement_init(&s, db, "PRAGMA integrity_check(1)", err);
    if (status == AZM_OK && (status = azm_statement_row(&s, err)) == AZM_OK &&
        !azm_slice_eq(azm_column_text(&s, 0), AZM_S("ok")))
        status = azm_fail(err, AZM_BAD_INPUT, "%s/hub.db is damaged: %.*s", dir,
                          AZM_FMT(azm_slice_take(azm_column_text(&s, 0), 300)));
    azm_statement_dispose(&s);
    azm_schema_close(db);
    return status;
}
