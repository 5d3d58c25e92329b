/* The writer's thread: takes the batches that wait, commits them in one transaction, answers them. Inside store only.
 */
#pragma once

#include "hub/store/insert.h"
#include "hub/store/store.h"

#include <stdatomic.h>

/* Written by the writer, before it answers; read by anybody. */
struct azm_writer_counters {
    _Atomic uint64_t commits, batches, events, known, failed_batches;
};

/* Commits the whole list (or, when that fails, each batch alone, so that one bad batch spoils no other) and calls
 * their done. */
void azm_writer_commit(struct sqlite3 *db, struct azm_insert *insert, struct azm_batch *list,
                       struct azm_writer_counters *counters);
/* Deletes until the limits are kept, but gives up after a few steps when work waits (waits() true). True: more is left.
 */
bool azm_writer_retain(struct sqlite3 *db, const struct azm_store_options *options, int64_t now_us,
                       bool (*waits)(void *self), void *self);
