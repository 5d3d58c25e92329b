/* Events lie in partitions: sets of tables that are filled one after the other, so that old ones can go as a whole and
 * indexes stay small enough to be filled quickly. A partition is left for the next when it is full or old. */
#pragma once

#include "hub/store/statement.h"

struct azm_partition {
    int64_t id;
    int64_t opened_us, last_us;         /* when its first and newest events were received */
    int64_t min_start_us, max_start_us; /* of its traces */
    int64_t events, bytes;              /* bytes: about what it takes on disk */
};

/* Makes its tables: blocks_N, events_N, traces_N, words_N, points_N, marks_N. */
enum azm_status azm_partition_create(struct sqlite3 *db, int64_t id, int64_t opened_us,
                                     struct azm_error *err) AZM_MUST_CHECK;
enum azm_status azm_partition_drop(struct sqlite3 *db, int64_t id, struct azm_error *err) AZM_MUST_CHECK;
bool azm_partition_exists(struct sqlite3 *db, int64_t id);
/* What has changed since it was read: all but id and opened_us. */
enum azm_status azm_partition_save(struct sqlite3 *db, const struct azm_partition *partition,
                                   struct azm_error *err) AZM_MUST_CHECK;

struct azm_partition_list {
    struct azm_partition *items; /* the newest first */
    size_t count;
};

/* To be freed with azm_partitions_dispose. */
enum azm_status azm_partitions_read(struct sqlite3 *db, struct azm_partition_list *list,
                                    struct azm_error *err) AZM_MUST_CHECK;
void azm_partitions_dispose(struct azm_partition_list *list);

/* Runs one or more statements that give no rows; "_N" as below. */
enum azm_status azm_partition_run(struct sqlite3 *db, const char *sql, int64_t id,
                                  struct azm_error *err) AZM_MUST_CHECK;
/* Prepares sql, in which each "_N" stands for the partition's number, as in events_N. */
enum azm_status azm_partition_statement(struct azm_statement *s, struct sqlite3 *db, const char *sql, int64_t id,
                                        struct azm_error *err) AZM_MUST_CHECK;
