/* Forgets the oldest traces: those that came before a time, and as many as it takes to stay below a size. */
#pragma once

#include "base/slice.h"

struct sqlite3;

/* Deletes at most max_traces of what was received before cutoff_us, whole traces with all of their events, and the
 * events without a trace of that time. One short transaction. *more: there is more to delete. */
enum azm_status azm_retention_step(struct sqlite3 *db, int64_t cutoff_us, unsigned max_traces, bool *more,
                                   struct azm_error *err) AZM_MUST_CHECK;
/* Bytes in use, without the pages that are free; 0 when that cannot be told. */
uint64_t azm_retention_used(struct sqlite3 *db);
/* A time before which about max_traces of the oldest traces (or, without any, log lines) were received; 0: nothing is
 * stored. */
int64_t azm_retention_oldest(struct sqlite3 *db, unsigned max_traces);
