/* Lists of traces. Candidates come from a question over many events; a row is complete only when all events of its
 * trace were looked at, and a candidate that it does not bear out is left for where it belongs. */
#include "hub/store/clickhouse/reading.h"
#include "hub/store/clickhouse/sql.h"
#include "hub/store/clickhouse/tables.h"
#include "os/clock.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CANDIDATES_MAX = 1000, PLAIN_DAYS = 2 };
static const int64_t hour_us = 3600000000, day_us = 86400000000;

struct candidate {
    azm_slice trace_id;
    struct azm_cursor at;
    struct azm_trace_row row; /* trace_id len 0: nothing of it is there */
};

/* Some traces, on their way into a list. */
struct page {
    struct azm_clickhouse_reader *reader;
    struct azm_arena arena; /* of all text */
    struct candidate items[CANDIDATES_MAX];
    size_t count;
};

static struct page *page_new(struct azm_clickhouse_reader *reader)
{
    struct page *page = calloc(1, sizeof *page);
    if (!page)
        abort();
    page->reader = reader;
    azm_arena_init(&page->arena, 0);
    return page;
}

static void page_clear(struct page *page)
{
    azm_arena_dispose(&page->arena);
    azm_arena_init(&page->arena, 0);
    page->count = 0;
}

static void page_free(struct page *page)
{
    azm_arena_dispose(&page->arena);
    free(page);
}

static azm_slice keep(struct page *page, azm_slice text)
{
    return text.len ? azm_arena_copy(&page->arena, text) : AZM_S("");
}

static struct candidate *add(struct page *page, azm_slice trace_id)
{
    if (page->count == CANDIDATES_MAX)
        return NULL;
    struct candidate *item = &page->items[page->count++];
    *item = (struct candidate){.trace_id = keep(page, trace_id)};
    return item;
}

static struct azm_trace_row *row_of(struct page *page, azm_slice trace_id)
{
    for (size_t i = 0; i < page->count; i++)
        if (azm_slice_eq(page->items[i].trace_id, trace_id))
            return &page->items[i].row;
    return NULL;
}

/* --- complete rows --- */

static void add_counts(struct page *page, const azm_slice *c)
{
    struct azm_trace_row *row = row_of(page, c[0]);
    if (!row)
        return;
    row->trace_id = keep(page, c[0]);
    row->start_us = azm_row_int(c[1]);
    row->coldstart = azm_row_int(c[2]) != 0;
    row->transactions = azm_row_int(c[3]);
    row->spans = azm_row_int(c[4]);
    row->errors = azm_row_int(c[5]);
    row->logs = azm_row_int(c[6]);
    row->failed = azm_row_int(c[7]);
}

static void add_first(struct page *page, const azm_slice *c)
{
    struct azm_trace_row *row = row_of(page, c[0]);
    int64_t outcome = azm_row_int(c[10]);
    if (!row)
        return;
    row->has_transaction = true;
    row->transaction_id = keep(page, c[1]);
    row->service = keep(page, c[2]);
    row->name = keep(page, c[3]);
    row->type = keep(page, c[4]);
    row->result = keep(page, c[5]);
    row->trigger = keep(page, c[6]);
    row->function = keep(page, c[7]);
    row->start_us = azm_row_int(c[8]);
    row->duration_us = azm_row_int(c[9]);
    row->outcome = outcome >= 0 && outcome <= 2 ? (enum azm_outcome)outcome : AZM_OUTCOME_UNKNOWN;
    row->change = azm_row_int(c[11]);
}

static void add_service(struct page *page, const azm_slice *c)
{
    struct azm_trace_row *row = row_of(page, c[0]);
    if (row && row->service_count < AZM_TRACE_SERVICES)
        row->services[row->service_count++] =
            (struct azm_trace_service){keep(page, c[1]), azm_row_int(c[2]), azm_row_int(c[3])};
}

