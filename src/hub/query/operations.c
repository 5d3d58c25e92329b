#include "base/utf8.h"
#include "hub/query/answer.h"
#include "hub/query/overview.h"
#include "hub/query/sums.h"

#include <stdlib.h>

static const int64_t hour_us = 3600000000;

/* Operations beyond that, the least weighty, go without their last error. */
enum { LAST_ERRORS = 100 };

struct last_error {
    uint64_t group;
    int64_t at_us;
    char message[200];
};

static double weight_of(const struct azm_sums *sums)
{
    return (double)sums->sum_us;
}

static void answer_durations(struct azm_json_writer *json, const struct azm_histogram *histogram, int64_t sum_us,
                             double count)
{
    azm_answer_int(json, AZM_S("avg_us"), count > 0 ? (int64_t)((double)sum_us / count) : 0);
    azm_answer_int(json, AZM_S("p50_us"), azm_histogram_quantile(histogram, 0.5));
    azm_answer_int(json, AZM_S("p95_us"), azm_histogram_quantile(histogram, 0.95));
}

static void answer_starts(struct azm_json_writer *json, const struct azm_sums *sums)
{
    double all = azm_sums_count(sums), warm = all - sums->cold;
    azm_json_open_object(azm_json_key(json, AZM_S("cold")));
    azm_answer_count(json, AZM_S("count"), sums->cold);
    azm_answer_ratio(json, AZM_S("ratio"), sums->cold, warm);
    answer_durations(json, &sums->cold_only, sums->cold_us, sums->cold);
    azm_json_close_object(json);
    azm_json_open_object(azm_json_key(json, AZM_S("warm")));
    answer_durations(json, &sums->warm_only, sums->sum_us - sums->cold_us, warm);
    azm_json_close_object(json);
}

static bool take_error(void *self, const struct azm_event_row *row)
{
    struct last_error *last = self;
    last->group = row->event.group;
    last->at_us = row->event.start_us;
    azm_slice_copy(azm_utf8_take(row->event.message, 49), last->message, sizeof last->message);
    return false;
}

static enum azm_status answer_last_error(struct azm_reader *reader, const struct azm_sums_table *table,
                                         const struct azm_sums *sums, struct azm_json_writer *json,
                                         struct azm_error *err)
{
    struct last_error last = {.at_us = 0};
    struct azm_trace_list found;
    struct azm_event_list list = {
        .since_us = table->since_us, .until_us = table->until_us, .limit = 1, .without_raw = true};
    azm_event_filter_init(&list.filter);
    list.filter.kind = AZM_EVENT_ERROR;
    list.filter.service = sums->service;
    list.filter.operation = sums->name;
    enum azm_status status = azm_reader_find_events(reader, &list, take_error, &last, &found, err);
    azm_json_key(json, AZM_S("last_error"));
    if (!last.at_us) {
        azm_json_null(json);
        return status;
    }
    azm_json_open_object(json);
    azm_answer_group(json, AZM_S("group"), last.group);
    azm_answer_text(json, AZM_S("message"), azm_slice_str(last.message));
    azm_answer_int(json, AZM_S("at_us"), last.at_us);
    azm_json_close_object(json);
    return status;
}

static void answer_one(const struct azm_sums_table *table, const struct azm_sums *sums, double heaviest,
                       struct azm_json_writer *json)
{
    azm_json_open_object(json);
    azm_json_string(azm_json_key(json, AZM_S("service")), sums->service);
    azm_answer_text(json, AZM_S("environment"), sums->environment);
    azm_answer_text(json, AZM_S("name"), sums->name);
    azm_answer_text(json, AZM_S("type"), sums->type);
    azm_answer_text(json, AZM_S("function"), sums->function);
    azm_answer_text(json, AZM_S("trigger"), sums->trigger);
    azm_sums_answer(table, sums, json);
    azm_answer_count(json, AZM_S("impact"), heaviest > 0 ? weight_of(sums) / heaviest : 0);
    if (sums->function.len)
        answer_starts(json, sums);
    azm_sums_answer_series(table, sums, json);
}

static int by_weight(const void *a, const void *b)
{
    const struct azm_sums *x = *(struct azm_sums *const *)a, *y = *(struct azm_sums *const *)b;
    return weight_of(x) > weight_of(y) ? -1 : weight_of(x) < weight_of(y);
}

