/* What the files of SQLite's reader share. Inside src/hub/store only. */
#pragma once

#include "hub/store/id.h"
#include "hub/store/kind.h"
#include "hub/store/operations.h"
#include "hub/store/partition.h"
#include "hub/store/reader.h"

/* More are given up when the last call ends: never while one may be in use. */
enum { AZM_READER_STATEMENTS = 400 };

struct azm_kept_statement {
    const char *sql; /* by its address */
    int64_t partition;
    struct azm_statement statement;
};

struct azm_sqlite_reader {
    struct azm_reader base;
    struct sqlite3 *db;
    unsigned depth;                       /* of begin */
    struct azm_partition_list partitions; /* between begin and end; the newest first */
    struct azm_kept_statement **kept;
    size_t kept_count, kept_cap;
    struct azm_operations operations;
    struct azm_buf block; /* the last one, unpacked */
    int64_t block_partition, block_id;
};

static inline struct azm_sqlite_reader *azm_sqlite_reader(struct azm_reader *base)
{
    return (struct azm_sqlite_reader *)base;
}

void azm_sqlite_close(struct azm_reader *base);
enum azm_status azm_sqlite_begin(struct azm_reader *base, struct azm_error *err) AZM_MUST_CHECK;
void azm_sqlite_end(struct azm_reader *base);
azm_read_traces azm_sqlite_traces;
azm_read_trace azm_sqlite_trace;
azm_read_last_change azm_sqlite_last_change;
azm_read_changes azm_sqlite_changes;
azm_read_events azm_sqlite_events;
azm_read_processes azm_sqlite_processes;
azm_read_find_events azm_sqlite_find_events;
azm_read_sums azm_sqlite_sums;
azm_read_groups azm_sqlite_groups;
azm_read_process_rows azm_sqlite_process_rows;
azm_read_usage azm_sqlite_usage;
azm_read_calls azm_sqlite_calls;
azm_read_extent azm_sqlite_extent;

/* A statement that stays prepared; sql lives for ever. To be reset after use, not disposed of. */
enum azm_status azm_reader_statement(struct azm_sqlite_reader *reader, const char *sql, int64_t partition,
                                     struct azm_statement **out, struct azm_error *err) AZM_MUST_CHECK;

/* Columns of events_N in the order that azm_reader_row_of expects. */
#define AZM_EVENT_COLUMNS                                                                                              \
    "e.seq, e.kind, e.trace, e.id, e.parent, e.transaction_id, e.resource, e.start_us, e.duration_us, e.service, "     \
    "e.name,"                                                                                                          \
    " e.type, e.subtype, e.result, e.message, e.faas_trigger, e.function, e.target, e.culprit, e.operation, "          \
    "e.outcome, "                                                                                                      \
    "e.coldstart,"                                                                                                     \
    " e.status, e.grp, e.block, e.at, e.size"

struct azm_event_ids {
    char trace[AZM_ID_TEXT], id[AZM_ID_TEXT], parent[AZM_ID_TEXT], transaction[AZM_ID_TEXT];
};

/* raw is read only with_raw. */
enum azm_status azm_reader_row_of(struct azm_sqlite_reader *reader, const struct azm_statement *s, int64_t partition,
                                  bool with_raw, struct azm_event_ids *ids, struct azm_event_row *row,
                                  struct azm_error *err) AZM_MUST_CHECK;