/* Counted by what tells events apart: a row that was inserted twice is two until it is merged. */
static const struct {
    const char *select, *rest;
    size_t columns;
    void (*add)(struct page *page, const azm_slice *columns);
} parts[] = {
    {"SELECT trace, min(start_us), max(coldstart), uniqExactIf(id, process, kind = 0), uniqExactIf(id, process, kind ="
     " 1), uniqExactIf(id, process, kind = 2), uniqExactIf(id, process, kind = 3), uniqExactIf(id, process, outcome ="
     " 2) FROM events WHERE",
     " GROUP BY trace", 8, add_counts},
    {"SELECT trace, id, service, name, type, result, faas_trigger, func, start_us, duration_us, outcome, seq FROM"
     " events WHERE kind = 0 AND",
     " ORDER BY trace, parent != '', start_us, seq LIMIT 1 BY trace", 12, add_first},
    {"SELECT trace, service, uniqExact(id, process) AS many, uniqExactIf(id, process, outcome = 2) FROM events WHERE",
     " GROUP BY trace, service ORDER BY trace, many DESC LIMIT 12 BY trace", 4, add_service},
};

static enum azm_status complete(struct page *page, struct azm_error *err)
{
    azm_slice ids[CANDIDATES_MAX], c[AZM_ROW_COLUMNS];
    struct azm_slots slots;
    struct azm_rows rows;
    for (size_t i = 0; i < page->count; i++)
        ids[i] = page->items[i].trace_id;
    if (page->count == 0)
        return AZM_OK;
    enum azm_status status = azm_clickhouse_slots(page->reader, ids, page->count, &slots, err);
    for (size_t i = 0; i < AZM_COUNT(parts) && status == AZM_OK; i++) {
        struct azm_buf *sql = azm_clickhouse_sql(page->reader, parts[i].select);
        azm_clickhouse_add_traces(sql, ids, page->count, slots);
        azm_buf_add_str(sql, parts[i].rest);
        status = azm_clickhouse_rows(page->reader, parts[i].columns, &rows, err);
        while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK)
            parts[i].add(page, c);
        status = status == AZM_END ? AZM_OK : status;
    }
    return status == AZM_NOT_FOUND ? AZM_OK : status;
}

enum azm_status azm_clickhouse_trace(struct azm_reader *base, azm_slice trace_id, azm_trace_visit *visit, void *self,
                                     struct azm_error *err)
{
    struct page *page = page_new(azm_clickhouse_reader(base));
    add(page, trace_id);
    enum azm_status status = complete(page, err);
    if (status == AZM_OK && page->items[0].row.trace_id.len == 0)
        status = AZM_NOT_FOUND;
    if (status == AZM_OK)
        visit(self, &page->items[0].row);
    page_free(page);
    return status;
}

/* --- lists --- */

struct search {
    struct page *page;
    const struct azm_trace_filter *filter;
    struct azm_trace_list *list;
    azm_trace_visit *visit;
    void *self;
    bool by_event;          /* found by one of its events, not by its first transaction */
    struct azm_cursor from; /* where to go on */
    int64_t left;           /* rows that are still wanted */
    bool stopped;
};

/* Where a trace stands among equals. */
#define RANK "toInt64(bitShiftRight(sipHash64(trace), 1))"

#define FIRST_DURATION "if(max(kind = 0) = 1, argMinIf(duration_us, (parent != '', start_us, seq), kind = 0), 0)"

static void add_order(struct search *search, struct azm_buf *sql)
{
    const struct azm_cursor *from = &search->from;
    const struct azm_event_filter *event = &search->filter->event;
    bool rising = search->filter->order == AZM_FASTEST;
    azm_buf_add_str(sql, " GROUP BY trace HAVING 1");
    if (!search->by_event && event->min_us > 0)
        azm_buf_addf(sql, " AND " FIRST_DURATION " >= %" PRId64, event->min_us);
    if (!search->by_event && event->max_us > 0)
        azm_buf_addf(sql, " AND " FIRST_DURATION " <= %" PRId64, event->max_us);
    if (from->used)
        azm_buf_addf(sql, " AND (value %c %" PRId64 " OR value = %" PRId64 " AND rank %c %" PRId64 ")",
                     rising ? '>' : '<', from->value, from->value, rising ? '>' : '<', from->rank);
    azm_buf_addf(sql, " ORDER BY value %s, rank %s LIMIT %d", rising ? "" : "DESC", rising ? "" : "DESC",
                 CANDIDATES_MAX < search->left ? CANDIDATES_MAX : (int)search->left);
}

