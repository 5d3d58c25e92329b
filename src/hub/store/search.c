#include "hub/store/search.h"

#include <stdlib.h>

enum { RANK_BITS = 40, LEAST_SHARE = 2000 };

/* ?1 since, ?2 until, ?3 and ?4 where to go on, ?5 the partition's part of the rank */
#define SCAN "SELECT " AZM_TRACE_COLUMNS " FROM traces_N WHERE continues = 0 AND "
static const char newest_sql[] = SCAN "start_us >= ?1 AND start_us <= min(?2, ?3) AND (start_us < ?3 OR ?5 + seq < ?4)"
                                      " ORDER BY start_us DESC, seq DESC";
static const char slowest_sql[] =
    SCAN "+start_us >= ?1 AND +start_us <= ?2 AND duration_us <= ?3 AND (duration_us < ?3 OR ?5 + seq < ?4)"
         " ORDER BY duration_us DESC, seq DESC";
static const char fastest_sql[] =
    SCAN "+start_us >= ?1 AND +start_us <= ?2 AND duration_us >= ?3 AND (duration_us > ?3 OR ?5 + seq > ?4)"
         " ORDER BY duration_us, seq";
static const char changed_sql[] =
    "SELECT " AZM_TRACE_COLUMNS " FROM traces_N WHERE change > ?1 AND start_us >= ?2 ORDER BY change LIMIT ?3";
static const char prefix_sql[] =
    "SELECT " AZM_TRACE_COLUMNS " FROM traces_N WHERE trace >= ?1 AND trace <= ?2 AND continues = 0 LIMIT ?3";

/* Of one list, on its way. */
struct scan {
    struct azm_sqlite_reader *reader;
    const struct azm_trace_filter *filter;
    struct azm_finds *finds;
    struct azm_trace_list *list;
    int64_t share;             /* of AZM_READ_AT_MOST, for each partition */
    struct azm_cursor horizon; /* behind it, not all partitions were looked at */
};

static int64_t rank_of(int64_t partition)
{
    return partition << RANK_BITS;
}

static bool fits(const struct scan *scan, const struct azm_trace_row *row)
{
    const struct azm_event_filter *event = &scan->filter->event;
    return row->duration_us >= event->min_us && (event->max_us == 0 || row->duration_us <= event->max_us);
}

static void bind_scan(const struct scan *scan, struct azm_statement *s, int64_t partition)
{
    const struct azm_trace_filter *filter = scan->filter;
    bool rising = filter->order == AZM_FASTEST;
    azm_bind_int(s, filter->since_us);
    azm_bind_int(s, filter->until_us ? filter->until_us : INT64_MAX);
    azm_bind_int(s, filter->from.used ? filter->from.value : rising ? INT64_MIN : INT64_MAX);
    azm_bind_int(s, filter->from.used ? filter->from.rank : rising ? INT64_MIN : INT64_MAX);
    azm_bind_int(s, rank_of(partition));
}

/* The row itself was not judged. */
static void stop_at(struct scan *scan, struct azm_cursor at)
{
    at.rank += scan->filter->order == AZM_FASTEST ? -1 : 1;
    if (!scan->horizon.used || azm_finds_before(scan->finds, at, scan->horizon))
        scan->horizon = at;
}

/* Rows in the list's order, until there are enough of this partition. */
static enum azm_status scan_partition(struct scan *scan, int64_t partition, const char *sql, struct azm_error *err)
{
    struct azm_statement *s;
    struct azm_trace_ids ids;
    struct azm_trace_row row;
    bool continues;
    enum azm_status status = azm_reader_statement(scan->reader, sql, partition, &s, err);
    if (status != AZM_OK)
        return status;
    bind_scan(scan, s, partition);
    size_t found = 0;
    int64_t looked_at = 0;
    while (found < scan->finds->max && (status = azm_statement_row(s, err)) == AZM_OK) {
        azm_trace_row_of(s, &ids, &row, &continues);
        struct azm_cursor at = {scan->filter->order == AZM_NEWEST ? row.start_us : row.duration_us,
                                rank_of(partition) + azm_column_int(s, 0), true};
        if (++looked_at > scan->share) {
            stop_at(scan, at);
            break;
        }
        if (!fits(scan, &row))
            continue;
        azm_finds_add(scan->finds, at, &row);
        found++;
    }
    azm_statement_reset(s);
    return status == AZM_END ? AZM_OK : status;
}

static int by_newest_start(const void *a, const void *b)
{
    const struct azm_partition *x = a, *y = b;
    return x->max_start_us > y->max_start_us ? -1 : x->max_start_us < y->max_start_us;
}

static bool overlaps(const struct azm_trace_filter *filter, const struct azm_partition *partition)
{
    return partition->max_start_us >= filter->since_us &&
           (filter->until_us == 0 || partition->min_start_us <= filter->until_us);
}

/* No trace of the partition can be among the newest found. */
static bool is_behind(const struct scan *scan, const struct azm_partition *partition)
{
    const struct azm_finds *finds = scan->finds;
    return scan->filter->order == AZM_NEWEST && azm_finds_are_full(finds) &&
           finds->items[finds->count - 1].at.value > partition->max_start_us;
}

/* What lies behind the horizon is for the next list. */
static void set_next(struct scan *scan)
{
    struct azm_finds *finds = scan->finds;
    struct azm_cursor *next = &scan->list->next;
    if (finds->count && azm_finds_are_full(finds))
        *next = finds->items[finds->count - 1].at;
    if (!scan->horizon.used || (next->used && azm_finds_before(finds, *next, scan->horizon)))
        return;
    scan->list->partial = true;
    *next = scan->horizon;
    while (finds->count && azm_finds_before(finds, scan->horizon, finds->items[finds->count - 1].at))
        finds->count--;
}

