#include "hub/store/read_sums.h"

#include "hub/store/reader_parts.h"
#include "hub/store/retention.h"

static const char sums_sql[] =
    "SELECT s.operation, o.service, o.environment, o.name, o.type, o.function, o.faas_trigger, o.coldstart, "
    "o.from_host,"
    " s.at, s.ok, s.failed, s.unknown, s.sum_us, s.max_us, s.last_us, s.histogram"
    " FROM sums s JOIN operations o ON o.id = s.operation WHERE s.level = ?1 AND s.at >= ?2 AND s.at <= ?3"
    " AND o.kind = ?4 AND (?5 IS NULL OR o.service = ?5) AND (?6 IS NULL OR o.environment = ?6)"
    " AND (?7 IS NULL OR o.name = ?7) AND (?8 IS NULL OR o.function = ?8) AND (?9 = 0 OR o.function <> '')";

static int level_for(int64_t since_us, int64_t until_us)
{
    int64_t length_s = (until_us - since_us) / 1000000;
    return length_s <= 3 * 3600 + 60 ? 0 : length_s <= 4 * 86400 + 900 ? 1 : 2;
}

int64_t azm_sums_step_s(int64_t since_us, int64_t until_us)
{
    return azm_sum_levels[level_for(since_us, until_us)].step_s;
}

static void bind_filter(struct azm_statement *s, const struct azm_sum_filter *filter, int level)
{
    int64_t step_us = azm_sum_levels[level].step_s * 1000000;
    azm_bind_int(s, level);
    azm_bind_int(s, filter->since_us / step_us);
    azm_bind_int(s, filter->until_us / step_us);
    azm_bind_int(s, (int64_t)filter->kind);
    azm_bind_text(s, filter->service);
    azm_bind_text(s, filter->environment);
    azm_bind_text(s, filter->name);
    azm_bind_text(s, filter->function);
    azm_bind_int(s, filter->functions);
}

static struct azm_sum_row sum_of(const struct azm_statement *s, int64_t step_us)
{
    return (struct azm_sum_row){.operation = azm_column_int(s, 0),
                                .service = azm_column_text(s, 1),
                                .environment = azm_column_text(s, 2),
                                .name = azm_column_text(s, 3),
                                .type = azm_column_text(s, 4),
                                .function = azm_column_text(s, 5),
                                .trigger = azm_column_text(s, 6),
                                .coldstart = azm_column_int(s, 7) != 0,
                                .from_host = azm_column_int(s, 8) != 0,
                                .at_us = azm_column_int(s, 9) * step_us,
                                .ok = azm_column_real(s, 10),
                                .failed = azm_column_real(s, 11),
                                .unknown = azm_column_real(s, 12),
                                .sum_us = azm_column_int(s, 13),
                                .max_us = azm_column_int(s, 14),
                                .last_us = azm_column_int(s, 15),
                                .histogram = azm_column_bytes(s, 16)};
}

enum azm_status azm_sqlite_sums(struct azm_reader *base, const struct azm_sum_filter *filter, azm_sum_visit *visit,
                                void *self, struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    struct azm_statement *s;
    int level = level_for(filter->since_us, filter->until_us);
    enum azm_status status = azm_reader_statement(reader, sums_sql, 0, &s, err);
    if (status != AZM_OK)
        return status;
    bind_filter(s, filter, level);
    bool go_on = true;
    while (go_on && (status = azm_statement_row(s, err)) == AZM_OK) {
        struct azm_sum_row row = sum_of(s, azm_sum_levels[level].step_s * 1000000);
        go_on = visit(self, &row);
    }
    azm_statement_reset(s);
    return status == AZM_END ? AZM_OK : status;
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
