/* Writes events into the tables. One per writing connection; inside a transaction that the caller begins. */
#pragma once

#include "hub/store/batch.h"
#include "hub/store/statement.h"

/* How many events of one trace were added one after the other: its row is updated once for all of them. */
struct azm_trace_counts {
    azm_slice trace_id;
    int64_t start_us;
    unsigned transactions, spans, errors, logs, failed;
    bool coldstart;
};

struct azm_insert {
    struct sqlite3 *db;
    struct azm_statement resource, events[4], count, first;
    struct azm_trace_counts run;
    int64_t change; /* the last given out */
    uint64_t added, known;
};

/* On failure nothing is to be disposed. */
enum azm_status azm_insert_init(struct azm_insert *insert, struct sqlite3 *db, int64_t now_us,
                                struct azm_error *err) AZM_MUST_CHECK;
void azm_insert_dispose(struct azm_insert *insert);
/* Events whose trace and own id are there already are left out (a batch that was sent again). */
enum azm_status azm_insert_batch(struct azm_insert *insert, const struct azm_batch *batch,
                                 struct azm_error *err) AZM_MUST_CHECK;