static enum azm_status scan_all(struct scan *scan, struct azm_error *err)
{
    static const char *const sql[] = {
        [AZM_NEWEST] = newest_sql, [AZM_SLOWEST] = slowest_sql, [AZM_FASTEST] = fastest_sql};
    struct azm_partition_list *all = &scan->reader->partitions;
    struct azm_partition *sorted = malloc((all->count + 1) * sizeof *sorted);
    if (!sorted)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the list of partitions");
    if (all->count) {
        memcpy(sorted, all->items, all->count * sizeof *sorted);
        qsort(sorted, all->count, sizeof *sorted, by_newest_start);
    }
    int64_t many = 0;
    for (size_t i = 0; i < all->count; i++)
        many += overlaps(scan->filter, &sorted[i]);
    scan->share = many && AZM_READ_AT_MOST / many > LEAST_SHARE ? AZM_READ_AT_MOST / many : LEAST_SHARE;
    enum azm_status status = AZM_OK;
    for (size_t i = 0; i < all->count && status == AZM_OK; i++)
        if (overlaps(scan->filter, &sorted[i]) && !is_behind(scan, &sorted[i]))
            status = scan_partition(scan, sorted[i].id, sql[scan->filter->order], err);
    free(sorted);
    set_next(scan);
    return status;
}

static enum azm_status add_plain(struct scan *scan, int64_t partition, const char *sql, struct azm_error *err)
{
    struct azm_statement *s;
    struct azm_trace_ids ids;
    struct azm_trace_row row;
    bool continues, by_change = sql == changed_sql;
    const struct azm_trace_filter *filter = scan->filter;
    enum azm_status status = azm_reader_statement(scan->reader, sql, partition, &s, err);
    if (status != AZM_OK)
        return status;
    if (by_change) {
        azm_bind_int(s, filter->after);
        azm_bind_int(s, filter->since_us);
    } else {
        azm_bind_id_range(s, filter->id_prefix);
    }
    azm_bind_int(s, filter->event.service.len ? AZM_READ_AT_MOST : filter->limit);
    while ((status = azm_statement_row(s, err)) == AZM_OK) {
        azm_trace_row_of(s, &ids, &row, &continues);
        if (!filter->event.service.len || azm_slice_eq(row.service, filter->event.service))
            azm_finds_add(scan->finds, (struct azm_cursor){by_change ? row.change : row.start_us, 0, true}, &row);
    }
    return status == AZM_END ? AZM_OK : status;
}

static enum azm_status plain(struct scan *scan, const char *sql, struct azm_error *err)
{
    const struct azm_partition_list *all = &scan->reader->partitions;
    enum azm_status status = AZM_OK;
    for (size_t i = 0; i < all->count && status == AZM_OK; i++)
        status = add_plain(scan, all->items[i].id, sql, err);
    return status;
}

/* Rows are complete only now: their parts in other partitions, their services. A trace that is followed keeps the
 * change it was found by, though its first transaction may lie in an older partition. */
static enum azm_status show(struct azm_sqlite_reader *reader, struct azm_finds *finds, azm_trace_visit *visit,
                            void *self, struct azm_trace_list *list, struct azm_error *err)
{
    enum azm_status status = AZM_OK;
    for (size_t i = 0; i < finds->count && status == AZM_OK; i++) {
        struct azm_trace_row row;
        status = azm_trace_read(reader, finds->items[i].row.trace_id, &finds->arena, &row, err);
        if (status != AZM_OK)
            break;
        if (finds->items[i].row.change > row.change)
            row.change = finds->items[i].row.change;
        list->change = row.change > list->change ? row.change : list->change;
        if (!visit(self, &row))
            break;
    }
    return status;
}

static enum azm_status find(struct scan *scan, struct azm_error *err)
{
    const struct azm_trace_filter *filter = scan->filter;
    struct azm_event_filter others = filter->event;
    others.min_us = others.max_us = 0;
    if (filter->after)
        return plain(scan, changed_sql, err);
    if (filter->id_prefix.len)
        return plain(scan, prefix_sql, err);
    return azm_event_filter_is_empty(&others) ? scan_all(scan, err)
                                              : azm_search_events(scan->reader, filter, scan->finds, scan->list, err);
}

static enum azm_status search(struct scan *scan, azm_trace_visit *visit, void *self, struct azm_error *err)
{
    int64_t change = 0;
    enum azm_status status = find(scan, err);
    if (status == AZM_OK && !scan->filter->after)
        status = azm_sqlite_last_change(&scan->reader->base, &change, err);
    scan->list->change = scan->filter->after;
    if (status == AZM_OK)
        status = show(scan->reader, scan->finds, visit, self, scan->list, err);
    if (!scan->filter->after)
        scan->list->change = change;
    return status;
}

enum azm_status azm_sqlite_traces(struct azm_reader *base, const struct azm_trace_filter *filter,
                                  azm_trace_visit *visit, void *self, struct azm_trace_list *list,
                                  struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    struct azm_finds finds;
    *list = (struct azm_trace_list){.change = 0};
    bool rising = filter->after || filter->order == AZM_FASTEST;
    enum azm_status status = azm_finds_init(&finds, filter->limit, rising, err);
    if (status != AZM_OK)
        return status;
    struct scan scan = {.reader = reader, .filter = filter, .finds = &finds, .list = list};
    status = azm_sqlite_begin(&reader->base, err);
    if (status == AZM_OK)
        status = search(&scan, visit, self, err);
    azm_sqlite_end(&reader->base);
    azm_finds_dispose(&finds);
    return status;
}
