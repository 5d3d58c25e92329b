/* Prepared statements with a little less ceremony: bind in order, then run. */
#pragma once

#include "base/buf.h"

struct sqlite3;
struct sqlite3_stmt;

struct azm_statement {
    struct sqlite3_stmt *stmt;
    int next; /* parameter */
};

enum azm_status azm_statement_init(struct azm_statement *s, struct sqlite3 *db, const char *sql,
                                   struct azm_error *err) AZM_MUST_CHECK;
void azm_statement_dispose(struct azm_statement *s);

/* Text is borrowed until the statement was run; an empty one is bound as NULL. */
void azm_bind_text(struct azm_statement *s, azm_slice text);
/* The same, but an empty one stays an empty text. */
void azm_bind_key(struct azm_statement *s, azm_slice text);
void azm_bind_int(struct azm_statement *s, int64_t value);
void azm_bind_real(struct azm_statement *s, double value);
/* Bytes, borrowed until the statement was run. */
void azm_bind_bytes(struct azm_statement *s, azm_slice bytes);
void azm_bind_null(struct azm_statement *s);

/* One or more statements that give no rows. */
enum azm_status azm_statement_exec(struct sqlite3 *db, const char *sql, struct azm_error *err) AZM_MUST_CHECK;
/* Runs a statement that gives no rows and makes it ready for the next values. */
enum azm_status azm_statement_run(struct azm_statement *s, struct azm_error *err) AZM_MUST_CHECK;
/* AZM_OK: a row is there. AZM_END: no more, and ready for the next values. */
enum azm_status azm_statement_row(struct azm_statement *s, struct azm_error *err) AZM_MUST_CHECK;
/* Gives up the remaining rows. */
void azm_statement_reset(struct azm_statement *s);

/* Borrowed until the next row. ptr NULL for NULL. */
azm_slice azm_column_text(const struct azm_statement *s, int column);
int64_t azm_column_int(const struct azm_statement *s, int column);
double azm_column_real(const struct azm_statement *s, int column);
azm_slice azm_column_bytes(const struct azm_statement *s, int column);
