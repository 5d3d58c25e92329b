#include "hub/receive/otlp/map_parts.h"

#include "base/hex.h"
#include "base/utf8.h"
#include "hub/receive/error_group.h"
#include "hub/store/stable_hash.h"
#include "trace/stack.h"

#include <inttypes.h>
#include <stdio.h>

enum { MESSAGE_MAX = 1024, LONG_MAX_CHARS = 10000, ERROR_ID_MAX = 64 };

bool azm_otlp_is_exception(const struct azm_otlp_attributes *attributes)
{
    return azm_otlp_get(attributes, "exception.type", "exception.message", "exception.stacktrace") != NULL ||
           azm_slice_eq(azm_otlp_get_text(attributes, "processor.event", NULL), AZM_S("error"));
}

static void put_time(struct azm_json_writer *json, const char *key, int64_t us)
{
    azm_json_int(azm_json_key(json, azm_slice_str(key)), us);
}

static void put_frame(struct azm_json_writer *json, const struct azm_frame *frame)
{
    azm_json_open_object(json);
    azm_slice file = azm_path_base(frame->path);
    azm_otlp_put(json, "filename", file.len || frame->classname.len ? file : AZM_S("<unknown>"));
    azm_otlp_put(json, "abs_path", frame->path);
    azm_otlp_put(json, "classname", frame->classname);
    azm_otlp_put(json, "module", frame->module);
    azm_otlp_put(json, "function", frame->function);
    if (frame->line && frame->line <= INT32_MAX)
        azm_json_uint(azm_json_key(json, AZM_S("lineno")), frame->line);
    if (frame->column && frame->column <= INT32_MAX)
        azm_json_uint(azm_json_key(json, AZM_S("colno")), frame->column);
    azm_json_bool(azm_json_key(json, AZM_S("library_frame")), frame->library);
    azm_json_close_object(json);
}

/* What an exception's attributes tell, read. logged: what was logged with it, or instead, as Elastic's names tell. */
struct exception {
    azm_slice type, message, stack;
    struct {
        azm_slice message, param_message, level, logger;
    } logged;
    struct azm_frame frames[AZM_FRAMES_MAX];
    size_t frame_count;
    bool unhandled;
};

static void read_exception(const struct azm_otlp_attributes *attributes, struct azm_arena *arena, struct exception *out)
{
    const struct azm_otlp_value *escaped = azm_otlp_get(attributes, "exception.escaped", NULL, NULL);
    out->message = azm_otlp_text_of(azm_otlp_get(attributes, "exception.message", NULL, NULL), arena);
    out->stack = azm_otlp_get_text(attributes, "exception.stacktrace", NULL);
    out->type = azm_otlp_get_text(attributes, "exception.type", NULL);
    if (!out->type.len)
        out->type = azm_stack_type(out->stack, out->message);
    out->logged.message = azm_otlp_get_text(attributes, "error.log.message", NULL);
    out->logged.param_message = azm_otlp_get_text(attributes, "error.log.param_message", NULL);
    out->logged.level = azm_otlp_get_text(attributes, "error.log.level", NULL);
    out->logged.logger = azm_otlp_get_text(attributes, "error.log.logger_name", NULL);
    out->frame_count = azm_stack_read(out->stack, out->frames, AZM_FRAMES_MAX);
    out->unhandled = escaped && escaped->type == AZM_OTLP_BOOL && escaped->integer;
}

static azm_slice culprit_of(const struct exception *exception, struct azm_arena *arena)
{
    for (size_t i = 0; i < exception->frame_count; i++) {
        const struct azm_frame *frame = &exception->frames[i];
        if (frame->library)
            continue;
        azm_slice file = frame->path.len ? azm_path_base(frame->path) : frame->classname;
        return azm_slice_trim(azm_slice_str(azm_arena_printf(
            arena, "%.*s (%.*s)", AZM_FMT(azm_slice_take(frame->function, 200)), AZM_FMT(azm_slice_take(file, 200)))));
    }
    return AZM_S("");
}

static uint64_t group_of(const struct azm_otlp_map *map, const struct azm_otlp_attributes *attributes,
                         const struct exception *exception)
{
    struct azm_error_group group;
    uint8_t told[8];
    if (azm_hex_decode(azm_otlp_get_text(attributes, "error.grouping_key", NULL), told, sizeof told)) {
        uint64_t hash = 0;
        for (size_t i = 0; i < sizeof told; i++)
            hash = hash << 8 | told[i];
        return hash ? hash : 1;
    }
    azm_error_group_begin(&group, map->batch->service);
    azm_error_group_type(&group, exception->type);
    for (size_t i = 0; i < exception->frame_count; i++)
        azm_error_group_frame(&group, exception->frames[i].module, azm_path_base(exception->frames[i].path),
                              exception->frames[i].classname, exception->frames[i].function);
    return azm_error_group_end(&group, exception->message);
}

