#include "hub/query/errors.h"

#include "hub/query/answer.h"
#include "hub/query/sums.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t hour_us = 3600000000;

enum { GROUPS_MAX = 1000 };

/* A group with its sums of the time asked for. */
struct group {
    struct azm_group_row row;
    const struct azm_sums *sums; /* NULL: none; of the service with the most */
    double count;
};

struct groups {
    struct azm_arena arena;
    struct group items[GROUPS_MAX];
    size_t count;
    const struct azm_sums_table *sums;
};

static void add_sums(struct group *group, const struct azm_sums_table *table)
{
    char text[17];
    double most = 0;
    snprintf(text, sizeof text, "%016" PRIx64, group->row.group);
    for (size_t i = 0; i < table->count; i++) {
        const struct azm_sums *sums = table->items[i];
        if (!azm_slice_eq(sums->name, azm_slice_of(text, 16)))
            continue;
        group->count += azm_sums_count(sums);
        if (azm_sums_count(sums) > most) {
            most = azm_sums_count(sums);
            group->sums = sums;
        }
    }
}

static bool add_group(void *self, const struct azm_group_row *row)
{
    struct groups *groups = self;
    struct group *group = &groups->items[groups->count++];
    *group = (struct group){.row = *row};
    azm_slice *const texts[] = {&group->row.service, &group->row.type,     &group->row.message,
                                &group->row.culprit, &group->row.trace_id, &group->row.id};
    for (size_t i = 0; i < AZM_COUNT(texts); i++)
        if (texts[i]->len)
            *texts[i] = azm_arena_copy(&groups->arena, *texts[i]);
    add_sums(group, groups->sums);
    return groups->count < GROUPS_MAX;
}

static void answer_group(struct azm_json_writer *json, const struct azm_sums_table *table, const struct group *group)
{
    const struct azm_group_row *row = &group->row;
    azm_json_open_object(json);
    azm_answer_group(json, AZM_S("group"), row->group);
    azm_answer_text(json, AZM_S("service"), row->service);
    azm_answer_text(json, AZM_S("type"), row->type);
    azm_answer_text(json, AZM_S("message"), row->message);
    azm_answer_text(json, AZM_S("culprit"), row->culprit);
    azm_answer_count(json, AZM_S("count"), group->count);
    azm_answer_int(json, AZM_S("count_ever"), row->count);
    azm_answer_int(json, AZM_S("first_us"), row->first_us);
    azm_answer_int(json, AZM_S("last_us"), row->last_us);
    azm_answer_text(json, AZM_S("trace_id"), row->trace_id);
    azm_answer_text(json, AZM_S("id"), row->id);
    if (group->sums)
        azm_sums_answer_series(table, group->sums, json);
    azm_json_close_object(json);
}

static int by_count(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    return x->count > y->count ? -1 : x->count < y->count;
}

static enum azm_status answer_groups(struct azm_reader *reader, const struct azm_params *params, struct groups *groups,
                                     struct azm_json_writer *json, struct azm_error *err)
{
    struct azm_cursor next;
    bool sorted = params->order == AZM_ORDER_COUNT;
    const struct azm_group_filter filter = {.service = params->event.service,
                                            .words = params->event.words,
                                            .since_us = groups->sums->since_us,
                                            .until_us = groups->sums->until_us,
                                            .from = params->cursor,
                                            .limit = sorted ? GROUPS_MAX : params->limit};
    enum azm_status status = azm_reader_groups(reader, &filter, add_group, groups, &next, err);
    if (sorted && groups->count)
        qsort(groups->items, groups->count, sizeof groups->items[0], by_count);
    azm_json_open_object(json);
    azm_json_open_array(azm_json_key(json, AZM_S("errors")));
    for (size_t i = 0; i < groups->count && (int64_t)i < params->limit; i++)
        answer_group(json, groups->sums, &groups->items[i]);
    azm_json_close_array(json);
    azm_sums_answer_range(groups->sums, json);
    azm_answer_next(json, sorted ? (struct azm_cursor){.used = false} : next);
    azm_json_close_object(json);
    return status;
}

/* What one answer needs, all on the heap: it is large. */
struct work {
    struct azm_sums_table sums;
    struct groups groups;
};

static struct work *work_new(void)
{
    struct work *work = calloc(1, sizeof *work);
    if (!work)
        return NULL;
    azm_arena_init(&work->groups.arena, 0);
    work->groups.sums = &work->sums;
    return work;
}

static void work_free(struct work *work)
{
    azm_sums_dispose(&work->sums);
    azm_arena_dispose(&work->groups.arena);
    free(work);
}

