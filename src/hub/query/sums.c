#include "hub/query/sums.h"

#include "hub/query/answer.h"

#include <stdlib.h>

enum { POINTS = 60 };

static void *zeroed(size_t size)
{
    void *memory = calloc(1, size);
    if (!memory)
        abort();
    return memory;
}

static bool is_of(const struct azm_sums_table *table, const struct azm_sums *sums, const struct azm_sum_row *row)
{
    if (sums->from_host != row->from_host || !azm_slice_eq(sums->service, row->service))
        return false;
    if (table->by == AZM_BY_SERVICE)
        return azm_slice_eq(sums->environment, row->environment);
    if (!azm_slice_eq(sums->name, row->name) || !azm_slice_eq(sums->type, row->type))
        return false;
    return table->by == AZM_BY_NAME ||
           (azm_slice_eq(sums->environment, row->environment) && azm_slice_eq(sums->function, row->function) &&
            azm_slice_eq(sums->trigger, row->trigger));
}

static azm_slice keep(struct azm_sums_table *table, azm_slice text)
{
    return text.len ? azm_arena_copy(&table->arena, text) : text;
}

static struct azm_sums *make(struct azm_sums_table *table, const struct azm_sum_row *row)
{
    struct azm_sums *sums = zeroed(sizeof *sums);
    if (table->count == table->cap) {
        table->cap = table->cap ? table->cap * 2 : 64;
        table->items = realloc(table->items, table->cap * sizeof(struct azm_sums *));
        if (!table->items)
            abort();
    }
    table->items[table->count++] = sums;
    sums->points = zeroed(table->point_count * sizeof(struct azm_point *));
    sums->service = keep(table, row->service);
    sums->from_host = row->from_host;
    if (table->by != AZM_BY_NAME)
        sums->environment = keep(table, row->environment);
    if (table->by == AZM_BY_SERVICE)
        return sums;
    sums->name = keep(table, row->name);
    sums->type = keep(table, row->type);
    sums->function = keep(table, row->function);
    sums->trigger = keep(table, row->trigger);
    return sums;
}

static struct azm_sums *find(struct azm_sums_table *table, const struct azm_sum_row *row)
{
    size_t place = (size_t)row->operation % AZM_SUMS_KNOWN;
    if (table->known[place].operation == row->operation)
        return table->known[place].sums;
    struct azm_sums *sums = NULL;
    for (size_t i = table->count; i-- > 0 && !sums;)
        if (is_of(table, table->items[i], row))
            sums = table->items[i];
    if (!sums)
        sums = make(table, row);
    table->known[place].operation = row->operation;
    table->known[place].sums = sums;
    return sums;
}

static void add_point(struct azm_sums_table *table, struct azm_sums *sums, const struct azm_sum_row *row,
                      const struct azm_histogram *histogram)
{
    size_t at = (size_t)((row->at_us - table->since_us) / table->bucket_us);
    if (row->at_us < table->since_us || at >= table->point_count)
        return;
    if (!sums->points[at])
        sums->points[at] = zeroed(sizeof *sums->points[at]);
    struct azm_point *point = sums->points[at];
    point->ok += row->ok;
    point->failed += row->failed;
    point->unknown += row->unknown;
    point->sum_us += row->sum_us;
    if (row->coldstart)
        point->cold += row->ok + row->failed + row->unknown;
    azm_histogram_merge(&point->all, histogram);
}

static bool add_row(void *self, const struct azm_sum_row *row)
{
    struct azm_sums_table *table = self;
    struct azm_sums *sums = find(table, row);
    struct azm_histogram histogram = {.total = 0};
    if (azm_histogram_decode(row->histogram, &histogram) != AZM_OK)
        return true; /* the counts are good all the same */
    sums->ok += row->ok;
    sums->failed += row->failed;
    sums->unknown += row->unknown;
    sums->sum_us += row->sum_us;
    sums->last_us = row->last_us > sums->last_us ? row->last_us : sums->last_us;
    if (row->coldstart) {
        sums->cold += row->ok + row->failed + row->unknown;
        sums->cold_us += row->sum_us;
    }
    azm_histogram_merge(row->coldstart ? &sums->cold_only : &sums->warm_only, &histogram);
    azm_histogram_merge(&sums->all, &histogram);
    add_point(table, sums, row, &histogram);
    return true;
}

