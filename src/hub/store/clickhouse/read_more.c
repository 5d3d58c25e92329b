/* What else is asked: groups of errors, processes, usage, calls between services, the extent. */
#include "hub/store/clickhouse/reading.h"
#include "hub/store/clickhouse/sql.h"
#include "hub/store/clickhouse/tables.h"

#include <inttypes.h>

static const int64_t hour_us = 3600000000;

static void make_groups(struct azm_clickhouse_reader *reader, const struct azm_group_filter *filter)
{
    struct azm_buf *sql = azm_clickhouse_sql(
        reader, "SELECT grp, argMax(service, seq) AS last_service, argMax(name, seq) AS last_name, argMax(message, seq)"
                " AS last_message, argMax(culprit, seq) AS last_culprit, argMax(trace, seq), argMax(id, seq),"
                " min(start_us) AS first_us, max(start_us) AS last_us, uniqExact(trace, id, process) FROM events WHERE"
                " kind = 2 AND grp != 0");
    if (filter->group)
        azm_buf_addf(sql, " AND grp = %" PRId64, (int64_t)filter->group);
    azm_buf_addf(sql, " GROUP BY grp HAVING last_us >= %" PRId64 " AND first_us <= %" PRId64, filter->since_us,
                 filter->until_us ? filter->until_us : INT64_MAX);
    azm_sql_equal(sql, "last_service", filter->service);
    if (filter->words.len) {
        azm_buf_add_str(sql, " AND positionCaseInsensitive(concat(last_name, ' ', last_message, ' ', last_culprit), ");
        azm_sql_text(sql, filter->words);
        azm_buf_add_str(sql, ") > 0");
    }
    if (filter->from.used)
        azm_buf_addf(sql, " AND (last_us < %" PRId64 " OR last_us = %" PRId64 " AND grp < %" PRId64 ")",
                     filter->from.value, filter->from.value, filter->from.rank);
    azm_buf_addf(sql, " ORDER BY last_us DESC, grp DESC LIMIT %" PRId64, filter->limit);
}

enum azm_status azm_clickhouse_groups(struct azm_reader *base, const struct azm_group_filter *filter,
                                      azm_group_visit *visit, void *self, struct azm_cursor *next,
                                      struct azm_error *err)
{
    struct azm_clickhouse_reader *reader = azm_clickhouse_reader(base);
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    int64_t count = 0;
    *next = (struct azm_cursor){.used = false};
    make_groups(reader, filter);
    enum azm_status status = azm_clickhouse_rows(reader, 10, &rows, err);
    while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK) {
        const struct azm_group_row row = {.group = (uint64_t)azm_row_int(c[0]),
                                          .service = c[1],
                                          .type = c[2],
                                          .message = c[3],
                                          .culprit = c[4],
                                          .trace_id = c[5],
                                          .id = c[6],
                                          .first_us = azm_row_int(c[7]),
                                          .last_us = azm_row_int(c[8]),
                                          .count = azm_row_int(c[9])};
        *next = (struct azm_cursor){row.last_us, (int64_t)row.group, ++count == filter->limit};
        if (!visit(self, &row))
            break;
    }
    return status == AZM_END ? AZM_OK : status;
}

enum azm_status azm_clickhouse_process_rows(struct azm_reader *base, azm_slice service, int64_t since_us,
                                            int64_t until_us, int64_t limit, azm_process_row_visit *visit, void *self,
                                            struct azm_error *err)
{
    struct azm_clickhouse_reader *reader = azm_clickhouse_reader(base);
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    struct azm_buf *sql = azm_clickhouse_sql(
        reader, "SELECT process, metadata, service, environment, node, agent, first, last, many, cold, memory, at FROM"
                " (SELECT process, min(first_us) AS first, max(last_us) AS last, sum(transactions + spans + errors +"
                " logs) AS many, sum(coldstarts) AS cold, argMax(memory_bytes, memory_us) AS memory, max(memory_us) AS"
                " at FROM activity FINAL WHERE 1");
    azm_sql_equal(sql, "service", service);
    azm_buf_addf(sql, " GROUP BY process HAVING last >= %" PRId64 " AND first <= %" PRId64, since_us,
                 until_us ? until_us : INT64_MAX);
    azm_buf_addf(sql,
                 ") ANY INNER JOIN (SELECT process, any(metadata) AS metadata, any(service) AS service,"
                 " any(environment) AS environment, any(node) AS node, any(agent) AS agent FROM processes GROUP BY"
                 " process) USING (process) ORDER BY last DESC LIMIT %" PRId64,
                 limit);
    enum azm_status status = azm_clickhouse_rows(reader, 12, &rows, err);
    while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK) {
        const struct azm_process_row row = {.id = azm_row_int(c[0]),
                                            .metadata = c[1],
                                            .service = c[2],
                                            .environment = c[3],
                                            .node = c[4],
                                            .agent = c[5],
                                            .first_us = azm_row_int(c[6]),
                                            .last_us = azm_row_int(c[7]),
                                            .events = azm_row_int(c[8]),
                                            .coldstarts = azm_row_int(c[9]),
                                            .memory_bytes = azm_row_int(c[10]),
                                            .memory_us = azm_row_int(c[11])};
        if (!visit(self, &row))
            break;
    }
    return status == AZM_END ? AZM_OK : status;
}

