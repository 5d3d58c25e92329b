/* Writes events into the newest partition, and all that is kept beside them: who sent, sums, groups of errors, usage.
 * One per writing connection; inside a transaction that the caller begins. */
#pragma once

#include "hub/store/batch.h"
#include "hub/store/marks.h"
#include "hub/store/partition.h"
#include "hub/store/rollup.h"

/* When a partition is left for the next; 0: never. */
struct azm_partition_limits {
    int64_t bytes, age_us;
};

/* How many events of one trace were added one after the other: its row is updated once for all of them. */
struct azm_trace_counts {
    azm_slice trace_id;
    int64_t start_us;
    unsigned transactions, spans, errors, logs, failed;
    bool coldstart, rooted; /* rooted: the first of them has no parent */
};

struct azm_insert {
    struct sqlite3 *db;
    struct azm_partition_limits limits;
    struct azm_partition partition, before; /* before.id 0: there is none, or its tables need no look */
    struct azm_rollup *rollup;
    struct azm_statement process, event, block, count, first, words, point, series, group, usage, usage_process, memory,
        data_version;
    struct azm_statement event_before, trace_before; /* whether the partition before has it */
    struct azm_marks marks;
    struct azm_trace_counts run;
    int64_t change; /* the last given out */
    int64_t seq;
    int64_t version; /* of the data, as SQLite counts what other connections change */
    uint64_t added, known;
};

/* On failure nothing is to be disposed. */
enum azm_status azm_insert_init(struct azm_insert *insert, struct sqlite3 *db, struct azm_partition_limits limits,
                                int64_t now_us, struct azm_error *err) AZM_MUST_CHECK;
void azm_insert_dispose(struct azm_insert *insert);
/* Events whose trace, own id and process are there already are left out (a batch that was sent again). The batch is
 * packed (azm_batch_pack). */
enum azm_status azm_insert_batch(struct azm_insert *insert, const struct azm_batch *batch,
                                 struct azm_error *err) AZM_MUST_CHECK;
/* At the begin of a transaction: looks whether somebody else has written since. */
enum azm_status azm_insert_begin(struct azm_insert *insert, struct azm_error *err) AZM_MUST_CHECK;
/* Leaves the newest partition for the next, unless it is empty. Inside a transaction. */
enum azm_status azm_insert_turn(struct azm_insert *insert, int64_t now_us, struct azm_error *err) AZM_MUST_CHECK;
/* After the last batch of a transaction: writes the sums, and what the partition has become. */
enum azm_status azm_insert_end(struct azm_insert *insert, struct azm_error *err) AZM_MUST_CHECK;
/* After a rollback: looks again at what the database holds. */
enum azm_status azm_insert_rolled_back(struct azm_insert *insert, struct azm_error *err) AZM_MUST_CHECK;
