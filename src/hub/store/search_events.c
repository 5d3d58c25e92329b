#include "hub/store/search.h"

#include "base/hash.h"
#include "hub/store/marks.h"

#include <stdlib.h>

enum { MATCH_MAX = 16384, LOWEST_BIT = 9, BANDS = 20 };

static const char find_sql[] = "SELECT " AZM_EVENT_COLUMNS " FROM words_N w JOIN events_N e ON e.seq = w.rowid"
                               " WHERE words_N MATCH ?1 AND w.rowid <= ?2 AND w.rowid >= ?3 ORDER BY w.rowid DESC";
static const char trace_sql[] = "SELECT " AZM_EVENT_COLUMNS " FROM events_N e WHERE e.trace = ?1 AND e.seq <= ?2"
                                " AND e.seq >= ?3 ORDER BY e.seq DESC";
static const char newer_sql[] = "SELECT 1 FROM events_N e WHERE e.trace = ?1 AND e.seq >= ?2 AND EXISTS"
                                " (SELECT 1 FROM words_N WHERE words_N MATCH ?3 AND rowid = e.seq) LIMIT 1";

/* Traces that were found already: a set by hash. */
struct trace_set {
    uint64_t *hashes;
    size_t count, cap;
};

static bool put(uint64_t *hashes, size_t cap, uint64_t hash)
{
    size_t at = hash & (cap - 1);
    for (; hashes[at]; at = (at + 1) & (cap - 1))
        if (hashes[at] == hash)
            return false;
    hashes[at] = hash;
    return true;
}

static void grow(struct trace_set *set)
{
    size_t cap = set->cap ? set->cap * 2 : 1024;
    uint64_t *hashes = calloc(cap, sizeof *hashes);
    if (!hashes)
        abort();
    for (size_t i = 0; i < set->cap; i++)
        if (set->hashes[i])
            put(hashes, cap, set->hashes[i]);
    free(set->hashes);
    set->hashes = hashes;
    set->cap = cap;
}

/* False: it is in it already. */
static bool add_to_set(struct trace_set *set, azm_slice trace_id)
{
    uint64_t hash = azm_hash(trace_id, 1);
    if (set->count * 2 >= set->cap)
        grow(set);
    bool is_new = put(set->hashes, set->cap, hash ? hash : 1);
    set->count += is_new;
    return is_new;
}

/* Events of all partitions, one after the other, the newest first. */
struct walk {
    struct azm_sqlite_reader *reader;
    const struct azm_event_filter *filter;
    azm_slice match, trace_id; /* by the one or by the other */
    int64_t since_us, until_us, before_seq;
    bool with_raw, stopped;
    int64_t looked_at, last_seq;
    size_t place; /* of the partition, in the reader's list */
    enum azm_status (*take)(void *self, const struct azm_event_row *row, struct azm_error *err);
    void *self;
};

static bool fits(const struct walk *walk, const struct azm_event_row *row)
{
    const struct azm_event_filter *filter = walk->filter;
    const struct azm_event *event = &row->event;
    return event->duration_us >= filter->min_us && (!filter->max_us || event->duration_us <= filter->max_us) &&
           event->start_us >= walk->since_us && (!walk->until_us || event->start_us <= walk->until_us) &&
           (filter->kind < 0 || (int)event->kind == filter->kind);
}

/* What of the partition has to be looked at. */
static enum azm_status range_of(const struct walk *walk, int64_t partition, struct azm_seq_range *range,
                                struct azm_error *err)
{
    struct azm_statement *s;
    enum azm_status status = AZM_OK;
    *range = (struct azm_seq_range){0, INT64_MAX};
    if (walk->since_us > 0 || walk->until_us > 0) {
        status = azm_reader_statement(walk->reader, azm_marks_sql, partition, &s, err);
        if (status == AZM_OK)
            status = azm_marks_range(s, walk->since_us, walk->until_us, range, err);
    }
    if (range->last >= walk->before_seq)
        range->last = walk->before_seq - 1;
    return status;
}

static enum azm_status bind_walk(const struct walk *walk, int64_t partition, struct azm_seq_range range,
                                 struct azm_statement **out, struct azm_error *err)
{
    enum azm_status status =
        azm_reader_statement(walk->reader, walk->trace_id.len ? trace_sql : find_sql, partition, out, err);
    if (status != AZM_OK)
        return status;
    if (walk->trace_id.len)
        azm_bind_id_key(*out, walk->trace_id);
    else
        azm_bind_key(*out, walk->match);
    azm_bind_int(*out, range.last);
    azm_bind_int(*out, range.first);
    return AZM_OK;
}

