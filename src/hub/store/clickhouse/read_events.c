#include "hub/store/clickhouse/reading.h"
#include "hub/store/clickhouse/sql.h"
#include "hub/store/clickhouse/tables.h"

#include <inttypes.h>

/* In the order that row_of expects. */
#define EVENT_COLUMNS                                                                                                  \
    "seq, kind, trace, id, parent, transaction, process, start_us, duration_us, service, name, type, subtype,"         \
    " result, message, faas_trigger, func, target, culprit, operation, outcome, coldstart, status, grp, "

/* A row that was inserted twice is two until ClickHouse has merged them. */
#define ONCE " LIMIT 1 BY slot, trace, id, process"

enum { COLUMNS = 25, PROCESSES_MAX = 1000, RECENT_DAYS = 2 };

static struct azm_event_row row_of(const azm_slice *c)
{
    int64_t kind = azm_row_int(c[1]), outcome = azm_row_int(c[20]);
    return (struct azm_event_row){
        .seq = azm_row_int(c[0]),
        .process = azm_row_int(c[6]),
        .event = {.kind = kind >= 0 && kind <= AZM_EVENT_LOG ? (enum azm_event_kind)kind : AZM_EVENT_LOG,
                  .trace_id = c[2],
                  .id = c[3],
                  .parent_id = c[4],
                  .transaction_id = c[5],
                  .start_us = azm_row_int(c[7]),
                  .duration_us = azm_row_int(c[8]),
                  .service = c[9],
                  .name = c[10],
                  .type = c[11],
                  .subtype = c[12],
                  .result = c[13],
                  .message = c[14],
                  .trigger = c[15],
                  .function = c[16],
                  .target = c[17],
                  .culprit = c[18],
                  .operation = c[19],
                  .outcome = outcome >= 0 && outcome <= 2 ? (enum azm_outcome)outcome : AZM_OUTCOME_UNKNOWN,
                  .coldstart = azm_row_int(c[21]) != 0,
                  .status = (unsigned)azm_row_int(c[22]),
                  .group = (uint64_t)azm_row_int(c[23]),
                  .raw = c[24]}};
}

enum azm_status azm_clickhouse_events(struct azm_reader *base, azm_slice trace_id, azm_event_visit *visit, void *self,
                                      struct azm_error *err)
{
    struct azm_clickhouse_reader *reader = azm_clickhouse_reader(base);
    struct azm_rows rows;
    struct azm_slots slots;
    azm_slice c[AZM_ROW_COLUMNS];
    enum azm_status status = azm_clickhouse_slots(reader, &trace_id, 1, &slots, err);
    if (status != AZM_OK)
        return status == AZM_NOT_FOUND ? AZM_OK : status;
    struct azm_buf *sql = azm_clickhouse_sql(reader, "SELECT " EVENT_COLUMNS "raw FROM events WHERE");
    azm_clickhouse_add_traces(sql, &trace_id, 1, slots);
    azm_buf_addf(sql, " ORDER BY kind, start_us, seq" ONCE " LIMIT %d", AZM_READ_AT_MOST);
    status = azm_clickhouse_rows(reader, COLUMNS, &rows, err);
    while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK) {
        struct azm_event_row row = row_of(c);
        if (!visit(self, &row))
            break;
    }
    return status == AZM_END ? AZM_OK : status;
}

enum azm_status azm_clickhouse_processes(struct azm_reader *base, azm_slice trace_id, azm_process_visit *visit,
                                         void *self, struct azm_error *err)
{
    struct azm_clickhouse_reader *reader = azm_clickhouse_reader(base);
    struct azm_rows rows;
    struct azm_slots slots;
    azm_slice c[AZM_ROW_COLUMNS];
    enum azm_status status = azm_clickhouse_slots(reader, &trace_id, 1, &slots, err);
    if (status != AZM_OK)
        return status == AZM_NOT_FOUND ? AZM_OK : status;
    struct azm_buf *sql = azm_clickhouse_sql(
        reader, "SELECT process, any(metadata), any(from_host) FROM processes WHERE process IN (SELECT DISTINCT process"
                " FROM events WHERE");
    azm_clickhouse_add_traces(sql, &trace_id, 1, slots);
    azm_buf_addf(sql, ") GROUP BY process ORDER BY process LIMIT %d", PROCESSES_MAX);
    status = azm_clickhouse_rows(reader, 3, &rows, err);
    while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK)
        if (!visit(self, azm_row_int(c[0]), c[1], azm_row_int(c[2]) != 0))
            break;
    return status == AZM_END ? AZM_OK : status;
}

/* What a list of events is found by; the newest days alone, or all. */
struct finding {
    struct azm_clickhouse_reader *reader;
    const struct azm_event_list *list;
    struct azm_slots slots; /* of the trace */
    struct azm_buf where;
};