static enum azm_status read_candidates(struct search *search, struct azm_error *err)
{
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    struct page *page = search->page;
    page_clear(page);
    enum azm_status status = azm_clickhouse_rows(page->reader, 3, &rows, err);
    while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK) {
        struct candidate *item = add(page, c[0]);
        if (item)
            item->at = (struct azm_cursor){azm_row_int(c[1]), azm_row_int(c[2]), true};
    }
    return status == AZM_END ? complete(page, err) : status;
}

static bool is_borne_out(const struct search *search, const struct candidate *item)
{
    const struct azm_trace_filter *filter = search->filter;
    const struct azm_trace_row *row = &item->row;
    if (row->trace_id.len == 0)
        return false;
    if (search->by_event)
        return true;
    return item->at.value == (filter->order == AZM_NEWEST ? row->start_us : row->duration_us) &&
           row->start_us >= filter->since_us && (!filter->until_us || row->start_us <= filter->until_us) &&
           row->duration_us >= filter->event.min_us &&
           (!filter->event.max_us || row->duration_us <= filter->event.max_us);
}

static void show(struct search *search)
{
    for (size_t i = 0; i < search->page->count && !search->stopped; i++) {
        const struct candidate *item = &search->page->items[i];
        search->from = item->at;
        if (!is_borne_out(search, item))
            continue;
        search->stopped = !search->visit(search->self, &item->row) || --search->left == 0;
    }
}

/* *more: there were as many as were asked for, so there may be others. */
static enum azm_status show_candidates(struct search *search, bool *more, struct azm_error *err)
{
    int64_t wanted = search->left < CANDIDATES_MAX ? search->left : CANDIDATES_MAX;
    enum azm_status status = read_candidates(search, err);
    *more = (int64_t)search->page->count == wanted;
    if (status == AZM_OK)
        show(search);
    return status;
}

/* By the first transactions that began within a time; of a trace without any, by its first event. */
static enum azm_status list_window(struct search *search, int64_t since_us, int64_t until_us, struct azm_error *err)
{
    bool more = true;
    enum azm_status status = AZM_OK;
    while (status == AZM_OK && more && !search->stopped) {
        struct azm_buf *sql = azm_clickhouse_sql(search->page->reader, "SELECT trace, ");
        azm_buf_add_str(sql, search->filter->order == AZM_NEWEST
                                 ? "if(max(kind = 0 AND parent = '') = 1, minIf(start_us, kind = 0 AND parent = ''),"
                                   " if(max(kind = 0) = 1, minIf(start_us, kind = 0), min(start_us)))"
                                 : FIRST_DURATION);
        azm_buf_add_str(sql, " AS value, " RANK " AS rank FROM events WHERE trace != ''");
        azm_sql_times(sql, since_us, until_us);
        add_order(search, sql);
        status = show_candidates(search, &more, err);
    }
    return status;
}

/* The newest lie in the last hours mostly: these are looked at first. */
static enum azm_status list_newest(struct search *search, struct azm_error *err)
{
    static const int64_t hours[] = {1, 6, 24, 168, INT64_MAX};
    const struct azm_trace_filter *filter = search->filter;
    int64_t now = azm_clock_wall_us(), end = filter->until_us;
    enum azm_status status = AZM_OK;
    if (search->from.used && (end == 0 || search->from.value < end))
        end = search->from.value;
    int64_t base = end && end < now ? end : now;
    for (size_t i = 0; i < AZM_COUNT(hours) && status == AZM_OK && !search->stopped; i++) {
        int64_t begin = hours[i] == INT64_MAX || base / hour_us <= hours[i] ? 0 : base - hours[i] * hour_us;
        if (begin < filter->since_us)
            begin = filter->since_us;
        status = list_window(search, begin, end, err);
        end = begin - 1;
        if (begin <= filter->since_us)
            break;
    }
    return status;
}