/* take answers AZM_FULL when it has enough. */
static enum azm_status walk_partition(struct walk *walk, int64_t partition, struct azm_error *err)
{
    struct azm_statement *s;
    struct azm_event_ids ids;
    struct azm_event_row row;
    struct azm_seq_range range;
    enum azm_status status = range_of(walk, partition, &range, err);
    if (status == AZM_OK && range.first > range.last)
        return AZM_END;
    if (status == AZM_OK)
        status = bind_walk(walk, partition, range, &s, err);
    if (status != AZM_OK)
        return status;
    while ((status = azm_statement_row(s, err)) == AZM_OK) {
        if (++walk->looked_at > AZM_READ_AT_MOST) {
            walk->stopped = true;
            break;
        }
        walk->last_seq = azm_column_int(s, 0);
        status = azm_reader_row_of(walk->reader, s, partition, false, &ids, &row, err);
        if (status == AZM_OK && fits(walk, &row)) {
            if (walk->with_raw)
                status = azm_reader_row_of(walk->reader, s, partition, true, &ids, &row, err);
            if (status == AZM_OK)
                status = walk->take(walk->self, &row, err);
        }
        if (status != AZM_OK)
            break;
    }
    azm_statement_reset(s);
    return status;
}

static enum azm_status walk_all(struct walk *walk, bool *enough, struct azm_error *err)
{
    const struct azm_partition_list *all = &walk->reader->partitions;
    *enough = false;
    for (walk->place = 0; walk->place < all->count && !walk->stopped; walk->place++) {
        const struct azm_partition *partition = &all->items[walk->place];
        if (partition->last_us < walk->since_us) /* nothing that began later arrived in it */
            continue;
        enum azm_status status = walk_partition(walk, partition->id, err);
        if (status == AZM_FULL) {
            *enough = true;
            return AZM_OK;
        }
        if (status != AZM_OK && status != AZM_END)
            return status;
    }
    return AZM_OK;
}

/* Traces by their events. */
struct gather {
    struct walk walk;
    struct azm_finds *finds;
    struct trace_set seen;
    bool by_duration;
    const struct azm_trace_filter *filter;
};

static enum azm_status was_shown(struct gather *gather, azm_slice trace_id, bool *shown, struct azm_error *err)
{
    const struct azm_partition_list *all = &gather->walk.reader->partitions;
    enum azm_status status = AZM_OK;
    *shown = false;
    for (size_t i = gather->walk.place + 1; i-- > 0 && !*shown && status == AZM_OK && i + 2 > gather->walk.place;) {
        struct azm_statement *s;
        status = azm_reader_statement(gather->walk.reader, newer_sql, all->items[i].id, &s, err);
        if (status != AZM_OK)
            return status;
        azm_bind_id_key(s, trace_id);
        azm_bind_int(s, gather->walk.before_seq);
        azm_bind_key(s, gather->walk.match);
        *shown = azm_statement_row(s, NULL) == AZM_OK;
        azm_statement_reset(s);
    }
    return status;
}

static enum azm_status take_trace(void *self, const struct azm_event_row *row, struct azm_error *err)
{
    struct gather *gather = self;
    const struct azm_event *event = &row->event;
    bool shown = false;
    if (event->trace_id.len == 0 || !add_to_set(&gather->seen, event->trace_id))
        return AZM_OK;
    if (gather->filter->from.used && !gather->by_duration) {
        enum azm_status status = was_shown(gather, event->trace_id, &shown, err);
        if (status != AZM_OK || shown)
            return status;
    }
    struct azm_cursor at = {gather->by_duration ? event->duration_us : row->seq, row->seq, true};
    if (gather->by_duration && gather->filter->from.used && !azm_finds_before(gather->finds, gather->filter->from, at))
        return AZM_OK;
    struct azm_trace_row trace = {.trace_id = event->trace_id};
    azm_finds_add(gather->finds, at, &trace);
    return !gather->by_duration && azm_finds_are_full(gather->finds) ? AZM_FULL : AZM_OK;
}

static enum azm_status match_of(const struct azm_event_filter *filter, struct azm_buf *out, azm_slice *match,
                                struct azm_error *err)
{
    enum azm_status status = azm_words_match(filter, out, err);
    *match = azm_buf_slice(out);
    if (status == AZM_OK && out->failed)
        status = azm_fail(err, AZM_BAD_INPUT, "there are too many conditions");
    return status;
}

static enum azm_status walk_for(struct gather *gather, const struct azm_event_filter *filter, bool *enough,
                                struct azm_error *err)
{
    char storage[MATCH_MAX];
    struct azm_buf text;
    azm_buf_init_fixed(&text, storage, sizeof storage);
    gather->walk.filter = filter;
    enum azm_status status = match_of(filter, &text, &gather->walk.match, err);
    if (status == AZM_OK)
        status = walk_all(&gather->walk, enough, err);
    gather->walk.match = AZM_S(""); /* it lies in storage */
    gather->walk.filter = NULL;
    return status;
}

