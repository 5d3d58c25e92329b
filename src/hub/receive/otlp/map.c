#include "hub/receive/otlp/map_parts.h"

#include <math.h>
#include <stdlib.h>

enum { RAW_MAX = 4 * 1024 * 1024 };

struct azm_otlp_map *azm_otlp_map_new(int64_t received_us)
{
    struct azm_otlp_map *map = calloc(1, sizeof *map);
    if (!map)
        return NULL;
    map->received_us = received_us;
    azm_arena_init(&map->arena, 0);
    azm_buf_init(&map->raw, RAW_MAX);
    map->sink = (struct azm_otlp_sink){.self = map,
                                       .arena = &map->arena,
                                       .resource = azm_otlp_map_resource,
                                       .span = azm_otlp_map_span,
                                       .log = azm_otlp_map_log,
                                       .point = azm_otlp_map_point};
    return map;
}

void azm_otlp_map_free(struct azm_otlp_map *map)
{
    if (!map)
        return;
    for (size_t i = 0; i < map->count; i++) {
        azm_batch_dispose(map->batches[i]);
        free(map->batches[i]);
    }
    free(map->batches);
    azm_buf_dispose(&map->raw);
    azm_arena_dispose(&map->arena);
    free(map);
}

const struct azm_otlp_sink *azm_otlp_map_sink(struct azm_otlp_map *map)
{
    return &map->sink;
}

size_t azm_otlp_map_batches(struct azm_otlp_map *map, struct azm_batch ***batches)
{
    *batches = map->batches;
    return map->count;
}

const struct azm_otlp_rejected *azm_otlp_map_rejected(const struct azm_otlp_map *map)
{
    return &map->rejected;
}

azm_slice azm_otlp_keep(struct azm_otlp_map *map, azm_slice text)
{
    return text.len ? azm_arena_copy(&map->batch->arena, text) : AZM_S("");
}

int64_t azm_otlp_us(uint64_t ns)
{
    return (int64_t)(ns / 1000);
}

struct azm_json_writer azm_otlp_open_raw(struct azm_otlp_map *map)
{
    azm_buf_clear(&map->raw);
    struct azm_json_writer json = azm_json_writer(&map->raw);
    azm_json_open_object(&json);
    return json;
}

void azm_otlp_close_raw(struct azm_otlp_map *map, struct azm_json_writer *json, struct azm_event *event)
{
    azm_json_close_object(json);
    event->raw = map->raw.failed ? AZM_S("{}") : azm_otlp_keep(map, azm_buf_slice(&map->raw));
    map->batch->bytes += event->raw.len;
}

/* --- samples --- */

static int by_key(const void *a, const void *b)
{
    const struct azm_otlp_attribute *x = a, *y = b;
    return azm_slice_compare(x->key, y->key);
}

/* Sorted, all values as text: so the same labels are the same series. */
static azm_slice labels_of(struct azm_otlp_map *map, const struct azm_otlp_attributes *attributes)
{
    if (attributes->count == 0)
        return AZM_S("");
    struct azm_otlp_attribute *sorted = azm_arena_array(&map->arena, struct azm_otlp_attribute, attributes->count);
    memcpy(sorted, attributes->items, attributes->count * sizeof *sorted);
    qsort(sorted, attributes->count, sizeof *sorted, by_key);
    struct azm_json_writer json = azm_otlp_open_raw(map);
    for (size_t i = 0; i < attributes->count; i++) {
        azm_json_foreign_key(&json, sorted[i].key, 1024);
        azm_json_text(&json, azm_otlp_text_of(&sorted[i].value, &map->arena), 1024);
    }
    azm_json_close_object(&json);
    return map->raw.failed ? AZM_S("") : azm_otlp_keep(map, azm_buf_slice(&map->raw));
}

static void add_sample(struct azm_otlp_map *map, const struct azm_otlp_point *point, azm_slice labels, const char *end,
                       double value)
{
    if (!isfinite(value))
        return;
    struct azm_arena *arena = &map->batch->arena;
    azm_slice metric = azm_slice_take(point->metric, 512);
    const char *name = azm_arena_printf(arena, "%.*s%s", AZM_FMT(metric), end);
    *azm_batch_add_sample(map->batch) =
        (struct azm_sample){.service = map->batch->service,
                            .name = azm_slice_str(name),
                            .unit = azm_otlp_keep(map, point->unit),
                            .labels = labels,
                            .time_us = point->time_ns ? azm_otlp_us(point->time_ns) : map->received_us,
                            .value = value};
}

void azm_otlp_map_point(void *self, const struct azm_otlp_scope *scope, const struct azm_otlp_point *point)
{
    struct azm_otlp_map *map = self;
    (void)scope;
    azm_slice labels = labels_of(map, &point->attributes);
    if (point->has_value)
        add_sample(map, point, labels, "", point->value);
    if (point->has_sum) {
        add_sample(map, point, labels, ".count", point->count);
        add_sample(map, point, labels, ".sum", point->sum);
    }
}
