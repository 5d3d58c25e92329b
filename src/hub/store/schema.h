/* The database: opening it, its tables, and how older ones are brought up to date. */
#pragma once

#include "base/status.h"

struct sqlite3;

/* The one for writing: creates the file, sets WAL mode, runs what migrations are missing. A file made by a newer
 * Azimuth is refused (AZM_UNSUPPORTED), as is one that is no database (AZM_BAD_INPUT). */
enum azm_status azm_schema_open(const char *path, struct sqlite3 **out, struct azm_error *err) AZM_MUST_CHECK;
/* One for reading beside it, after azm_schema_open made the file. */
enum azm_status azm_schema_open_reader(const char *path, struct sqlite3 **out, struct azm_error *err) AZM_MUST_CHECK;
/* One for looking after it: no migration, no settings. */
enum azm_status azm_schema_open_existing(const char *path, struct sqlite3 **out, struct azm_error *err) AZM_MUST_CHECK;
void azm_schema_close(struct sqlite3 *db);