/* The nth band of durations: the index knows powers of two, so a list of the slowest reads no more than it shows. The
 * first and the last band hold what few events have. */
static void band_of(const struct azm_event_filter *filter, enum azm_trace_order order, int n,
                    struct azm_event_filter *out)
{
    int at = order == AZM_SLOWEST ? BANDS - 1 - n : n;
    int64_t least = at == 0 ? 0 : (int64_t)1 << (at + LOWEST_BIT);
    int64_t most = at == BANDS - 1 ? 0 : ((int64_t)1 << (at + LOWEST_BIT + 1)) - 1;
    *out = *filter;
    out->or_none = at == 0 && filter->min_us == 0 && filter->max_us == 0;
    if (least > out->min_us)
        out->min_us = least;
    if (most && (out->max_us == 0 || most < out->max_us))
        out->max_us = most;
}

/* Band after band, until there are enough. Those of earlier pages are walked again: their traces are not shown twice.
 */
static enum azm_status walk_bands(struct gather *gather, struct azm_error *err)
{
    enum azm_status status = AZM_OK;
    bool enough = false;
    for (int n = 0; n < BANDS && status == AZM_OK && !gather->walk.stopped; n++) {
        struct azm_event_filter band;
        band_of(&gather->filter->event, gather->filter->order, n, &band);
        if (band.max_us && band.min_us > band.max_us)
            continue;
        status = walk_for(gather, &band, &enough, err);
        if (azm_finds_are_full(gather->finds))
            break;
    }
    return status;
}

enum azm_status azm_search_events(struct azm_sqlite_reader *reader, const struct azm_trace_filter *filter,
                                  struct azm_finds *finds, struct azm_trace_list *list, struct azm_error *err)
{
    struct gather gather = {.finds = finds, .filter = filter, .by_duration = filter->order != AZM_NEWEST};
    gather.walk = (struct walk){.reader = reader,
                                .since_us = filter->since_us,
                                .until_us = filter->until_us,
                                .before_seq = INT64_MAX,
                                .take = take_trace,
                                .self = &gather};
    if (filter->from.used && !gather.by_duration)
        gather.walk.before_seq = filter->from.value;
    bool enough = false;
    enum azm_status status =
        gather.by_duration ? walk_bands(&gather, err) : walk_for(&gather, &filter->event, &enough, err);
    list->partial = gather.walk.stopped;
    if (!gather.by_duration && (enough || list->partial))
        list->next = (struct azm_cursor){gather.walk.last_seq, 0, true};
    if (gather.by_duration && azm_finds_are_full(finds) && finds->count)
        list->next = finds->items[finds->count - 1].at;
    free(gather.seen.hashes);
    return status;
}

/* Events as they are. */
struct listing {
    azm_event_visit *visit;
    void *self;
    int64_t left;
};

static enum azm_status take_event(void *self, const struct azm_event_row *row, struct azm_error *err)
{
    struct listing *listing = self;
    (void)err;
    return !listing->visit(listing->self, row) || --listing->left == 0 ? AZM_FULL : AZM_OK;
}

enum azm_status azm_sqlite_find_events(struct azm_reader *base, const struct azm_event_list *list,
                                       azm_event_visit *visit, void *self, struct azm_trace_list *out,
                                       struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    char storage[MATCH_MAX];
    struct azm_buf text;
    struct listing listing = {visit, self, list->limit};
    struct walk walk = {.reader = reader,
                        .filter = &list->filter,
                        .trace_id = list->trace_id,
                        .since_us = list->since_us,
                        .until_us = list->until_us,
                        .before_seq = list->from.used ? list->from.value : INT64_MAX,
                        .with_raw = !list->without_raw,
                        .take = take_event,
                        .self = &listing};
    bool enough = false;
    *out = (struct azm_trace_list){.change = 0};
    azm_buf_init_fixed(&text, storage, sizeof storage);
    enum azm_status status = match_of(&list->filter, &text, &walk.match, err);
    if (status != AZM_OK)
        return status;
    status = azm_sqlite_begin(&reader->base, err);
    if (status == AZM_OK)
        status = walk_all(&walk, &enough, err);
    azm_sqlite_end(&reader->base);
    out->partial = walk.looked_at > AZM_READ_AT_MOST;
    if (enough || out->partial)
        out->next = (struct azm_cursor){walk.last_seq, 0, true};
    return status;
}
