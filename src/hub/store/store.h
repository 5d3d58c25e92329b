/* The hub's memory, written by one thread, read by many: a SQLite file, or tables of a ClickHouse server.
 * Any thread may call these. */
#pragma once

#include "hub/store/batch.h"

struct azm_store;

struct azm_store_options {
    const char *place;  /* NULL: dir; else clickhouse://[USER:PASSWORD@]HOST[:PORT]/DATABASE, clickhouses:// for TLS */
    const char *dir;    /* of SQLite's file; made when it is missing */
    int64_t max_age_us; /* older traces are forgotten; 0: never */
    uint64_t max_bytes; /* the oldest traces are forgotten when the file holds more; 0: no limit */
    unsigned period_ms; /* between looks for old ones; 0: a minute */
};

struct azm_store_counters {
    uint64_t commits, batches, events, known, failed_batches, bytes;
};

/* How the last commit went: AZM_OK, AZM_FULL (the disk), or what else was wrong. */
struct azm_store_health {
    enum azm_status status;
    char message[200];
};

/* Opens or makes DIR/hub.db, or the tables in the database, and starts the writer. err names the file (or the server)
 * and the cause. A file that is damaged is set aside as DIR/hub.db.damaged-<time>, which the log names, and a new one
 * is begun. */
enum azm_status azm_store_open(const struct azm_store_options *options, struct azm_store **out,
                               struct azm_error *err) AZM_MUST_CHECK;
/* Commits what was added, then ends. NULL is fine. */
void azm_store_close(struct azm_store *store);
/* "sqlite", "clickhouse" */
const char *azm_store_kind_name(const struct azm_store *store);
/* DIR/hub.db; of a server its address, without user and password. Lives as long as the store. */
const char *azm_store_path(const struct azm_store *store);
struct azm_store_counters azm_store_counters(struct azm_store *store);
struct azm_store_health azm_store_health(struct azm_store *store);
const struct azm_store_options *azm_store_limits(const struct azm_store *store);

/* Queues the batch, which belongs to the writer until done(self, status) is called, on the writer's thread: AZM_OK when
 * it is committed (then it outlives a crash of this process; synchronous=NORMAL does not promise more), else nothing
 * of it was stored. Batches that wait together are committed together. */
void azm_store_add(struct azm_store *store, struct azm_batch *batch, void (*done)(void *self, enum azm_status status),
                   void *self);
/* The same, but returns after the commit. */
enum azm_status azm_store_add_wait(struct azm_store *store, struct azm_batch *batch) AZM_MUST_CHECK;
struct azm_reader;
/* A reader of it (reader.h), to be closed before the store. */
enum azm_status azm_store_read(const struct azm_store *store, struct azm_reader **out,
                               struct azm_error *err) AZM_MUST_CHECK;
/* The next batch begins a new partition, as when one is full; does nothing where partitions are days. */
void azm_store_turn(struct azm_store *store);
