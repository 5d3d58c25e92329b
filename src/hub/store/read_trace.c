#include "hub/store/reader_parts.h"

#include <sqlite3.h>
#include <stdlib.h>

static const char events_sql[] =
    "SELECT " AZM_EVENT_COLUMNS " FROM events_N e WHERE e.trace = ? ORDER BY e.seq LIMIT ?";

struct collected {
    struct azm_arena arena;
    struct azm_event_row *rows;
    size_t count, cap;
};

static azm_slice keep(struct azm_arena *arena, azm_slice text)
{
    return text.len ? azm_arena_copy(arena, text) : text;
}

static void keep_row(struct collected *all, const struct azm_event_row *row)
{
    if (all->count == all->cap) {
        all->cap = all->cap ? all->cap * 2 : 64;
        all->rows = realloc(all->rows, all->cap * sizeof *all->rows);
        if (!all->rows)
            abort();
    }
    struct azm_event_row *own = &all->rows[all->count++];
    *own = *row;
    azm_slice *const texts[] = {
        &own->event.trace_id, &own->event.id,        &own->event.parent_id, &own->event.service,
        &own->event.name,     &own->event.type,      &own->event.subtype,   &own->event.result,
        &own->event.message,  &own->event.trigger,   &own->event.function,  &own->event.target,
        &own->event.culprit,  &own->event.operation, &own->event.raw,       &own->event.transaction_id};
    for (size_t i = 0; i < AZM_COUNT(texts); i++)
        *texts[i] = keep(&all->arena, *texts[i]);
}

static enum azm_status collect(struct azm_sqlite_reader *reader, int64_t partition, azm_slice trace_id,
                               struct collected *all, struct azm_error *err)
{
    struct azm_statement *s;
    struct azm_event_ids ids;
    struct azm_event_row row;
    enum azm_status status = azm_reader_statement(reader, events_sql, partition, &s, err);
    if (status != AZM_OK)
        return status;
    azm_bind_id_key(s, trace_id);
    azm_bind_int(s, AZM_READ_AT_MOST - (int64_t)all->count);
    while ((status = azm_statement_row(s, err)) == AZM_OK) {
        status = azm_reader_row_of(reader, s, partition, true, &ids, &row, err);
        if (status != AZM_OK)
            break;
        keep_row(all, &row);
    }
    azm_statement_reset(s);
    return status == AZM_END ? AZM_OK : status;
}

static int by_kind_and_start(const void *a, const void *b)
{
    const struct azm_event_row *x = a, *y = b;
    if (x->event.kind != y->event.kind)
        return x->event.kind < y->event.kind ? -1 : 1;
    if (x->event.start_us != y->event.start_us)
        return x->event.start_us < y->event.start_us ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void visit_all(struct collected *all, azm_event_visit *visit, void *self)
{
    if (all->count)
        qsort(all->rows, all->count, sizeof *all->rows, by_kind_and_start);
    for (size_t i = 0; i < all->count && visit(self, &all->rows[i]); i++)
        ;
}

enum azm_status azm_sqlite_events(struct azm_reader *base, azm_slice trace_id, azm_event_visit *visit, void *self,
                                  struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    struct collected all = {.count = 0};
    azm_arena_init(&all.arena, 0);
    enum azm_status status = azm_sqlite_begin(&reader->base, err);
    for (size_t i = 0; i < reader->partitions.count && status == AZM_OK; i++)
        status = collect(reader, reader->partitions.items[i].id, trace_id, &all, err);
    if (status == AZM_OK)
        visit_all(&all, visit, self);
    azm_sqlite_end(&reader->base);
    free(all.rows);
    azm_arena_dispose(&all.arena);
    return status;
}

enum { PROCESSES_MAX = 1000 };

struct ids {
    int64_t items[PROCESSES_MAX];
    size_t count;
};

static void add_id(struct ids *ids, int64_t id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (ids->items[i] == id)
            return;
    if (ids->count < PROCESSES_MAX)
        ids->items[ids->count++] = id;
}

static enum azm_status find_processes(struct azm_sqlite_reader *reader, int64_t partition, azm_slice trace_id,
                                      struct ids *ids, struct azm_error *err)
{
    struct azm_statement *s;
    enum azm_status status =
        azm_reader_statement(reader, "SELECT DISTINCT resource FROM events_N WHERE trace = ?", partition, &s, err);
    if (status != AZM_OK)
        return status;
    azm_bind_id_key(s, trace_id);
    while ((status = azm_statement_row(s, err)) == AZM_OK)
        add_id(ids, azm_column_int(s, 0));
    return status == AZM_END ? AZM_OK : status;
}

static enum azm_status show_process(struct azm_sqlite_reader *reader, int64_t id, azm_process_visit *visit, void *self,
                                    struct azm_error *err)
{
    struct azm_statement *s;
    enum azm_status status =
        azm_reader_statement(reader, "SELECT metadata, from_host FROM processes WHERE id = ?", 0, &s, err);
    if (status != AZM_OK)
        return status;
    azm_bind_int(s, id);
    status = azm_statement_row(s, err);
    if (status == AZM_OK)
        visit(self, id, azm_column_text(s, 0), azm_column_int(s, 1) != 0);
    azm_statement_reset(s);
    return status == AZM_END ? AZM_OK : status;
}

enum azm_status azm_sqlite_processes(struct azm_reader *base, azm_slice trace_id, azm_process_visit *visit, void *self,
                                     struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    struct ids ids = {.count = 0};
    enum azm_status status = azm_sqlite_begin(&reader->base, err);
    for (size_t i = 0; i < reader->partitions.count && status == AZM_OK; i++)
        status = find_processes(reader, reader->partitions.items[i].id, trace_id, &ids, err);
    for (size_t i = 0; i < ids.count && status == AZM_OK; i++)
        status = show_process(reader, ids.items[i], visit, self, err);
    azm_sqlite_end(&reader->base);
    return status;
}
