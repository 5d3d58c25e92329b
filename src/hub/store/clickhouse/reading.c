#include "hub/store/clickhouse/reading.h"

#include "hub/store/clickhouse/sql.h"
#include "hub/store/clickhouse/tables.h"

#include <inttypes.h>
#include <stdlib.h>

enum { SQL_MAX = 32 << 20 };

static void close_reader(struct azm_reader *base)
{
    struct azm_clickhouse_reader *reader = azm_clickhouse_reader(base);
    azm_clickhouse_client_close(reader->client);
    azm_buf_dispose(&reader->sql);
    free(reader);
}

static enum azm_status begin(struct azm_reader *base, struct azm_error *err)
{
    (void)base, (void)err;
    return AZM_OK;
}

static void end(struct azm_reader *base)
{
    (void)base;
}

static const struct azm_reader_kind kind = {
    .close = close_reader,
    .begin = begin,
    .end = end,
    .traces = azm_clickhouse_traces,
    .trace = azm_clickhouse_trace,
    .last_change = azm_clickhouse_last_change,
    .changes = azm_clickhouse_changes,
    .events = azm_clickhouse_events,
    .processes = azm_clickhouse_processes,
    .find_events = azm_clickhouse_find_events,
    .sums = azm_clickhouse_sums,
    .groups = azm_clickhouse_groups,
    .process_rows = azm_clickhouse_process_rows,
    .usage = azm_clickhouse_usage,
    .calls = azm_clickhouse_calls,
    .extent = azm_clickhouse_extent,
};

enum azm_status azm_clickhouse_reader_open(const struct azm_clickhouse_address *address, struct azm_reader **out,
                                           struct azm_error *err)
{
    struct azm_clickhouse_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for a reader");
    reader->base.kind = &kind;
    azm_buf_init(&reader->sql, SQL_MAX);
    enum azm_status status = azm_clickhouse_client_open(address, &reader->client, err);
    if (status == AZM_OK)
        *out = &reader->base;
    else
        free(reader);
    return status;
}

struct azm_buf *azm_clickhouse_sql(struct azm_clickhouse_reader *reader, const char *first)
{
    azm_buf_clear(&reader->sql);
    azm_buf_add_str(&reader->sql, first);
    return &reader->sql;
}

enum azm_status azm_clickhouse_rows(struct azm_clickhouse_reader *reader, size_t columns, struct azm_rows *rows,
                                    struct azm_error *err)
{
    struct azm_buf *answer;
    if (reader->sql.failed)
        return azm_fail(err, AZM_TOO_BIG, "the question to ClickHouse is larger than %d MiB", SQL_MAX >> 20);
    enum azm_status status = azm_clickhouse_ask(reader->client, azm_buf_slice(&reader->sql), &answer, err);
    if (status == AZM_OK)
        azm_rows_begin(rows, answer, columns);
    return status == AZM_BAD_INPUT ? AZM_IO : status;
}

enum azm_status azm_clickhouse_row(struct azm_rows *rows, azm_slice columns[AZM_ROW_COLUMNS], struct azm_error *err)
{
    enum azm_status status = azm_rows_next(rows, columns);
    return status == AZM_BAD_INPUT
               ? azm_fail(err, AZM_IO, "ClickHouse answered a row that has not %zu columns", rows->columns)
               : status;
}

enum azm_status azm_clickhouse_number(struct azm_clickhouse_reader *reader, int64_t *out, struct azm_error *err)
{
    struct azm_rows rows;
    azm_slice columns[AZM_ROW_COLUMNS];
    *out = 0;
    enum azm_status status = azm_clickhouse_rows(reader, 1, &rows, err);
    if (status == AZM_OK)
        status = azm_clickhouse_row(&rows, columns, err);
    if (status == AZM_OK)
        *out = azm_row_int(columns[0]);
    return status == AZM_END ? AZM_OK : status;
}

static void add_ids(struct azm_buf *sql, const azm_slice *trace_ids, size_t count)
{
    azm_buf_add_str(sql, "trace IN (''");
    for (size_t i = 0; i < count; i++) {
        azm_buf_add_byte(sql, ',');
        azm_sql_text(sql, trace_ids[i]);
    }
    azm_buf_add_byte(sql, ')');
}

enum azm_status azm_clickhouse_slots(struct azm_clickhouse_reader *reader, const azm_slice *trace_ids, size_t count,
                                     struct azm_slots *out, struct azm_error *err)
{
    struct azm_rows rows;
    azm_slice columns[AZM_ROW_COLUMNS];
    struct azm_buf *sql = azm_clickhouse_sql(reader, "SELECT min(hour), max(hour), count() FROM trace_hours WHERE ");
    add_ids(sql, trace_ids, count);
    enum azm_status status = azm_clickhouse_rows(reader, 3, &rows, err);
    if (status == AZM_OK)
        status = azm_clickhouse_row(&rows, columns, err);
    if (status != AZM_OK || azm_row_int(columns[2]) == 0)
        return status == AZM_OK || status == AZM_END ? AZM_NOT_FOUND : status;
    *out = (struct azm_slots){azm_row_int(columns[0]) * 60, azm_row_int(columns[1]) * 60 + 59};
    return AZM_OK;
}

void azm_clickhouse_add_traces(struct azm_buf *sql, const azm_slice *trace_ids, size_t count, struct azm_slots slots)
{
    azm_buf_addf(sql, " slot >= %" PRId64 " AND slot <= %" PRId64 " AND ", slots.least, slots.most);
    add_ids(sql, trace_ids, count);
}
