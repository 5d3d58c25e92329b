#include "hub/store/read_sums.h"

#include "hub/store/reader_parts.h"
#include "hub/store/retention.h"

/* Without the names of operations: those are looked up once, not for each step (operations.h). */
static const char sums_sql[] = "SELECT operation, at, ok, failed, unknown, sum_us, last_us, histogram FROM sums"
                               " WHERE level = ?1 AND at >= ?2 AND at <= ?3";

static int level_for(int64_t since_us, int64_t until_us)
{
    int64_t length_s = (until_us - since_us) / 1000000;
    return length_s <= 3 * 3600 + 60 ? 0 : length_s <= 4 * 86400 + 900 ? 1 : 2;
}

int64_t azm_sums_step_s(int64_t since_us, int64_t until_us)
{
    return azm_sum_levels[level_for(since_us, until_us)].step_s;
}

static bool is_or_any(azm_slice wanted, azm_slice value)
{
    return wanted.len == 0 || azm_slice_eq(wanted, value);
}

static bool asks_for(const struct azm_sum_filter *filter, const struct azm_operation *operation)
{
    return operation->kind == (int64_t)filter->kind && is_or_any(filter->service, operation->service) &&
           is_or_any(filter->environment, operation->environment) && is_or_any(filter->name, operation->name) &&
           is_or_any(filter->function, operation->function) && (!filter->functions || operation->function.len);
}

static struct azm_sum_row sum_of(const struct azm_statement *s, const struct azm_operation *operation, int64_t step_us)
{
    return (struct azm_sum_row){.operation = azm_column_int(s, 0),
                                .service = operation->service,
                                .environment = operation->environment,
                                .name = operation->name,
                                .type = operation->type,
                                .function = operation->function,
                                .trigger = operation->trigger,
                                .coldstart = operation->coldstart,
                                .from_host = operation->from_host,
                                .at_us = azm_column_int(s, 1) * step_us,
                                .ok = azm_column_real(s, 2),
                                .failed = azm_column_real(s, 3),
                                .unknown = azm_column_real(s, 4),
                                .sum_us = azm_column_int(s, 5),
                                .last_us = azm_column_int(s, 6),
                                .histogram = azm_column_bytes(s, 7)};
}

static enum azm_status visit_sums(struct azm_sqlite_reader *reader, struct azm_statement *s, struct azm_statement *find,
                                  const struct azm_sum_filter *filter, int64_t step_us, azm_sum_visit *visit,
                                  void *self, struct azm_error *err)
{
    enum azm_status status;
    while ((status = azm_statement_row(s, err)) == AZM_OK) {
        const struct azm_operation *operation = NULL;
        status = azm_operations_get(&reader->operations, find, azm_column_int(s, 0), &operation, err);
        if (status == AZM_NOT_FOUND || (status == AZM_OK && !asks_for(filter, operation)))
            continue;
        if (status != AZM_OK)
            return status;
        struct azm_sum_row row = sum_of(s, operation, step_us);
        if (!visit(self, &row))
            return AZM_OK;
    }
    return status == AZM_END ? AZM_OK : status;
}

enum azm_status azm_sqlite_sums(struct azm_reader *base, const struct azm_sum_filter *filter, azm_sum_visit *visit,
                                void *self, struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    struct azm_statement *s = NULL, *find = NULL;
    int level = level_for(filter->since_us, filter->until_us);
    int64_t step_us = azm_sum_levels[level].step_s * 1000000;
    enum azm_status status = azm_reader_statement(reader, sums_sql, 0, &s, err);
    if (status == AZM_OK)
        status = azm_reader_statement(reader, azm_operations_sql, 0, &find, err);
    if (status != AZM_OK)
        return status;
    azm_bind_int(s, level);
    azm_bind_int(s, filter->since_us / step_us);
    azm_bind_int(s, filter->until_us / step_us);
    status = visit_sums(reader, s, find, filter, step_us, visit, self, err);
    azm_statement_reset(s);
    return status;
}

static const char groups_sql[] =
    "SELECT grp, service, type, message, culprit, trace, id, first_us, last_us, count FROM groups WHERE last_us >= ?1"
    " AND first_us <= ?2 AND (?3 IS NULL OR service = ?3) AND (?4 = 0 OR grp = ?4)"
    " AND (?5 IS NULL OR instr(lower(coalesce(type, '') || ' ' || coalesce(message, '') || ' ' || coalesce(culprit, "
    "'')),"
    " lower(?5))) AND (last_us < ?6 OR last_us = ?6 AND grp < ?7) ORDER BY last_us DESC, grp DESC LIMIT ?8";