/* One question over the days that arrived last, or over all. */
static enum azm_status list_by_event(struct search *search, bool recent, bool *more, struct azm_error *err)
{
    const struct azm_trace_filter *filter = search->filter;
    struct azm_buf *sql = azm_clickhouse_sql(search->page->reader, "SELECT trace, ");
    azm_buf_addf(sql, "%s AS value, " RANK " AS rank FROM events WHERE trace != ''",
                 filter->order == AZM_NEWEST    ? "max(seq)"
                 : filter->order == AZM_SLOWEST ? "max(duration_us)"
                                                : "min(duration_us)");
    enum azm_status status = azm_sql_event(sql, &filter->event, err);
    azm_sql_times(sql, filter->since_us, filter->until_us);
    if (recent)
        azm_buf_addf(sql, " AND received_day > today() - %d", PLAIN_DAYS);
    add_order(search, sql);
    return status == AZM_OK ? show_candidates(search, more, err) : status;
}

static enum azm_status search_events(struct search *search, struct azm_error *err)
{
    bool more = true;
    enum azm_status status = AZM_OK;
    if (search->filter->order == AZM_NEWEST)
        status = list_by_event(search, true, &more, err);
    for (more = true; status == AZM_OK && more && !search->stopped;)
        status = list_by_event(search, false, &more, err);
    return status;
}

/* Those whose id begins so; their hours tell where to look. */
static enum azm_status list_prefix(struct search *search, struct azm_error *err)
{
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    azm_slice prefix = search->filter->id_prefix;
    struct page *page = search->page;
    struct azm_buf *sql = azm_clickhouse_sql(page->reader, "SELECT DISTINCT trace FROM trace_hours WHERE trace >= ");
    azm_sql_text(sql, prefix);
    azm_buf_add_str(sql, " AND startsWith(trace, ");
    azm_sql_text(sql, prefix);
    azm_buf_addf(sql, ") ORDER BY trace LIMIT %" PRId64, search->left);
    page_clear(page);
    enum azm_status status = azm_clickhouse_rows(page->reader, 1, &rows, err);
    while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK)
        add(page, c[0]);
    if (status == AZM_END)
        status = complete(page, err);
    search->by_event = true;
    if (status == AZM_OK)
        show(search);
    search->from.used = false;
    return status;
}

/* --- what changes --- */

/* First transactions that became known after that, of the days that may hold them: a trace's older ones make it no
 * news. */
static void ask_changes(struct azm_clickhouse_reader *reader, int64_t after, azm_slice service, struct azm_buf **out)
{
    char date[AZM_DATE_TEXT];
    azm_date_of(after - day_us, date);
    struct azm_buf *sql = azm_clickhouse_sql(
        reader, "SELECT trace, argMin(seq, (parent != '', start_us, seq)) AS change, argMin(service, (parent != '',"
                " start_us, seq)) AS first_service FROM events WHERE kind = 0 AND trace != ''");
    azm_buf_addf(sql,
                 " AND received_day >= '%s' AND trace IN (SELECT DISTINCT trace FROM events WHERE kind = 0 AND"
                 " received_day >= '%s' AND seq > %" PRId64 ") GROUP BY trace HAVING change > %" PRId64,
                 date, date, after, after);
    azm_sql_equal(sql, "first_service", service);
    *out = sql;
}