enum azm_status azm_clickhouse_usage(struct azm_reader *base, azm_slice service, int64_t since_us, int64_t until_us,
                                     azm_usage_visit *visit, void *self, struct azm_error *err)
{
    struct azm_clickhouse_reader *reader = azm_clickhouse_reader(base);
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    char since[AZM_DATE_TEXT], until[AZM_DATE_TEXT];
    azm_date_of(since_us, since);
    azm_date_of(until_us ? until_us : INT64_C(4102358400000000), until); /* the last days that a Date can be */
    struct azm_buf *sql = azm_clickhouse_sql(
        reader, "SELECT toInt32(received_day) AS day, service, sum(t), sum(s), sum(e), sum(l), sum(p), sum(b), count(),"
                " sum(memory) FROM (SELECT received_day, service, process, sum(transactions) AS t, sum(spans) AS s,"
                " sum(errors) AS e, sum(logs) AS l, sum(samples) AS p, sum(bytes) AS b, max(memory_most) AS memory FROM"
                " activity FINAL WHERE 1");
    azm_buf_addf(sql, " AND received_day >= '%s' AND received_day <= '%s'", since, until);
    azm_sql_equal(sql, "service", service);
    azm_buf_add_str(sql, " GROUP BY received_day, service, process) GROUP BY day, service ORDER BY day DESC, service");
    enum azm_status status = azm_clickhouse_rows(reader, 10, &rows, err);
    while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK) {
        const struct azm_usage_row row = {.day = azm_row_int(c[0]),
                                          .service = c[1],
                                          .transactions = azm_row_int(c[2]),
                                          .spans = azm_row_int(c[3]),
                                          .errors = azm_row_int(c[4]),
                                          .logs = azm_row_int(c[5]),
                                          .samples = azm_row_int(c[6]),
                                          .bytes = azm_row_int(c[7]),
                                          .processes = azm_row_int(c[8]),
                                          .memory_bytes = azm_row_int(c[9])};
        if (!visit(self, &row))
            break;
    }
    return status == AZM_END ? AZM_OK : status;
}

/* Transactions of the time that were called by something, the newest so many. */
static void add_called(struct azm_buf *sql, const char *columns, int64_t since_us, int64_t until_us, int64_t limit)
{
    azm_buf_addf(sql, "SELECT %s FROM events WHERE kind = 0 AND parent != '' AND trace != ''", columns);
    azm_sql_times(sql, since_us, until_us);
    azm_buf_addf(sql, " ORDER BY start_us DESC LIMIT %" PRId64, limit);
}

static enum azm_status are_more(struct azm_clickhouse_reader *reader, int64_t since_us, int64_t until_us, int64_t limit,
                                bool *more, struct azm_error *err)
{
    int64_t count = 0;
    struct azm_buf *sql = azm_clickhouse_sql(reader, "SELECT count() FROM (");
    add_called(sql, "start_us", since_us, until_us, limit);
    azm_buf_add_str(sql, ")");
    enum azm_status status = azm_clickhouse_number(reader, &count, err);
    *more = count >= limit;
    return status;
}

/* A caller began at most an hour before what it called. */
enum azm_status azm_clickhouse_calls(struct azm_reader *base, int64_t since_us, int64_t until_us, int64_t limit,
                                     azm_call_visit *visit, void *self, bool *more, struct azm_error *err)
{
    struct azm_clickhouse_reader *reader = azm_clickhouse_reader(base);
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    enum azm_status status = are_more(reader, since_us, until_us, limit, more, err);
    if (status != AZM_OK)
        return status;
    struct azm_buf *sql =
        azm_clickhouse_sql(reader, "SELECT caller, target, callee FROM (SELECT trace, parent, service AS callee,"
                                   " start_us FROM (");
    add_called(sql, "trace, parent, service, start_us", since_us, until_us, limit);
    azm_buf_add_str(sql,
                    ")) ALL INNER JOIN (SELECT trace, id AS parent, service AS caller, target FROM events WHERE 1");
    azm_sql_times(sql, since_us > hour_us ? since_us - hour_us : 0, until_us);
    azm_buf_add_str(sql, " AND trace IN (SELECT trace FROM (");
    add_called(sql, "trace, start_us", since_us, until_us, limit);
    azm_buf_add_str(sql, "))) USING (trace, parent) WHERE caller != callee GROUP BY caller, target, callee"
                         " ORDER BY max(start_us) DESC LIMIT 10000");
    status = azm_clickhouse_rows(reader, 3, &rows, err);
    while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK) {
        const struct azm_call_row row = {c[0], c[1], c[2]};
        if (!visit(self, &row))
            break;
    }
    return status == AZM_END ? AZM_OK : status;
}

enum azm_status azm_clickhouse_extent(struct azm_reader *base, int64_t *oldest_us, uint64_t *bytes,
                                      struct azm_error *err)
{
    struct azm_clickhouse_reader *reader = azm_clickhouse_reader(base);
    azm_clickhouse_sql(reader, "SELECT min(received_us) FROM events WHERE received_day = (SELECT min(received_day) FROM"
                               " events)");
    enum azm_status status = azm_clickhouse_number(reader, oldest_us, err);
    return status == AZM_OK ? azm_tables_bytes(reader->client, bytes, err) : status;
}