static void bind_groups(struct azm_statement *s, const struct azm_group_filter *filter)
{
    azm_bind_int(s, filter->since_us);
    azm_bind_int(s, filter->until_us ? filter->until_us : INT64_MAX);
    azm_bind_text(s, filter->service);
    azm_bind_int(s, (int64_t)filter->group);
    azm_bind_text(s, filter->words);
    azm_bind_int(s, filter->from.used ? filter->from.value : INT64_MAX);
    azm_bind_int(s, filter->from.used ? filter->from.rank : INT64_MAX);
    azm_bind_int(s, filter->limit);
}

enum azm_status azm_sqlite_groups(struct azm_reader *base, const struct azm_group_filter *filter,
                                  azm_group_visit *visit, void *self, struct azm_cursor *next, struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    struct azm_statement *s;
    struct azm_event_ids ids;
    int64_t count = 0;
    *next = (struct azm_cursor){.used = false};
    enum azm_status status = azm_reader_statement(reader, groups_sql, 0, &s, err);
    if (status != AZM_OK)
        return status;
    bind_groups(s, filter);
    while ((status = azm_statement_row(s, err)) == AZM_OK) {
        struct azm_group_row row = {.group = (uint64_t)azm_column_int(s, 0),
                                    .service = azm_column_text(s, 1),
                                    .type = azm_column_text(s, 2),
                                    .message = azm_column_text(s, 3),
                                    .culprit = azm_column_text(s, 4),
                                    .trace_id = azm_column_id(s, 5, ids.trace),
                                    .id = azm_column_id(s, 6, ids.id),
                                    .first_us = azm_column_int(s, 7),
                                    .last_us = azm_column_int(s, 8),
                                    .count = azm_column_int(s, 9)};
        *next = (struct azm_cursor){row.last_us, (int64_t)row.group, ++count == filter->limit};
        if (!visit(self, &row))
            break;
    }
    azm_statement_reset(s);
    return status == AZM_END ? AZM_OK : status;
}

static const char processes_sql[] =
    "SELECT id, metadata, service, environment, node, agent, first_us, last_us, events, coldstarts, memory_bytes,"
    " memory_us FROM processes WHERE last_us >= ?1 AND first_us <= ?2 AND (?3 IS NULL OR service = ?3)"
    " ORDER BY last_us DESC LIMIT ?4";

enum azm_status azm_sqlite_process_rows(struct azm_reader *base, azm_slice service, int64_t since_us, int64_t until_us,
                                        int64_t limit, azm_process_row_visit *visit, void *self, struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    struct azm_statement *s;
    enum azm_status status = azm_reader_statement(reader, processes_sql, 0, &s, err);
    if (status != AZM_OK)
        return status;
    azm_bind_int(s, since_us);
    azm_bind_int(s, until_us ? until_us : INT64_MAX);
    azm_bind_text(s, service);
    azm_bind_int(s, limit);
    while ((status = azm_statement_row(s, err)) == AZM_OK) {
        const struct azm_process_row row = {.id = azm_column_int(s, 0),
                                            .metadata = azm_column_text(s, 1),
                                            .service = azm_column_text(s, 2),
                                            .environment = azm_column_text(s, 3),
                                            .node = azm_column_text(s, 4),
                                            .agent = azm_column_text(s, 5),
                                            .first_us = azm_column_int(s, 6),
                                            .last_us = azm_column_int(s, 7),
                                            .events = azm_column_int(s, 8),
                                            .coldstarts = azm_column_int(s, 9),
                                            .memory_bytes = azm_column_int(s, 10),
                                            .memory_us = azm_column_int(s, 11)};
        if (!visit(self, &row))
            break;
    }
    azm_statement_reset(s);
    return status == AZM_END ? AZM_OK : status;
}

static const char usage_sql[] =
    "SELECT u.day, u.service, transactions, spans, errors, logs, samples, bytes, count(p.process),"
    " total(p.memory_bytes) FROM usage u LEFT JOIN usage_processes p ON p.day = u.day AND p.service = u.service"
    " WHERE u.day >= ?1 AND u.day <= ?2 AND (?3 IS NULL OR u.service = ?3) GROUP BY u.day, u.service"
    " ORDER BY u.day DESC, u.service";

