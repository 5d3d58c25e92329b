/* The writer's thread: takes the batches that wait, commits them in one transaction, answers them. Inside store only.
 */
#pragma once

#include "hub/store/insert.h"
#include "hub/store/retention.h"
#include "hub/store/store.h"

#include <stdatomic.h>
#include <uv.h>

/* Written by the writer, before it answers; read by anybody. */
struct azm_writer_state {
    _Atomic uint64_t commits, batches, events, known, failed_batches, bytes;
    _Atomic bool turn;      /* the next transaction begins a new partition */
    uv_mutex_t mutex;       /* guards all below */
    enum azm_status health; /* of the last commit */
    char message[200];      /* what was wrong with it */
};

/* Commits the whole list (or, when that fails, each batch alone, so that one bad batch spoils no other) and calls
 * their done. */
void azm_writer_commit(struct azm_insert *insert, struct azm_batch *list, struct azm_writer_state *state);
/* Forgets until the limits are kept, but gives up when work waits (waits() true). True: more is left. */
bool azm_writer_retain(struct azm_insert *insert, const struct azm_retention *limits, int64_t now_us,
                       bool (*waits)(void *self), void *self);
