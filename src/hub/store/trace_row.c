#include "hub/store/search.h"

static const char row_sql[] = "SELECT " AZM_TRACE_COLUMNS " FROM traces_N WHERE trace = ?";
static const char services_sql[] = "SELECT service, count(*), sum(outcome = 2) FROM (SELECT service, outcome FROM"
                                   " events_N WHERE trace = ? LIMIT 2000) GROUP BY service ORDER BY 2 DESC LIMIT 12";

void azm_trace_row_of(const struct azm_statement *s, struct azm_trace_ids *ids, struct azm_trace_row *row,
                      bool *continues)
{
    *continues = azm_column_int(s, 2) != 0;
    *row = (struct azm_trace_row){.trace_id = azm_column_id(s, 1, ids->trace),
                                  .change = azm_column_int(s, 3),
                                  .start_us = azm_column_int(s, 4),
                                  .has_transaction = azm_column_int(s, 5) >= 0,
                                  .transaction_id = azm_column_id(s, 6, ids->transaction),
                                  .service = azm_column_text(s, 7),
                                  .name = azm_column_text(s, 8),
                                  .type = azm_column_text(s, 9),
                                  .duration_us = azm_column_int(s, 10),
                                  .outcome = (enum azm_outcome)azm_column_int(s, 11),
                                  .result = azm_column_text(s, 12),
                                  .trigger = azm_column_text(s, 13),
                                  .function = azm_column_text(s, 14),
                                  .coldstart = azm_column_int(s, 15) != 0,
                                  .transactions = azm_column_int(s, 16),
                                  .spans = azm_column_int(s, 17),
                                  .errors = azm_column_int(s, 18),
                                  .logs = azm_column_int(s, 19),
                                  .failed = azm_column_int(s, 20)};
}

static void keep(struct azm_arena *arena, azm_slice *text)
{
    if (text->len)
        *text = azm_arena_copy(arena, *text);
}

static void take_first(struct azm_trace_row *whole, const struct azm_trace_row *part, struct azm_arena *arena)
{
    azm_slice *const to[] = {&whole->transaction_id, &whole->service, &whole->name,    &whole->type,
                             &whole->result,         &whole->trigger, &whole->function};
    const azm_slice from[] = {part->transaction_id, part->service, part->name,    part->type,
                              part->result,         part->trigger, part->function};
    for (size_t i = 0; i < AZM_COUNT(to); i++) {
        *to[i] = from[i];
        keep(arena, to[i]);
    }
    whole->has_transaction = part->has_transaction;
    whole->start_us = part->start_us;
    whole->duration_us = part->duration_us;
    whole->outcome = part->outcome;
    whole->change = part->change;
}

/* rooted: the part's first transaction has no parent. The parts come from the newest to the oldest. */
static void join(struct azm_trace_row *whole, const struct azm_trace_row *part, bool rooted, struct azm_arena *arena)
{
    bool first = whole->trace_id.len == 0;
    if (first) {
        whole->trace_id = part->trace_id;
        keep(arena, &whole->trace_id);
    }
    if (first || (part->has_transaction && (rooted || !whole->has_transaction)) || !whole->has_transaction)
        take_first(whole, part, arena);
    whole->coldstart = whole->coldstart || part->coldstart;
    whole->transactions += part->transactions;
    whole->spans += part->spans;
    whole->errors += part->errors;
    whole->logs += part->logs;
    whole->failed += part->failed;
}

static void count_service(struct azm_trace_row *row, azm_slice name, int64_t events, int64_t failed,
                          struct azm_arena *arena)
{
    size_t i = 0;
    while (i < row->service_count && !azm_slice_eq(row->services[i].name, name))
        i++;
    if (i == AZM_TRACE_SERVICES)
        return;
    if (i == row->service_count) {
        row->services[row->service_count++] = (struct azm_trace_service){.name = name};
        keep(arena, &row->services[i].name);
    }
    row->services[i].events += events;
    row->services[i].failed += failed;
}

static enum azm_status read_services(struct azm_sqlite_reader *reader, int64_t partition, azm_slice trace_id,
                                     struct azm_arena *arena, struct azm_trace_row *row, struct azm_error *err)
{
    struct azm_statement *s;
    enum azm_status status = azm_reader_statement(reader, services_sql, partition, &s, err);
    if (status != AZM_OK)
        return status;
    azm_bind_id_key(s, trace_id);
    while ((status = azm_statement_row(s, err)) == AZM_OK)
        count_service(row, azm_column_text(s, 0), azm_column_int(s, 1), azm_column_int(s, 2), arena);
    return status == AZM_END ? AZM_OK : status;
}

/* AZM_END: nothing of the trace is there. */
static enum azm_status read_part(struct azm_sqlite_reader *reader, int64_t partition, azm_slice trace_id,
                                 struct azm_arena *arena, struct azm_trace_row *whole, bool *continues,
                                 struct azm_error *err)
{
    struct azm_statement *s;
    struct azm_trace_ids ids;
    struct azm_trace_row part;
    enum azm_status status = azm_reader_statement(reader, row_sql, partition, &s, err);
    if (status != AZM_OK)
        return status;
    azm_bind_id_key(s, trace_id);
    status = azm_statement_row(s, err);
    if (status != AZM_OK)
        return status;
    azm_trace_row_of(s, &ids, &part, continues);
    join(whole, &part, azm_column_int(s, 5) == 1, arena);
    azm_statement_reset(s);
    return read_services(reader, partition, trace_id, arena, whole, err);
}

enum azm_status azm_trace_read(struct azm_sqlite_reader *reader, azm_slice trace_id, struct azm_arena *arena,
                               struct azm_trace_row *row, struct azm_error *err)
{
    enum azm_status status = AZM_OK;
    bool continues;
    *row = (struct azm_trace_row){.change = 0};
    for (size_t i = 0; i < reader->partitions.count && (status == AZM_OK || status == AZM_END); i++)
        status = read_part(reader, reader->partitions.items[i].id, trace_id, arena, row, &continues, err);
    if (status != AZM_OK && status != AZM_END)
        return status;
    return row->trace_id.len ? AZM_OK : AZM_NOT_FOUND;
}

enum azm_status azm_sqlite_trace(struct azm_reader *base, azm_slice trace_id, azm_trace_visit *visit, void *self,
                                 struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    struct azm_arena arena;
    struct azm_trace_row row;
    azm_arena_init(&arena, 0);
    enum azm_status status = azm_sqlite_begin(&reader->base, err);
    if (status == AZM_OK)
        status = azm_trace_read(reader, trace_id, &arena, &row, err);
    if (status == AZM_OK)
        visit(self, &row);
    azm_sqlite_end(&reader->base);
    azm_arena_dispose(&arena);
    return status;
}