/* Steps of the curve are whole steps of the store's. */
static void set_range(struct azm_sums_table *table, const struct azm_params *params, int64_t usual_us)
{
    int64_t since_us, until_us;
    azm_answer_range(params, usual_us, &since_us, &until_us);
    int64_t step_us = azm_sums_step_s(since_us, until_us) * 1000000;
    table->since_us = since_us / step_us * step_us;
    table->until_us = until_us;
    int64_t steps = (until_us - table->since_us) / step_us + 1;
    int64_t each = (steps + POINTS - 1) / POINTS;
    table->bucket_us = each * step_us;
    table->point_count = (size_t)((steps + each - 1) / each);
}

enum azm_status azm_sums_read(struct azm_sums_table *table, struct azm_reader *reader, const struct azm_params *params,
                              enum azm_sum_kind kind, enum azm_sums_by by, int64_t usual_us, struct azm_error *err)
{
    *table = (struct azm_sums_table){.by = by};
    azm_arena_init(&table->arena, 0);
    set_range(table, params, usual_us);
    const struct azm_sum_filter filter = {.kind = kind,
                                          .service = params->event.service,
                                          .environment = params->event.environment,
                                          .name = params->event.name,
                                          .function = params->event.function,
                                          .functions = params->functions,
                                          .since_us = table->since_us,
                                          .until_us = table->until_us};
    return azm_reader_sums(reader, &filter, add_row, table, err);
}

static void free_sums(const struct azm_sums_table *table, struct azm_sums *sums)
{
    for (size_t i = 0; i < table->point_count; i++)
        free(sums->points[i]);
    free(sums->points);
    free(sums);
}

void azm_sums_dispose(struct azm_sums_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free_sums(table, table->items[i]);
    free(table->items);
    azm_arena_dispose(&table->arena);
}

/* An agent tells of the same function, or, where the answer is by service, of the same service. */
static bool is_told_otherwise(const struct azm_sums_table *table, const struct azm_sums *host)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct azm_sums *other = table->items[i];
        if (!other->from_host && azm_slice_eq(other->service, host->service) &&
            (table->by == AZM_BY_SERVICE || azm_slice_eq(other->function, host->function)))
            return true;
    }
    return false;
}

void azm_sums_drop_host(struct azm_sums_table *table)
{
    size_t i = 0;
    while (i < table->count) {
        struct azm_sums *sums = table->items[i];
        if (sums->from_host && is_told_otherwise(table, sums)) {
            free_sums(table, sums);
            table->items[i] = table->items[--table->count];
        } else {
            i++;
        }
    }
}

double azm_sums_count(const struct azm_sums *sums)
{
    return sums->ok + sums->failed + sums->unknown;
}

void azm_sums_answer(const struct azm_sums_table *table, const struct azm_sums *sums, struct azm_json_writer *json)
{
    double count = azm_sums_count(sums), minutes = (double)(table->until_us - table->since_us) / 6e7;
    azm_answer_count(json, AZM_S("requests"), count);
    azm_answer_count(json, AZM_S("per_minute"), minutes > 0 ? count / minutes : 0);
    azm_answer_ratio(json, AZM_S("failed_ratio"), sums->failed, sums->ok);
    azm_answer_int(json, AZM_S("avg_us"), count > 0 ? (int64_t)((double)sums->sum_us / count) : 0);
    azm_answer_int(json, AZM_S("p50_us"), azm_histogram_quantile(&sums->all, 0.5));
    azm_answer_int(json, AZM_S("p95_us"), azm_histogram_quantile(&sums->all, 0.95));
    azm_answer_int(json, AZM_S("p99_us"), azm_histogram_quantile(&sums->all, 0.99));
    azm_answer_int(json, AZM_S("last_us"), sums->last_us);
}

void azm_sums_answer_series(const struct azm_sums_table *table, const struct azm_sums *sums,
                            struct azm_json_writer *json)
{
    azm_json_open_array(azm_json_key(json, AZM_S("series")));
    for (size_t i = 0; i < table->point_count; i++) {
        const struct azm_point *point = sums->points[i];
        if (!point)
            continue;
        azm_json_open_object(json);
        azm_answer_int(json, AZM_S("start_us"), table->since_us + (int64_t)i * table->bucket_us);
        azm_answer_count(json, AZM_S("count"), point->ok + point->failed + point->unknown);
        azm_answer_count(json, AZM_S("failed"), point->failed);
        azm_answer_int(json, AZM_S("p95_us"), azm_histogram_quantile(&point->all, 0.95));
        azm_json_close_object(json);
    }
    azm_json_close_array(json);
}

void azm_sums_answer_range(const struct azm_sums_table *table, struct azm_json_writer *json)
{
    azm_answer_int(json, AZM_S("since_us"), table->since_us);
    azm_answer_int(json, AZM_S("until_us"), table->until_us);
    azm_answer_int(json, AZM_S("bucket_us"), table->bucket_us);
}