static enum azm_status make_where(struct finding *finding, struct azm_error *err)
{
    const struct azm_event_list *list = finding->list;
    struct azm_buf *where = &finding->where;
    if (list->trace_id.len) {
        azm_clickhouse_add_traces(where, &list->trace_id, 1, finding->slots);
        if (list->filter.kind >= 0) /* a trace's events are few: other conditions are the caller's */
            azm_buf_addf(where, " AND kind = %d", list->filter.kind);
    } else {
        azm_buf_add_str(where, "1");
    }
    enum azm_status status = list->trace_id.len ? AZM_OK : azm_sql_event(where, &list->filter, err);
    azm_sql_times(where, list->since_us, list->until_us);
    if (list->from.used)
        azm_buf_addf(where, " AND seq < %" PRId64, list->from.value);
    return status;
}

static void add_seq(struct azm_buf *seqs, azm_slice seq)
{
    azm_buf_addf(seqs, ",%" PRId64, azm_row_int(seq));
}

/* The order of arrival of what is wanted, without the wide columns. */
static enum azm_status find_seqs(struct finding *finding, bool recent, struct azm_buf *seqs, int64_t *count,
                                 struct azm_slots *slots, struct azm_error *err)
{
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    struct azm_buf *sql = azm_clickhouse_sql(finding->reader, "SELECT seq, slot FROM events WHERE ");
    azm_buf_add(sql, azm_buf_slice(&finding->where));
    if (recent)
        azm_buf_addf(sql, " AND received_day > today() - %d", RECENT_DAYS);
    azm_buf_addf(sql, " ORDER BY seq DESC LIMIT %" PRId64, finding->list->limit);
    azm_buf_clear(seqs);
    *count = 0;
    *slots = (struct azm_slots){INT64_MAX, INT64_MIN};
    enum azm_status status = azm_clickhouse_rows(finding->reader, 2, &rows, err);
    for (; status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK; ++*count) {
        int64_t slot = azm_row_int(c[1]);
        add_seq(seqs, c[0]);
        slots->least = slot < slots->least ? slot : slots->least;
        slots->most = slot > slots->most ? slot : slots->most;
    }
    return status == AZM_END ? AZM_OK : status;
}

static enum azm_status show(struct finding *finding, azm_slice seqs, struct azm_slots slots, azm_event_visit *visit,
                            void *self, struct azm_trace_list *out, struct azm_error *err)
{
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    struct azm_buf *sql = azm_clickhouse_sql(finding->reader, "SELECT " EVENT_COLUMNS);
    azm_buf_addf(sql, "%s FROM events WHERE slot >= %" PRId64 " AND slot <= %" PRId64 " AND seq IN (0",
                 finding->list->without_raw ? "''" : "raw", slots.least, slots.most);
    azm_buf_add(sql, seqs);
    azm_buf_add_str(sql, ") AND ");
    azm_buf_add(sql, azm_buf_slice(&finding->where));
    azm_buf_add_str(sql, " ORDER BY seq DESC" ONCE);
    enum azm_status status = azm_clickhouse_rows(finding->reader, COLUMNS, &rows, err);
    while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK) {
        struct azm_event_row row = row_of(c);
        out->next = (struct azm_cursor){row.seq, 0, out->next.used};
        if (!visit(self, &row)) {
            out->next.used = true;
            break;
        }
    }
    return status == AZM_END ? AZM_OK : status;
}

static enum azm_status find(struct finding *finding, azm_event_visit *visit, void *self, struct azm_trace_list *out,
                            struct azm_error *err)
{
    struct azm_buf seqs;
    struct azm_slots slots;
    int64_t count = 0;
    azm_buf_init(&seqs, 8 << 20);
    bool recent = finding->list->trace_id.len == 0 && !finding->list->from.used;
    enum azm_status status = find_seqs(finding, recent, &seqs, &count, &slots, err);
    if (status == AZM_OK && recent && count < finding->list->limit)
        status = find_seqs(finding, false, &seqs, &count, &slots, err);
    out->next.used = count == finding->list->limit;
    if (status == AZM_OK && count)
        status = show(finding, azm_buf_slice(&seqs), slots, visit, self, out, err);
    azm_buf_dispose(&seqs);
    return status;
}

enum azm_status azm_clickhouse_find_events(struct azm_reader *base, const struct azm_event_list *list,
                                           azm_event_visit *visit, void *self, struct azm_trace_list *out,
                                           struct azm_error *err)
{
    struct finding finding = {.reader = azm_clickhouse_reader(base), .list = list};
    *out = (struct azm_trace_list){.change = 0};
    enum azm_status status =
        list->trace_id.len ? azm_clickhouse_slots(finding.reader, &list->trace_id, 1, &finding.slots, err) : AZM_OK;
    if (status != AZM_OK)
        return status == AZM_NOT_FOUND ? AZM_OK : status;
    azm_buf_init(&finding.where, 1 << 20);
    status = make_where(&finding, err);
    if (status == AZM_OK)
        status = find(&finding, visit, self, out, err);
    azm_buf_dispose(&finding.where);
    return status;
}
