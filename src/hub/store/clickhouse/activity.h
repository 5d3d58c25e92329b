/* What this run of the hub took from each process on each day, as totals since the run began: a row that is written
 * again replaces the one before, so neither a lost answer nor two hubs count twice. */
#pragma once

#include "hub/store/batch.h"

struct azm_activity_count {
    int64_t first_us, last_us, by_kind[4], samples, bytes, coldstarts, memory_most, memory_bytes, memory_us;
};

struct azm_activity;

/* run: a random number. Aborts when memory is out, as all here do. */
struct azm_activity *azm_activity_new(uint64_t run);
void azm_activity_free(struct azm_activity *activity);
/* Adds what a batch brought. */
void azm_activity_add(struct azm_activity *activity, const struct azm_batch *batch, int64_t process,
                      const struct azm_activity_count *count);
/* Rows of what was changed since azm_activity_written; version: rises. */
void azm_activity_rows(const struct azm_activity *activity, int64_t version, struct azm_buf *out);
void azm_activity_written(struct azm_activity *activity);
