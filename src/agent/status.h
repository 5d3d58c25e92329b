/* status/<instance>-<pid>.json in the run folder: what became of one process's events, for the doctor. Written at most
 * every two seconds, when something changed; kept for a day after the process has ended. */
#pragma once

#include "agent/feed.h"
#include "json/write.h"

#define AZM_STATUS_SCHEMA 1 /* of the file: docs/STATUS.md. Raised when a name or a meaning changes, not for more */

/* ended: the process is gone and everything it left is answered. */
void azm_status_write(const char *run_dir, struct azm_feed *feed, int64_t now_us, bool ended);
/* What stands in the file, as one JSON object: also for a feed that nobody reads (program: the doctor). */
void azm_status_put(struct azm_json_writer *json, const struct azm_feed *feed, bool ended);
/* Removes those that nobody has written to for a day. */
void azm_status_clean(const char *run_dir);
