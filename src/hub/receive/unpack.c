#include "hub/receive/unpack.h"

#include "base/time.h"
#include "base/utf8.h"

#include <jansson.h>
#include <math.h>

/* Messages may be long; the raw event keeps all of it, the column what a list shows. */
enum { MESSAGE_MAX = 1024 };

static const json_t *find(const json_t *object, const char *path)
{
    azm_slice rest = azm_slice_str(path), key;
    while (object && azm_slice_split(&rest, '.', &key)) {
        char name[64];
        azm_slice_copy(key, name, sizeof name);
        object = json_object_get(object, name);
    }
    return object;
}

static azm_slice text_of(const json_t *value)
{
    return json_is_string(value) ? azm_slice_of(json_string_value(value), json_string_length(value))
                                 : (azm_slice){NULL, 0};
}

azm_slice azm_intake_text(const json_t *object, const char *path)
{
    return text_of(find(object, path));
}

static azm_slice copy(struct azm_arena *arena, azm_slice text)
{
    return text.len ? azm_arena_copy(arena, text) : (azm_slice){NULL, 0};
}

static azm_slice copy_at(struct azm_arena *arena, const json_t *object, const char *path)
{
    return copy(arena, azm_intake_text(object, path));
}

/* Milliseconds, as intake counts durations; what is absurd is cut, so that sums stay in 64 bits. */
static int64_t to_us(double ms)
{
    const double most = 1e12;
    return (int64_t)llround(fmin(fmax(ms, -most), most) * 1000);
}

static bool read_time(const json_t *value, int64_t *out)
{
    const double most = 253402300799e6; /* the end of year 9999 */
    if (json_is_string(value))
        return azm_time_parse(text_of(value), out) == AZM_OK;
    if (!json_is_number(value))
        return false;
    *out = (int64_t)fmin(fmax(json_number_value(value), 0), most);
    return true;
}

static void unpack_start(const json_t *object, const struct azm_batch *batch, struct azm_event *event)
{
    const char *key = event->kind == AZM_EVENT_LOG ? "@timestamp" : "timestamp";
    if (read_time(json_object_get(object, key), &event->start_us))
        return;
    event->start_us = batch->received_us;
    const json_t *offset = json_object_get(object, "start"); /* of a span: ms since its transaction's begin */
    if (event->kind == AZM_EVENT_SPAN && json_is_number(offset))
        event->start_us += to_us(json_number_value(offset));
}

static enum azm_outcome outcome_of(const json_t *object, const char *status_path, int failure_from)
{
    azm_slice text = azm_intake_text(object, "outcome");
    if (text.len)
        return azm_slice_eq(text, AZM_S("success"))   ? AZM_OUTCOME_SUCCESS
               : azm_slice_eq(text, AZM_S("failure")) ? AZM_OUTCOME_FAILURE
                                                      : AZM_OUTCOME_UNKNOWN;
    const json_t *status = find(object, status_path);
    if (!json_is_number(status))
        return AZM_OUTCOME_UNKNOWN;
    return json_number_value(status) >= failure_from ? AZM_OUTCOME_FAILURE : AZM_OUTCOME_SUCCESS;
}

static void unpack_timed(const json_t *object, struct azm_arena *arena, struct azm_event *event)
{
    event->name = copy_at(arena, object, "name");
    event->type = copy_at(arena, object, "type");
    event->duration_us = to_us(json_number_value(json_object_get(object, "duration")));
    if (event->kind == AZM_EVENT_SPAN) {
        event->subtype = copy_at(arena, object, "subtype");
        event->outcome = outcome_of(object, "context.http.status_code", 400);
        return;
    }
    event->result = copy_at(arena, object, "result");
    event->trigger = copy_at(arena, object, "faas.trigger.type");
    event->coldstart = json_is_true(find(object, "faas.coldstart"));
    event->outcome = outcome_of(object, "context.response.status_code", 500);
}

static void unpack_error(const json_t *object, struct azm_arena *arena, struct azm_event *event)
{
    azm_slice message = azm_intake_text(object, "log.message");
    if (!message.len)
        message = azm_intake_text(object, "exception.message");
    event->message = copy(arena, azm_utf8_take(message, MESSAGE_MAX));
    event->name = copy_at(arena, object, "exception.type");
}

/* Log events carry ECS keys, flat or nested. */
static azm_slice log_text(const json_t *object, struct azm_arena *arena, const char *path)
{
    azm_slice flat = text_of(json_object_get(object, path));
    return copy(arena, flat.len ? flat : azm_intake_text(object, path));
}

static void unpack_log(const json_t *object, struct azm_arena *arena, struct azm_event *event)
{
    event->trace_id = log_text(object, arena, "trace.id");
    event->transaction_id = log_text(object, arena, "transaction.id");
    event->parent_id = log_text(object, arena, "span.id");
    if (!event->parent_id.len)
        event->parent_id = event->transaction_id;
    event->name = log_text(object, arena, "log.logger");
    event->result = log_text(object, arena, "log.level");
    event->message = copy(arena, azm_utf8_take(azm_intake_text(object, "message"), MESSAGE_MAX));
}

static azm_slice service_of(const json_t *object, const struct azm_batch *batch, struct azm_event *event)
{
    const char *path = event->kind == AZM_EVENT_LOG ? "service.name" : "context.service.name";
    azm_slice own = azm_intake_text(object, path);
    if (!own.len && event->kind == AZM_EVENT_LOG)
        own = text_of(json_object_get(object, path));
    return own.len ? own : batch->service;
}

void azm_unpack(const json_t *object, struct azm_batch *batch, struct azm_event *event)
{
    struct azm_arena *arena = &batch->arena;
    event->service = copy(arena, service_of(object, batch, event));
    unpack_start(object, batch, event);
    if (event->kind == AZM_EVENT_LOG) {
        unpack_log(object, arena, event);
        return;
    }
    event->trace_id = copy_at(arena, object, "trace_id");
    event->id = copy_at(arena, object, "id");
    event->parent_id = copy_at(arena, object, "parent_id");
    event->transaction_id = copy_at(arena, object, "transaction_id");
    if (event->kind == AZM_EVENT_ERROR)
        unpack_error(object, arena, event);
    else
        unpack_timed(object, arena, event);
}