/* 128 bits of where and what, so that what is sent again has the same id. */
static azm_slice error_id(struct azm_otlp_map *map, const struct azm_otlp_attributes *attributes,
                          const struct azm_otlp_place *place, const struct exception *exception)
{
    char text[33];
    azm_slice told = azm_otlp_get_text(attributes, "error.id", NULL);
    if (told.len)
        return azm_otlp_keep(map, azm_slice_take(told, ERROR_ID_MAX));
    uint64_t where = azm_stable_hash(place->span_id, azm_stable_hash(place->trace_id, AZM_STABLE_HASH));
    uint64_t what = azm_stable_hash(exception->message, azm_stable_hash(exception->type, where));
    where ^= (uint64_t)place->at_us * 0x9e3779b97f4a7c15u;
    snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, where, what + place->index);
    return azm_otlp_keep(map, azm_slice_of(text, 32));
}

static void put_stack(struct azm_json_writer *json, const struct exception *exception)
{
    if (exception->frame_count) {
        azm_json_open_array(azm_json_key(json, AZM_S("stacktrace")));
        for (size_t i = 0; i < exception->frame_count; i++)
            put_frame(json, &exception->frames[i]);
        azm_json_close_array(json);
    } else if (exception->stack.len) { /* one that nobody can read is text */
        azm_json_open_object(azm_json_key(json, AZM_S("attributes")));
        azm_json_text(azm_json_key(json, AZM_S("stacktrace")), exception->stack, LONG_MAX_CHARS);
        azm_json_close_object(json);
    }
}

static void put_exception(struct azm_json_writer *json, const struct exception *exception)
{
    azm_json_open_object(azm_json_key(json, AZM_S("exception")));
    azm_json_text(azm_json_key(json, AZM_S("message")), exception->message, LONG_MAX_CHARS);
    azm_otlp_put(json, "type", exception->type);
    azm_json_bool(azm_json_key(json, AZM_S("handled")), !exception->unhandled);
    put_stack(json, exception);
    azm_json_close_object(json);
}

static void put_logged(struct azm_json_writer *json, const struct exception *exception)
{
    azm_json_open_object(azm_json_key(json, AZM_S("log")));
    azm_json_text(azm_json_key(json, AZM_S("message")), exception->logged.message, LONG_MAX_CHARS);
    azm_otlp_put(json, "param_message", exception->logged.param_message);
    azm_otlp_put(json, "level", exception->logged.level);
    azm_otlp_put(json, "logger_name", exception->logged.logger);
    azm_json_close_object(json);
}

static void put_transaction(struct azm_json_writer *json, const struct azm_otlp_place *place)
{
    if (!place->transaction_id.len)
        return;
    azm_otlp_put(json, "transaction_id", place->transaction_id);
    azm_json_open_object(azm_json_key(json, AZM_S("transaction")));
    azm_otlp_put(json, "name", place->transaction_name);
    azm_otlp_put(json, "type", place->transaction_type);
    azm_json_bool(azm_json_key(json, AZM_S("sampled")), true);
    azm_json_close_object(json);
}

/* Without those that the log has in places of their own. */
static void put_otel(struct azm_otlp_map *map, struct azm_json_writer *json,
                     const struct azm_otlp_attributes *attributes)
{
    static const azm_slice own[] = {AZM_S_INIT("log.level"), AZM_S_INIT("log.logger"), AZM_S_INIT("transaction.id")};
    struct azm_otlp_attribute *others = azm_arena_array(&map->arena, struct azm_otlp_attribute, attributes->count + 1);
    struct azm_otlp_attributes left = {.items = others};
    for (size_t i = 0; i < attributes->count; i++) {
        size_t j = 0;
        while (j < AZM_COUNT(own) && !azm_slice_eq(attributes->items[i].key, own[j]))
            j++;
        if (j == AZM_COUNT(own))
            others[left.count++] = attributes->items[i];
    }
    if (!left.count)
        return;
    azm_json_open_object(azm_json_key(json, AZM_S("otel")));
    azm_otlp_put_attributes(azm_json_key(json, AZM_S("attributes")), &left);
    azm_json_close_object(json);
}

