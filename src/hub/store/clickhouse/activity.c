#include "hub/store/clickhouse/activity.h"

#include "hub/store/clickhouse/tables.h"
#include "json/write.h"

#include <stdlib.h>

static const int64_t day_us = 86400000000;

struct total {
    int64_t day, process;
    char *service;
    struct azm_activity_count count;
    bool changed;
};

struct azm_activity {
    uint64_t run;
    struct total *totals;
    size_t count, cap;
};

struct azm_activity *azm_activity_new(uint64_t run)
{
    struct azm_activity *activity = calloc(1, sizeof *activity);
    if (!activity)
        abort();
    activity->run = run;
    return activity;
}

void azm_activity_free(struct azm_activity *activity)
{
    for (size_t i = 0; activity && i < activity->count; i++)
        free(activity->totals[i].service);
    if (activity)
        free(activity->totals);
    free(activity);
}

/* Nothing is added to days before yesterday any more. */
static void forget(struct azm_activity *activity, int64_t today)
{
    size_t kept = 0;
    for (size_t i = 0; i < activity->count; i++) {
        struct total *total = &activity->totals[i];
        if (total->day >= today - 1 || total->changed)
            activity->totals[kept++] = *total;
        else
            free(total->service);
    }
    activity->count = kept;
}

static struct total *total_of(struct azm_activity *activity, const struct azm_batch *batch, int64_t process)
{
    int64_t day = azm_floor_div(batch->received_us, day_us);
    for (size_t i = activity->count; i-- > 0;)
        if (activity->totals[i].process == process && activity->totals[i].day == day)
            return &activity->totals[i];
    forget(activity, day);
    if (activity->count == activity->cap) {
        size_t cap = activity->cap + activity->cap / 2 + 64;
        struct total *totals = realloc(activity->totals, cap * sizeof *totals);
        if (!totals)
            abort();
        activity->totals = totals;
        activity->cap = cap;
    }
    char *service = calloc(1, batch->service.len + 1);
    if (!service)
        abort();
    azm_slice_copy(batch->service, service, batch->service.len + 1);
    struct total *total = &activity->totals[activity->count++];
    *total = (struct total){.day = day, .process = process, .service = service};
    total->count.first_us = batch->received_us;
    return total;
}

void azm_activity_add(struct azm_activity *activity, const struct azm_batch *batch, int64_t process,
                      const struct azm_activity_count *count)
{
    struct total *total = total_of(activity, batch, process);
    struct azm_activity_count *to = &total->count;
    total->changed = true;
    to->first_us = batch->received_us < to->first_us ? batch->received_us : to->first_us;
    to->last_us = batch->received_us > to->last_us ? batch->received_us : to->last_us;
    for (size_t i = 0; i < AZM_COUNT(to->by_kind); i++)
        to->by_kind[i] += count->by_kind[i];
    to->samples += count->samples;
    to->bytes += count->bytes;
    to->coldstarts += count->coldstarts;
    to->memory_most = count->memory_bytes > to->memory_most ? count->memory_bytes : to->memory_most;
    if (count->memory_bytes > 0) {
        to->memory_bytes = count->memory_bytes;
        to->memory_us = count->memory_us;
    }
}

static void add_row(struct azm_buf *out, const struct total *total, uint64_t run, int64_t version)
{
    const struct azm_activity_count *count = &total->count;
    struct azm_json_writer writer = azm_json_writer(out), *json = &writer;
    char date[AZM_DATE_TEXT];
    azm_date_of(total->day * day_us, date);
    const struct {
        const char *key;
        int64_t value;
    } numbers[] = {
        {"process", total->process},
        {"version", version},
        {"first_us", count->first_us},
        {"last_us", count->last_us},
        {"transactions", count->by_kind[AZM_EVENT_TRANSACTION]},
        {"spans", count->by_kind[AZM_EVENT_SPAN]},
        {"errors", count->by_kind[AZM_EVENT_ERROR]},
        {"logs", count->by_kind[AZM_EVENT_LOG]},
        {"samples", count->samples},
        {"bytes", count->bytes},
        {"coldstarts", count->coldstarts},
        {"memory_most", count->memory_most},
        {"memory_bytes", count->memory_bytes},
        {"memory_us", count->memory_us},
    };
    azm_json_open_object(json);
    azm_json_string(azm_json_key(json, AZM_S("received_day")), azm_slice_str(date));
    azm_json_string(azm_json_key(json, AZM_S("service")), azm_slice_str(total->service));
    azm_json_uint(azm_json_key(json, AZM_S("run")), run);
    for (size_t i = 0; i < AZM_COUNT(numbers); i++)
        azm_json_int(azm_json_key(json, azm_slice_str(numbers[i].key)), numbers[i].value);
    azm_json_close_object(json);
    azm_json_end_line(json);
}

void azm_activity_rows(const struct azm_activity *activity, int64_t version, struct azm_buf *out)
{
    for (size_t i = 0; i < activity->count; i++)
        if (activity->totals[i].changed)
            add_row(out, &activity->totals[i], activity->run, version);
}

void azm_activity_written(struct azm_activity *activity)
{
    for (size_t i = 0; i < activity->count; i++)
        activity->totals[i].changed = false;
}