enum azm_status azm_sqlite_usage(struct azm_reader *base, azm_slice service, int64_t since_us, int64_t until_us,
                                 azm_usage_visit *visit, void *self, struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    struct azm_statement *s;
    const int64_t day_us = 86400000000;
    enum azm_status status = azm_reader_statement(reader, usage_sql, 0, &s, err);
    if (status != AZM_OK)
        return status;
    azm_bind_int(s, since_us / day_us);
    azm_bind_int(s, until_us ? until_us / day_us : INT64_MAX);
    azm_bind_text(s, service);
    while ((status = azm_statement_row(s, err)) == AZM_OK) {
        const struct azm_usage_row row = {.day = azm_column_int(s, 0),
                                          .service = azm_column_text(s, 1),
                                          .transactions = azm_column_int(s, 2),
                                          .spans = azm_column_int(s, 3),
                                          .errors = azm_column_int(s, 4),
                                          .logs = azm_column_int(s, 5),
                                          .samples = azm_column_int(s, 6),
                                          .bytes = azm_column_int(s, 7),
                                          .processes = azm_column_int(s, 8),
                                          .memory_bytes = (int64_t)azm_column_real(s, 9)};
        if (!visit(self, &row))
            break;
    }
    azm_statement_reset(s);
    return status == AZM_END ? AZM_OK : status;
}

/* The inner query bounds what is looked at; the parent is found by its id in the same partition. */
static const char calls_sql[] =
    "SELECT p.service, p.target, t.service FROM (SELECT trace, parent, service FROM events_N WHERE kind = 0 AND parent"
    " IS NOT NULL AND start_us >= ?1 AND start_us <= ?2 ORDER BY start_us DESC LIMIT ?3) t JOIN events_N p"
    " ON p.trace = t.trace AND p.id = t.parent WHERE p.service <> t.service";
static const char many_sql[] = "SELECT count(*) FROM (SELECT 1 FROM events_N WHERE kind = 0 AND parent IS NOT NULL"
                               " AND start_us >= ?1 AND start_us <= ?2 ORDER BY start_us DESC LIMIT ?3)";

static enum azm_status calls_of(struct azm_sqlite_reader *reader, int64_t partition, const int64_t bounds[3],
                                azm_call_visit *visit, void *self, int64_t *looked_at, struct azm_error *err)
{
    struct azm_statement *s, *many;
    enum azm_status status = azm_reader_statement(reader, calls_sql, partition, &s, err);
    if (status == AZM_OK)
        status = azm_reader_statement(reader, many_sql, partition, &many, err);
    if (status != AZM_OK)
        return status;
    for (int i = 0; i < 3; i++) {
        azm_bind_int(s, bounds[i]);
        azm_bind_int(many, bounds[i]);
    }
    *looked_at = azm_statement_row(many, err) == AZM_OK ? azm_column_int(many, 0) : 0;
    azm_statement_reset(many);
    while ((status = azm_statement_row(s, err)) == AZM_OK) {
        const struct azm_call_row row = {azm_column_text(s, 0), azm_column_text(s, 1), azm_column_text(s, 2)};
        if (!visit(self, &row))
            break;
    }
    azm_statement_reset(s);
    return status == AZM_END ? AZM_OK : status;
}

enum azm_status azm_sqlite_calls(struct azm_reader *base, int64_t since_us, int64_t until_us, int64_t limit,
                                 azm_call_visit *visit, void *self, bool *more, struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    enum azm_status status = azm_sqlite_begin(&reader->base, err);
    int64_t left = limit;
    for (size_t i = 0; i < reader->partitions.count && status == AZM_OK && left > 0; i++) {
        const struct azm_partition *partition = &reader->partitions.items[i];
        const int64_t bounds[] = {since_us, until_us, left};
        int64_t looked_at = 0;
        if (partition->last_us >= since_us && partition->min_start_us <= until_us)
            status = calls_of(reader, partition->id, bounds, visit, self, &looked_at, err);
        left -= looked_at;
    }
    azm_sqlite_end(&reader->base);
    *more = left <= 0;
    return status;
}

enum azm_status azm_sqlite_extent(struct azm_reader *base, int64_t *oldest_us, uint64_t *bytes, struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    enum azm_status status = azm_sqlite_begin(&reader->base, err);
    const struct azm_partition_list *all = &reader->partitions;
    const struct azm_partition *oldest = status == AZM_OK && all->count ? &all->items[all->count - 1] : NULL;
    *oldest_us = oldest && oldest->events ? oldest->opened_us : 0;
    *bytes = azm_retention_used(reader->db);
    azm_sqlite_end(&reader->base);
    return status;
}
