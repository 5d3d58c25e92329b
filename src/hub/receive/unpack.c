#include "hub/receive/unpack.h"

#include "base/time.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "hub/receive/intake_group.h"

#include <jansson.h>
#include <math.h>

/* Messages may be long; the raw event keeps all of it, the column what a list shows. */
enum { MESSAGE_MAX = 1024, WORDS_MAX = 2048, WORD_MAX = 1024, ATTRIBUTES_MAX = 64 };

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

int64_t azm_intake_time(const json_t *object, const char *key, int64_t otherwise_us)
{
    int64_t time_us;
    return read_time(json_object_get(object, key), &time_us) ? time_us : otherwise_us;
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

static unsigned status_of(const json_t *object, const char *path)
{
    double status = json_number_value(find(object, path));
    return status >= 100 && status < 1000 ? (unsigned)status : 0;
}

/* What a span calls: its destination's resource, else what its service.target says, as the server derives the one from
 * the other (elastic-agent spec "spans: service.target"). */
static azm_slice target_of(const json_t *object, struct azm_arena *arena)
{
    azm_slice resource = azm_intake_text(object, "context.destination.service.resource");
    azm_slice type = azm_intake_text(object, "context.service.target.type");
    azm_slice name = azm_intake_text(object, "context.service.target.name");
    if (resource.len || (!type.len && !name.len))
        return resource;
    if (!name.len || !type.len || azm_slice_eq(type, AZM_S("http")))
        return name.len ? name : type;
    return azm_slice_str(azm_arena_printf(arena, "%.*s/%.*s", AZM_FMT(type), AZM_FMT(name)));
}

static void unpack_timed(const json_t *object, struct azm_arena *arena, struct azm_event *event)
{
    double rate = json_number_value(json_object_get(object, "sample_rate"));
    event->weight = rate > 0 ? 1 / rate : 0;
    event->name = copy_at(arena, object, "name");
    event->type = copy_at(arena, object, "type");
    event->duration_us = to_us(json_number_value(json_object_get(object, "duration")));
    if (event->kind == AZM_EVENT_SPAN) {
        event->subtype = copy_at(arena, object, "subtype");
        event->target = copy(arena, target_of(object, arena));
        event->status = status_of(object, "context.http.status_code");
        event->outcome = outcome_of(object, "context.http.status_code", 400);
        return;
    }
    event->result = copy_at(arena, object, "result");
    event->function = copy_at(arena, object, "faas.name");
    event->invocation = copy_at(arena, object, "faas.execution");
    event->target = copy_at(arena, object, "context.message.queue.name");
    event->status = status_of(object, "context.response.status_code");
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
    if (!event->name.len)
        event->name = copy_at(arena, object, "log.logger_name");
    event->result = copy_at(arena, object, "log.level");
    event->culprit = copy_at(arena, object, "culprit");
    event->operation = copy_at(arena, object, "transaction.name");
    event->group = azm_intake_error_group(object, event->service);
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

static const char *const word_paths[] = {
    "context.request.url.pathname",
    "context.request.url.full",
    "context.request.url.raw",
    "context.http.url",
    "context.db.statement",
    "context.message.queue.name",
    "faas.execution",
    "context.response.status_code",
};

/* Everything that people look for and that is no column. */
static void unpack_words(const json_t *object, struct azm_arena *arena, struct azm_event *event)
{
    char text[WORDS_MAX];
    struct azm_buf words;
    azm_buf_init_fixed(&words, text, sizeof text);
    for (size_t i = 0; i < AZM_COUNT(word_paths); i++) {
        azm_slice word = azm_slice_take(azm_intake_text(object, word_paths[i]), WORD_MAX);
        if (!word.len || words.len + word.len + 1 > sizeof text)
            continue;
        azm_buf_add(&words, word);
        azm_buf_add_byte(&words, ' ');
    }
    event->words = copy(arena, azm_buf_slice(&words));
}

static azm_slice value_text(const json_t *value, struct azm_arena *arena)
{
    if (json_is_string(value))
        return copy(arena, azm_slice_take(text_of(value), WORD_MAX));
    if (json_is_boolean(value))
        return json_is_true(value) ? AZM_S("true") : AZM_S("false");
    if (json_is_integer(value))
        return azm_slice_str(azm_arena_printf(arena, "%lld", (long long)json_integer_value(value)));
    return json_is_real(value) ? azm_slice_str(azm_arena_printf(arena, "%.15g", json_real_value(value))) : AZM_S("");
}

static size_t add_attributes(json_t *from, struct azm_arena *arena, struct azm_pair *to, size_t count)
{
    const char *key;
    json_t *value;
    json_object_foreach(from, key, value)
    {
        azm_slice text = value_text(value, arena);
        if (count < ATTRIBUTES_MAX && text.len)
            to[count++] = (struct azm_pair){azm_arena_copy(arena, azm_slice_str(key)), text};
    }
    return count;
}

static void unpack_attributes(const json_t *object, struct azm_arena *arena, struct azm_event *event)
{
    static const char *const paths[] = {"context.tags", "otel.attributes", "labels"};
    struct azm_pair found[ATTRIBUTES_MAX], *kept;
    size_t count = 0;
    for (size_t i = 0; i < AZM_COUNT(paths); i++)
        count = add_attributes((json_t *)find(object, paths[i]), arena, found, count);
    if (!count)
        return;
    kept = azm_arena_array(arena, struct azm_pair, count);
    memcpy(kept, found, count * sizeof *kept);
    event->attributes = kept;
    event->attribute_count = count;
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
    unpack_words(object, arena, event);
    unpack_attributes(object, arena, event);
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
