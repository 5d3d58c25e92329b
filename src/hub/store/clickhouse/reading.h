/* Readers of a ClickHouse database, and what their files share. Inside src/hub/store/clickhouse only. */
#pragma once

#include "base/arena.h"
#include "hub/store/clickhouse/client.h"
#include "hub/store/clickhouse/rows.h"
#include "hub/store/kind.h"

struct azm_clickhouse_reader {
    struct azm_reader base;
    struct azm_clickhouse_client *client;
    struct azm_buf sql; /* of the statement that is being made */
};

/* address is borrowed for the reader's life. Nothing is asked yet. */
enum azm_status azm_clickhouse_reader_open(const struct azm_clickhouse_address *address, struct azm_reader **out,
                                           struct azm_error *err) AZM_MUST_CHECK;

static inline struct azm_clickhouse_reader *azm_clickhouse_reader(struct azm_reader *base)
{
    return (struct azm_clickhouse_reader *)base;
}

/* Begins a statement in reader->sql. */
struct azm_buf *azm_clickhouse_sql(struct azm_clickhouse_reader *reader, const char *begin);
/* Asks what is in reader->sql. Rows live until the next question. Errors are not the caller's: never AZM_BAD_INPUT. */
enum azm_status azm_clickhouse_rows(struct azm_clickhouse_reader *reader, size_t columns, struct azm_rows *rows,
                                    struct azm_error *err) AZM_MUST_CHECK;
/* The next row; AZM_END. */
enum azm_status azm_clickhouse_row(struct azm_rows *rows, azm_slice columns[AZM_ROW_COLUMNS],
                                   struct azm_error *err) AZM_MUST_CHECK;
/* The first column of the first row; 0 without one. */
enum azm_status azm_clickhouse_number(struct azm_clickhouse_reader *reader, int64_t *out,
                                      struct azm_error *err) AZM_MUST_CHECK;

/* Slots that traces have events in; AZM_NOT_FOUND: nothing is known of any of them. */
struct azm_slots {
    int64_t least, most;
};
enum azm_status azm_clickhouse_slots(struct azm_clickhouse_reader *reader, const azm_slice *trace_ids, size_t count,
                                     struct azm_slots *out, struct azm_error *err) AZM_MUST_CHECK;
/* " slot >= ... AND slot <= ... AND trace IN (...)" */
void azm_clickhouse_add_traces(struct azm_buf *sql, const azm_slice *trace_ids, size_t count, struct azm_slots slots);

azm_read_traces azm_clickhouse_traces;
azm_read_trace azm_clickhouse_trace;
azm_read_last_change azm_clickhouse_last_change;
azm_read_changes azm_clickhouse_changes;
azm_read_events azm_clickhouse_events;
azm_read_processes azm_clickhouse_processes;
azm_read_find_events azm_clickhouse_find_events;
azm_read_sums azm_clickhouse_sums;
azm_read_groups azm_clickhouse_groups;
azm_read_process_rows azm_clickhouse_process_rows;
azm_read_usage azm_clickhouse_usage;
azm_read_calls azm_clickhouse_calls;
azm_read_extent azm_clickhouse_extent;
