/* What becomes of a database that is damaged, and how that is found out. */
#pragma once

#include "base/slice.h"

struct sqlite3;

/* Renames the file at path, and its journal, to path.damaged-<UTC time>; the log names it. Nothing is deleted. */
enum azm_status azm_aside_put(const char *path, const char *why, struct azm_error *err) AZM_MUST_CHECK;
/* Checks the database when it was not closed in order the last time, and notes that it is open. AZM_BAD_INPUT: it is
 * damaged, err says how. */
enum azm_status azm_aside_check(struct sqlite3 *db, const char *path, struct azm_error *err) AZM_MUST_CHECK;
/* Notes that it was closed in order. */
void azm_aside_closed(struct sqlite3 *db);
