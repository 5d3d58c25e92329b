/* What the map's files share. Inside src/hub/receive/otlp only. */
#pragma once

#include "hub/receive/otlp/attributes.h"
#include "hub/receive/otlp/map.h"

struct azm_otlp_map {
    struct azm_otlp_sink sink;
    struct azm_arena arena; /* the decoder's */
    struct azm_batch **batches;
    size_t count, cap;
    struct azm_batch *batch; /* of the resource at hand */
    int64_t received_us;
    struct azm_otlp_rejected rejected;
    struct azm_buf raw; /* an event's JSON while it is written */
};

/* Into the batch's arena; empty stays empty. */
azm_slice azm_otlp_keep(struct azm_otlp_map *map, azm_slice text);
int64_t azm_otlp_us(uint64_t ns);
/* Begins the event's object in map->raw. */
struct azm_json_writer azm_otlp_open_raw(struct azm_otlp_map *map);
/* Closes it, and gives it to the event. */
void azm_otlp_close_raw(struct azm_otlp_map *map, struct azm_json_writer *json, struct azm_event *event);

void azm_otlp_map_resource(void *map, const struct azm_otlp_attributes *attributes);
void azm_otlp_map_span(void *map, const struct azm_otlp_scope *scope, const struct azm_otlp_span *span);
void azm_otlp_map_log(void *map, const struct azm_otlp_scope *scope, const struct azm_otlp_log *log);
void azm_otlp_map_point(void *map, const struct azm_otlp_scope *scope, const struct azm_otlp_point *point);

/* Where an exception was thrown, or a log line written. */
struct azm_otlp_place {
    azm_slice trace_id, span_id;
    azm_slice transaction_id, transaction_name, transaction_type; /* where the span is a transaction */
    int64_t at_us;
    size_t index; /* among its like, for an id that is the same when it is sent again */
};

bool azm_otlp_is_exception(const struct azm_otlp_attributes *attributes);
/* An error event of the attributes exception.*. */
void azm_otlp_add_error(struct azm_otlp_map *map, const struct azm_otlp_attributes *attributes,
                        const struct azm_otlp_place *place);
/* A log event. */
void azm_otlp_add_log(struct azm_otlp_map *map, azm_slice logger, azm_slice level, azm_slice message,
                      const struct azm_otlp_attributes *attributes, const struct azm_otlp_place *place);
