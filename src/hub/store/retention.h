/* Forgets what is old, and the oldest when the store is too large: whole partitions, and beside them what refers to
 * nothing any more. */
#pragma once

#include "hub/store/insert.h"

struct sqlite3;

struct azm_retention {
    int64_t max_age_us; /* of events, by their arrival; 0: for ever */
    uint64_t max_bytes; /* 0: no limit */
};

/* One short transaction: drops one partition (never the newest), or else deletes some old rows of sums, groups,
 * processes and usage. *more: call again. */
enum azm_status azm_retention_step(struct sqlite3 *db, const struct azm_retention *limits, int64_t now_us, bool *more,
                                   struct azm_error *err) AZM_MUST_CHECK;
/* Bytes in use, without the pages that are free; 0 when that cannot be told. */
uint64_t azm_retention_used(struct sqlite3 *db);
/* How large partitions should be for these limits: small enough that dropping one is a small part of all. */
struct azm_partition_limits azm_retention_partitions(const struct azm_retention *limits);