void azm_otlp_add_error(struct azm_otlp_map *map, const struct azm_otlp_attributes *attributes,
                        const struct azm_otlp_place *place)
{
    struct exception exception;
    struct azm_event *event = azm_batch_add(map->batch);
    read_exception(attributes, &map->arena, &exception);
    azm_slice culprit = azm_otlp_get_text(attributes, "error.culprit", NULL), logged = exception.logged.message;
    azm_slice message = logged.len ? logged : exception.message;
    *event = (struct azm_event){
        .kind = AZM_EVENT_ERROR,
        .trace_id = azm_otlp_keep(map, place->trace_id),
        .parent_id = azm_otlp_keep(map, place->span_id),
        .transaction_id = azm_otlp_keep(map, place->transaction_id),
        .id = error_id(map, attributes, place, &exception),
        .service = map->batch->service,
        .name = azm_otlp_keep(map, exception.type.len ? exception.type : exception.logged.logger),
        .result = azm_otlp_keep(map, exception.logged.level),
        .message = azm_otlp_keep(map, azm_utf8_take(message, MESSAGE_MAX)),
        .culprit = culprit.len ? azm_otlp_keep(map, culprit) : culprit_of(&exception, &map->batch->arena),
        .operation = azm_otlp_keep(map, place->transaction_name),
        .group = group_of(map, attributes, &exception),
        .start_us = place->at_us};
    struct azm_json_writer json = azm_otlp_open_raw(map);
    azm_otlp_put(&json, "id", event->id);
    azm_otlp_put(&json, "trace_id", place->trace_id);
    azm_otlp_put(&json, "parent_id", place->span_id);
    put_time(&json, "timestamp", place->at_us);
    azm_otlp_put(&json, "culprit", event->culprit);
    put_transaction(&json, place);
    if (logged.len)
        put_logged(&json, &exception);
    if (!logged.len || exception.type.len || exception.message.len || exception.frame_count)
        put_exception(&json, &exception);
    azm_otlp_close_raw(map, &json, event);
}

void azm_otlp_add_log(struct azm_otlp_map *map, azm_slice logger, azm_slice level, azm_slice message,
                      const struct azm_otlp_attributes *attributes, const struct azm_otlp_place *place)
{
    struct azm_event *event = azm_batch_add(map->batch);
    *event = (struct azm_event){.kind = AZM_EVENT_LOG,
                                .trace_id = azm_otlp_keep(map, place->trace_id),
                                .parent_id = azm_otlp_keep(map, place->span_id),
                                .transaction_id = azm_otlp_keep(map, place->transaction_id),
                                .service = map->batch->service,
                                .name = azm_otlp_keep(map, logger),
                                .result = azm_otlp_keep(map, level),
                                .message = azm_otlp_keep(map, azm_utf8_take(message, MESSAGE_MAX)),
                                .start_us = place->at_us};
    event->attribute_count = azm_otlp_pairs(attributes, &map->batch->arena, &event->attributes);
    struct azm_json_writer json = azm_otlp_open_raw(map);
    put_time(&json, "@timestamp", place->at_us);
    azm_json_text(azm_json_key(&json, AZM_S("message")), message, LONG_MAX_CHARS);
    azm_otlp_put(&json, "log.level", level);
    azm_otlp_put(&json, "log.logger", logger);
    azm_otlp_put(&json, "trace.id", place->trace_id);
    azm_otlp_put(&json, "transaction.id", place->transaction_id);
    azm_otlp_put(&json, "span.id", place->span_id);
    put_otel(map, &json, attributes);
    azm_otlp_close_raw(map, &json, event);
}

/* OpenTelemetry's ranges, in Elastic's words. */
static azm_slice level_of(const struct azm_otlp_log *log)
{
    static const azm_slice names[] = {AZM_S_INIT("trace"),   AZM_S_INIT("debug"), AZM_S_INIT("info"),
                                      AZM_S_INIT("warning"), AZM_S_INIT("error"), AZM_S_INIT("fatal")};
    return log->severity ? names[(log->severity - 1) / 4] : log->severity_text;
}

void azm_otlp_map_log(void *self, const struct azm_otlp_scope *scope, const struct azm_otlp_log *log)
{
    struct azm_otlp_map *map = self;
    uint64_t time_ns = log->time_ns ? log->time_ns : log->observed_ns;
    const struct azm_otlp_place place = {
        .trace_id = log->trace_id,
        .span_id = log->span_id,
        .transaction_id = azm_otlp_get_text(&log->attributes, "transaction.id", NULL),
        .transaction_name = azm_otlp_get_text(&log->attributes, "transaction.name", NULL),
        .transaction_type = azm_otlp_get_text(&log->attributes, "transaction.type", NULL),
        .at_us = time_ns ? azm_otlp_us(time_ns) : map->received_us};
    if (azm_otlp_is_exception(&log->attributes)) {
        azm_otlp_add_error(map, &log->attributes, &place);
        return;
    }
    azm_slice logger = azm_otlp_get_text(&log->attributes, "log.logger", NULL);
    azm_slice level = azm_otlp_get_text(&log->attributes, "log.level", NULL);
    azm_slice message = azm_otlp_text_of(&log->body, &map->arena);
    azm_otlp_add_log(map, logger.len ? logger : scope->name, level.len ? level : level_of(log),
                     message.len ? message : log->event_name, &log->attributes, &place);
}