enum azm_status azm_query_errors(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                                 struct azm_error *err)
{
    struct azm_json_writer json = azm_json_writer(out);
    if (params->order == AZM_ORDER_SLOWEST || params->order == AZM_ORDER_FASTEST)
        return azm_fail(err, AZM_BAD_INPUT, "order: expected newest or count");
    struct work *work = work_new();
    if (!work)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the errors");
    enum azm_status status = azm_reader_begin(reader, err);
    if (status == AZM_OK)
        status = azm_sums_read(&work->sums, reader, params, AZM_SUM_ERROR, AZM_BY_NAME, hour_us, err);
    if (status == AZM_OK)
        status = answer_groups(reader, params, &work->groups, &json, err);
    azm_reader_end(reader);
    work_free(work);
    return azm_answer_done(out, status, err);
}

static bool add_occurrence(void *self, const struct azm_event_row *row)
{
    struct azm_json_writer *json = self;
    const struct azm_event *event = &row->event;
    azm_json_open_object(json);
    azm_answer_text(json, AZM_S("trace_id"), event->trace_id);
    azm_answer_text(json, AZM_S("id"), event->id);
    azm_answer_text(json, AZM_S("transaction_id"), event->transaction_id);
    azm_answer_text(json, AZM_S("parent_id"), event->parent_id);
    azm_answer_text(json, AZM_S("service"), event->service);
    azm_answer_text(json, AZM_S("transaction"), event->operation);
    azm_answer_text(json, AZM_S("message"), event->message);
    azm_answer_int(json, AZM_S("at_us"), event->start_us);
    azm_answer_int(json, AZM_S("resource"), row->process);
    azm_json_close_object(json);
    return !json->out->failed;
}

static bool add_sample(void *self, const struct azm_event_row *row)
{
    azm_json_raw(azm_json_key(self, AZM_S("sample")), row->event.raw);
    return false;
}

static enum azm_status answer_occurrences(struct azm_reader *reader, const struct azm_params *params, uint64_t group,
                                          struct azm_json_writer *json, struct azm_error *err)
{
    struct azm_trace_list found;
    struct azm_event_list list = {.since_us = params->since_us,
                                  .until_us = params->until_us,
                                  .from = params->cursor,
                                  .limit = params->limit,
                                  .without_raw = true};
    azm_event_filter_init(&list.filter);
    list.filter.kind = AZM_EVENT_ERROR;
    list.filter.group = group;
    azm_json_open_array(azm_json_key(json, AZM_S("occurrences")));
    enum azm_status status = azm_reader_find_events(reader, &list, add_occurrence, json, &found, err);
    azm_json_close_array(json);
    azm_answer_next(json, found.next);
    list.limit = 1;
    list.without_raw = false;
    list.from = (struct azm_cursor){.used = false};
    return status == AZM_OK ? azm_reader_find_events(reader, &list, add_sample, json, &found, err) : status;
}

static enum azm_status answer_one(struct azm_reader *reader, const struct azm_params *params, uint64_t group,
                                  struct groups *groups, struct azm_json_writer *json, struct azm_error *err)
{
    struct azm_cursor next;
    const struct azm_group_filter filter = {.group = group, .limit = 1};
    enum azm_status status = group ? azm_reader_groups(reader, &filter, add_group, groups, &next, err) : AZM_OK;
    if (status != AZM_OK)
        return status;
    if (groups->count == 0)
        return azm_fail(err, AZM_NOT_FOUND, "no such group of errors is known");
    azm_json_open_object(json);
    azm_json_key(json, AZM_S("error"));
    answer_group(json, groups->sums, &groups->items[0]);
    azm_sums_answer_range(groups->sums, json);
    status = answer_occurrences(reader, params, group, json, err);
    azm_json_close_object(json);
    return status;
}

enum azm_status azm_query_error(struct azm_reader *reader, azm_slice group, const struct azm_params *params,
                                struct azm_buf *out, struct azm_error *err)
{
    struct azm_json_writer json = azm_json_writer(out);
    struct azm_params named = *params;
    named.takes |= AZM_TAKES_EVENT;
    enum azm_status status = azm_params_set(&named, AZM_S("group"), group, err);
    if (status != AZM_OK)
        return status;
    uint64_t number = named.event.group;
    named.event.group = 0;
    named.event.name = group;
    struct work *work = work_new();
    if (!work)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the errors");
    status = azm_reader_begin(reader, err);
    if (status == AZM_OK)
        status = azm_sums_read(&work->sums, reader, &named, AZM_SUM_ERROR, AZM_BY_NAME, hour_us, err);
    if (status == AZM_OK)
        status = answer_one(reader, params, number, &work->groups, &json, err);
    azm_reader_end(reader);
    work_free(work);
    return azm_answer_done(out, status, err);
}
