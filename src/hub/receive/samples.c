#include "hub/receive/samples.h"

#include "hub/receive/unpack.h"

#include <stdlib.h>

enum { LABELS_MAX = 4096 };

/* What each sample of the set has alike. */
struct set {
    struct azm_batch *batch;
    azm_slice service, labels;
    int64_t time_us;
};

static azm_slice labels_of(const json_t *metricset, struct azm_arena *arena)
{
    json_t *labels = json_object(), *tags = json_object_get(metricset, "tags");
    azm_slice extra = azm_intake_text(metricset, "transaction.name");
    json_object_update(labels, tags);
    if (extra.len)
        json_object_set_new(labels, "transaction.name", json_stringn(extra.ptr, extra.len));
    char *text = json_object_size(labels) ? json_dumps(labels, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    azm_slice out = azm_slice_take(azm_slice_str(text), LABELS_MAX + 1);
    out = out.len && out.len <= LABELS_MAX ? azm_arena_copy(arena, out) : AZM_S("");
    free(text);
    json_decref(labels);
    return out;
}

static void add(const struct set *set, const char *name, const char *end, const json_t *unit, double value)
{
    struct azm_arena *arena = &set->batch->arena;
    struct azm_sample *sample = azm_batch_add_sample(set->batch);
    *sample = (struct azm_sample){.service = set->service,
                                  .name = azm_slice_str(azm_arena_printf(arena, "%s%s", name, end)),
                                  .labels = set->labels,
                                  .time_us = set->time_us,
                                  .value = value};
    if (json_is_string(unit))
        sample->unit = azm_arena_copy(arena, azm_slice_str(json_string_value(unit)));
}

static void add_histogram(const struct set *set, const char *name, const json_t *sample)
{
    const json_t *values = json_object_get(sample, "values"), *counts = json_object_get(sample, "counts");
    double count = 0, sum = 0;
    for (size_t i = 0; i < json_array_size(counts); i++) {
        double n = json_number_value(json_array_get(counts, i));
        count += n;
        sum += n * json_number_value(json_array_get(values, i));
    }
    add(set, name, ".count", NULL, count);
    add(set, name, ".sum", json_object_get(sample, "unit"), sum);
}

void azm_unpack_metricset(const json_t *metricset, struct azm_batch *batch)
{
    const char *name;
    json_t *sample;
    azm_slice service = azm_intake_text(metricset, "service.name");
    struct set set = {.batch = batch,
                      .service = service.len ? azm_arena_copy(&batch->arena, service) : batch->service,
                      .labels = labels_of(metricset, &batch->arena),
                      .time_us = azm_intake_time(metricset, "timestamp", batch->received_us)};
    json_object_foreach(json_object_get(metricset, "samples"), name, sample)
    {
        const json_t *value = json_object_get(sample, "value");
        if (json_is_number(value))
            add(&set, name, "", json_object_get(sample, "unit"), json_number_value(value));
        else
            add_histogram(&set, name, sample);
    }
}