static enum azm_status list_changes(struct search *search, struct azm_error *err)
{
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    struct azm_buf *sql;
    struct page *page = search->page;
    const struct azm_trace_filter *filter = search->filter;
    ask_changes(page->reader, filter->after, filter->event.service, &sql);
    azm_buf_addf(sql, " ORDER BY change LIMIT %" PRId64, search->left);
    page_clear(page);
    enum azm_status status = azm_clickhouse_rows(page->reader, 3, &rows, err);
    while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK) {
        struct candidate *item = add(page, c[0]);
        if (item)
            item->at.value = azm_row_int(c[1]);
    }
    if (status == AZM_END)
        status = complete(page, err);
    search->list->change = filter->after;
    for (size_t i = 0; i < page->count && status == AZM_OK; i++) {
        struct candidate *item = &page->items[i];
        item->row.change = item->at.value; /* an even earlier one may have come in between */
        search->list->change = item->at.value;
        if (item->row.trace_id.len && item->row.start_us >= filter->since_us &&
            !search->visit(search->self, &item->row))
            break;
    }
    return status;
}

enum azm_status azm_clickhouse_last_change(struct azm_reader *base, int64_t *change, struct azm_error *err)
{
    struct azm_clickhouse_reader *reader = azm_clickhouse_reader(base);
    azm_clickhouse_sql(reader, "SELECT max(seq) FROM events WHERE kind = 0 AND received_day > today() - 2");
    enum azm_status status = azm_clickhouse_number(reader, change, err);
    if (status != AZM_OK || *change)
        return status;
    azm_clickhouse_sql(reader, "SELECT max(seq) FROM events WHERE kind = 0");
    return azm_clickhouse_number(reader, change, err);
}

enum azm_status azm_clickhouse_changes(struct azm_reader *base, int64_t after, azm_slice service, int64_t keep_newest,
                                       struct azm_changes *out, struct azm_error *err)
{
    struct azm_clickhouse_reader *reader = azm_clickhouse_reader(base);
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    struct azm_buf *sql;
    int64_t last = 0;
    *out = (struct azm_changes){.from = after, .last = after};
    enum azm_status status = azm_clickhouse_last_change(base, &last, err);
    out->last = last > after ? last : after;
    if (status != AZM_OK || last <= after)
        return status;
    ask_changes(reader, after, service, &sql);
    azm_buf_addf(sql, " ORDER BY change DESC LIMIT %d", AZM_READ_AT_MOST);
    status = azm_clickhouse_rows(reader, 3, &rows, err);
    while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK) {
        int64_t change = azm_row_int(c[1]);
        out->last = change > out->last ? change : out->last;
        if (out->count++ == keep_newest)
            out->from = change;
    }
    return status == AZM_END ? AZM_OK : status;
}

static enum azm_status find(struct search *search, struct azm_error *err)
{
    const struct azm_trace_filter *filter = search->filter;
    struct azm_event_filter others = filter->event;
    others.min_us = others.max_us = 0;
    if (filter->id_prefix.len)
        return list_prefix(search, err);
    search->by_event = !azm_event_filter_is_empty(&others);
    enum azm_status status = search->by_event ? search_events(search, err)
                             : filter->order == AZM_NEWEST
                                 ? list_newest(search, err)
                                 : list_window(search, filter->since_us, filter->until_us, err);
    if (search->stopped)
        search->list->next = search->from;
    return status;
}

enum azm_status azm_clickhouse_traces(struct azm_reader *base, const struct azm_trace_filter *filter,
                                      azm_trace_visit *visit, void *self, struct azm_trace_list *list,
                                      struct azm_error *err)
{
    struct search search = {.page = page_new(azm_clickhouse_reader(base)),
                            .filter = filter,
                            .list = list,
                            .visit = visit,
                            .self = self,
                            .from = filter->from,
                            .left = filter->limit};
    int64_t change = 0;
    *list = (struct azm_trace_list){.change = 0};
    enum azm_status status =
        filter->after ? list_changes(&search, err) : azm_clickhouse_last_change(base, &change, err);
    if (status == AZM_OK && !filter->after)
        status = find(&search, err);
    if (!filter->after)
        list->change = change;
    page_free(search.page);
    return status;
}