static enum azm_status answer(struct azm_reader *reader, const struct azm_params *params, struct azm_sums_table *table,
                              struct azm_json_writer *json, struct azm_error *err)
{
    enum azm_status status = AZM_OK;
    if (table->count)
        qsort(table->items, table->count, sizeof(struct azm_sums *), by_weight);
    double heaviest = table->count ? weight_of(table->items[0]) : 0;
    azm_json_open_object(json);
    azm_json_open_array(azm_json_key(json, AZM_S("operations")));
    for (size_t i = 0; i < table->count && status == AZM_OK; i++) {
        answer_one(table, table->items[i], heaviest, json);
        if (i < LAST_ERRORS)
            status = answer_last_error(reader, table, table->items[i], json, err);
        azm_json_close_object(json);
    }
    azm_json_close_array(json);
    azm_sums_answer_range(table, json);
    azm_json_bool(azm_json_key(json, AZM_S("functions_only")), params->functions);
    azm_json_close_object(json);
    return status;
}

/* What reads its sums, and writes of them. */
typedef enum azm_status writer(struct azm_reader *reader, const struct azm_params *params, struct azm_sums_table *table,
                               struct azm_json_writer *json, struct azm_error *err);

static enum azm_status with_sums(struct azm_reader *reader, const struct azm_params *params, writer *write,
                                 struct azm_buf *out, struct azm_error *err)
{
    struct azm_json_writer json = azm_json_writer(out);
    struct azm_sums_table *table = calloc(1, sizeof *table);
    if (!table)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the sums");
    enum azm_status status = azm_reader_begin(reader, err);
    if (status == AZM_OK)
        status = azm_sums_read(table, reader, params, AZM_SUM_TRANSACTION, AZM_BY_OPERATION, hour_us, err);
    azm_sums_drop_host(table);
    if (status == AZM_OK)
        status = write(reader, params, table, &json, err);
    azm_reader_end(reader);
    azm_sums_dispose(table);
    free(table);
    return azm_answer_done(out, status, err);
}

enum azm_status azm_query_operations(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                                     struct azm_error *err)
{
    return with_sums(reader, params, answer, out, err);
}

static void merge_point(struct azm_point *to, const struct azm_point *from)
{
    to->ok += from->ok;
    to->failed += from->failed;
    to->unknown += from->unknown;
    to->cold += from->cold;
    to->sum_us += from->sum_us;
    azm_histogram_merge(&to->all, &from->all);
}

static void answer_point(struct azm_json_writer *json, int64_t start_us, const struct azm_point *point)
{
    double count = point->ok + point->failed + point->unknown;
    azm_json_open_object(json);
    azm_answer_int(json, AZM_S("start_us"), start_us);
    azm_answer_count(json, AZM_S("count"), count);
    azm_answer_count(json, AZM_S("failed"), point->failed);
    azm_answer_count(json, AZM_S("cold"), point->cold);
    answer_durations(json, &point->all, point->sum_us, count);
    azm_answer_int(json, AZM_S("p99_us"), azm_histogram_quantile(&point->all, 0.99));
    azm_json_close_object(json);
}

static void answer_histogram(struct azm_json_writer *json, const struct azm_histogram *histogram)
{
    azm_json_open_array(azm_json_key(json, AZM_S("histogram")));
    for (unsigned i = 0; i < AZM_HISTOGRAM_BUCKETS; i++) {
        if (histogram->counts[i] <= 0)
            continue;
        azm_json_open_object(json);
        azm_answer_int(json, AZM_S("from_us"), azm_histogram_lower(i));
        azm_answer_int(json, AZM_S("to_us"), azm_histogram_lower(i + 1));
        azm_answer_count(json, AZM_S("count"), histogram->counts[i]);
        azm_json_close_object(json);
    }
    azm_json_close_array(json);
}

static enum azm_status answer_curve(struct azm_reader *reader, const struct azm_params *params,
                                    struct azm_sums_table *table, struct azm_json_writer *json, struct azm_error *err)
{
    (void)reader, (void)params;
    struct azm_histogram *all = calloc(1, sizeof *all);
    if (!all)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the sums");
    azm_json_open_object(json);
    azm_json_open_array(azm_json_key(json, AZM_S("points")));
    for (size_t at = 0; at < table->point_count; at++) {
        struct azm_point point = {.ok = 0};
        for (size_t i = 0; i < table->count; i++)
            if (table->items[i]->points[at])
                merge_point(&point, table->items[i]->points[at]);
        if (point.ok + point.failed + point.unknown > 0)
            answer_point(json, table->since_us + (int64_t)at * table->bucket_us, &point);
    }
    azm_json_close_array(json);
    for (size_t i = 0; i < table->count; i++)
        azm_histogram_merge(all, &table->items[i]->all);
    answer_histogram(json, all);
    azm_sums_answer_range(table, json);
    azm_json_close_object(json);
    free(all);
    return AZM_OK;
}

enum azm_status azm_query_series(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                                 struct azm_error *err)
{
    return with_sums(reader, params, answer_curve, out, err);
}
