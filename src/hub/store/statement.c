#include "hub/store/statement.h"

#include <sqlite3.h>

static enum azm_status failure(sqlite3 *db, struct azm_error *err)
{
    int rc = sqlite3_errcode(db);
    enum azm_status status = rc == SQLITE_FULL                             ? AZM_FULL
                             : rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB ? AZM_BAD_INPUT
                                                                           : AZM_IO;
    return azm_fail(err, status, "%s", sqlite3_errmsg(db));
}

enum azm_status azm_statement_init(struct azm_statement *s, sqlite3 *db, const char *sql, struct azm_error *err)
{
    *s = (struct azm_statement){.next = 1};
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->stmt, NULL) != SQLITE_OK)
        return failure(db, err);
    return AZM_OK;
}

void azm_statement_dispose(struct azm_statement *s)
{
    sqlite3_finalize(s->stmt);
    s->stmt = NULL;
}

void azm_bind_key(struct azm_statement *s, azm_slice text)
{
    sqlite3_bind_text(s->stmt, s->next++, text.len ? text.ptr : "", (int)text.len, SQLITE_STATIC);
}

void azm_bind_text(struct azm_statement *s, azm_slice text)
{
    if (text.len)
        azm_bind_key(s, text);
    else
        azm_bind_null(s);
}

void azm_bind_int(struct azm_statement *s, int64_t value)
{
    sqlite3_bind_int64(s->stmt, s->next++, value);
}

void azm_bind_real(struct azm_statement *s, double value)
{
    sqlite3_bind_double(s->stmt, s->next++, value);
}

void azm_bind_bytes(struct azm_statement *s, azm_slice bytes)
{
    sqlite3_bind_blob(s->stmt, s->next++, bytes.len ? bytes.ptr : "", (int)bytes.len, SQLITE_STATIC);
}

void azm_bind_null(struct azm_statement *s)
{
    sqlite3_bind_null(s->stmt, s->next++);
}

void azm_statement_reset(struct azm_statement *s)
{
    sqlite3_reset(s->stmt);
    s->next = 1;
}

enum azm_status azm_statement_exec(sqlite3 *db, const char *sql, struct azm_error *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? AZM_OK : failure(db, err);
}

enum azm_status azm_statement_row(struct azm_statement *s, struct azm_error *err)
{
    int rc = sqlite3_step(s->stmt);
    if (rc == SQLITE_ROW)
        return AZM_OK;
    enum azm_status status = rc == SQLITE_DONE ? AZM_END : failure(sqlite3_db_handle(s->stmt), err);
    azm_statement_reset(s);
    return status;
}

enum azm_status azm_statement_run(struct azm_statement *s, struct azm_error *err)
{
    enum azm_status status = azm_statement_row(s, err);
    if (status == AZM_OK)
        azm_statement_reset(s);
    return status == AZM_END ? AZM_OK : status;
}

azm_slice azm_column_text(const struct azm_statement *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s->stmt, column);
    return azm_slice_of(text, text ? (size_t)sqlite3_column_bytes(s->stmt, column) : 0);
}

int64_t azm_column_int(const struct azm_statement *s, int column)
{
    return sqlite3_column_int64(s->stmt, column);
}

double azm_column_real(const struct azm_statement *s, int column)
{
    return sqlite3_column_double(s->stmt, column);
}

azm_slice azm_column_bytes(const struct azm_statement *s, int column)
{
    const void *bytes = sqlite3_column_blob(s->stmt, column);
    return azm_slice_of(bytes, bytes ? (size_t)sqlite3_column_bytes(s->stmt, column) : 0);
}
