#include "hub/exchange/export_parts.h"

#include "otlp/write.h"
#include "hub/store/stable_hash.h"
#include "json/read.h"
#include "trace/tracestate.h"

#include <inttypes.h>
#include <stdio.h>

/* Field numbers are protobuf's business: here all is JSON. */
enum { NONE = 0 };

enum list { SPANS, LOGS };

static const struct {
    const char *resources, *scopes, *items;
} names[] = {[SPANS] = {"resourceSpans", "scopeSpans", "spans"}, [LOGS] = {"resourceLogs", "scopeLogs", "logRecords"}};

/* --- values --- */

static void put_value(struct azm_otlp_writer *w, const json_t *value);

static void put_pairs(struct azm_otlp_writer *w, const char *list, json_t *pairs)
{
    const char *key;
    json_t *value;
    azm_otlp_open_list(w, list);
    json_object_foreach(pairs, key, value)
    {
        azm_otlp_open(w, NONE, NULL);
        azm_otlp_text(w, NONE, "key", azm_slice_str(key));
        azm_json_key(&w->json, AZM_S("value"));
        put_value(w, value);
        azm_otlp_close(w, NONE);
    }
    azm_otlp_close_list(w);
}

static void put_items(struct azm_otlp_writer *w, const json_t *items)
{
    size_t i;
    json_t *item;
    azm_otlp_open(w, NONE, "arrayValue");
    azm_otlp_open_list(w, "values");
    json_array_foreach(items, i, item) put_value(w, item);
    azm_otlp_close_list(w);
    azm_otlp_close(w, NONE);
}

/* AnyValue. A number is whole when it was written so. */
static void put_value(struct azm_otlp_writer *w, const json_t *value)
{
    char text[24];
    azm_otlp_open(w, NONE, NULL);
    switch (json_typeof(value)) {
    case JSON_STRING: azm_otlp_text(w, NONE, "stringValue", azm_json_slice(value)); break;
    case JSON_INTEGER:
        snprintf(text, sizeof text, "%" PRId64, (int64_t)json_integer_value(value));
        azm_otlp_text(w, NONE, "intValue", azm_slice_str(text));
        break;
    case JSON_REAL: azm_json_double(azm_json_key(&w->json, AZM_S("doubleValue")), json_real_value(value)); break;
    case JSON_TRUE:
    case JSON_FALSE: azm_json_bool(azm_json_key(&w->json, AZM_S("boolValue")), json_is_true(value)); break;
    case JSON_ARRAY: put_items(w, value); break;
    case JSON_OBJECT:
        azm_otlp_open(w, NONE, "kvlistValue");
        put_pairs(w, "values", (json_t *)value);
        azm_otlp_close(w, NONE);
        break;
    case JSON_NULL: break;
    }
    azm_otlp_close(w, NONE);
}

/* As long as that, in hex, and not all zeros. */
static bool is_id(azm_slice text, size_t len)
{
    bool zero = true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
        zero = zero && c == '0';
    }
    return text.len == len && !zero;
}

/* Intake takes any text for an id: what is none to OTLP is replaced by what it hashes to. */
static void put_id(struct azm_otlp_writer *w, const char *key, azm_slice id, size_t len)
{
    char text[33];
    uint64_t hash = azm_stable_hash(id, AZM_STABLE_HASH);
    if (!id.len)
        return;
    snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, hash, azm_stable_hash(AZM_S("2"), hash));
    azm_otlp_text(w, NONE, key, is_id(id, len) ? id : azm_slice_of(text, len));
}

static void put_time(struct azm_otlp_writer *w, const char *key, int64_t us)
{
    azm_otlp_fixed64(w, NONE, key, azm_otlp_ns(us));
}

/* --- a span --- */

static uint32_t kind_of(const struct azm_event *event, const json_t *raw)
{
    static const azm_slice kinds[] = {AZM_S_INIT("UNSPECIFIED"), AZM_S_INIT("INTERNAL"), AZM_S_INIT("SERVER"),
                                      AZM_S_INIT("CLIENT"),      AZM_S_INIT("PRODUCER"), AZM_S_INIT("CONSUMER")};
    enum { INTERNAL = 1, SERVER, CLIENT, PRODUCER, CONSUMER };
    azm_slice told = azm_json_slice(azm_json_at(raw, "otel.span_kind"));
    bool messaging = azm_slice_eq(event->type, AZM_S("messaging"));
    for (uint32_t i = 0; i < AZM_COUNT(kinds); i++)
        if (azm_slice_eq(told, kinds[i]))
            return i;
    if (event->kind == AZM_EVENT_TRANSACTION)
        return messaging ? CONSUMER : SERVER;
    return !event->target.len ? INTERNAL : messaging ? PRODUCER : CLIENT;
}

static void put_state(struct azm_otlp_writer *w, const json_t *raw)
{
    static const struct azm_pairs none;
    double rate = json_number_value(azm_json_get(raw, "sample_rate"));
    char storage[64];
    struct azm_buf text;
    if (!(rate > 0 && rate < 1))
        return;
    azm_buf_init_fixed(&text, storage, sizeof storage);
    azm_tracestate_write(&text, none, rate);
    azm_otlp_text(w, NONE, "traceState", azm_buf_slice(&text));
}

static void put_links(struct azm_otlp_writer *w, const json_t *links)
{
    size_t i;
    json_t *link;
    if (json_array_size(links) == 0)
        return;
    azm_otlp_open_list(w, "links");
    json_array_foreach(links, i, link)
    {
        azm_otlp_open(w, NONE, NULL);
        put_id(w, "traceId", azm_json_get_slice(link, "trace_id"), 32);
        put_id(w, "spanId", azm_json_get_slice(link, "span_id"), 16);
        azm_otlp_close(w, NONE);
    }
    azm_otlp_close_list(w);
}

/* OK is said only where the HTTP status would tell otherwise. */
static void put_status(struct azm_otlp_writer *w, const struct azm_event *event, const json_t *raw)
{
    unsigned failure = event->kind == AZM_EVENT_TRANSACTION ? 500 : 400;
    azm_slice message = azm_json_slice(azm_json_at(raw, "otel.status_message"));
    azm_otlp_open(w, NONE, "status");
    if (message.len)
        azm_otlp_text(w, NONE, "message", message);
    if (event->outcome == AZM_OUTCOME_FAILURE)
        azm_otlp_number(w, NONE, "code", 2);
    else if (event->outcome == AZM_OUTCOME_SUCCESS && event->status >= failure)
        azm_otlp_number(w, NONE, "code", 1);
    azm_otlp_close(w, NONE);
}

static void put_span(struct azm_otlp_writer *w, const struct azm_event *event, const json_t *raw, json_t *attributes)
{
    azm_otlp_open(w, NONE, NULL);
    put_id(w, "traceId", event->trace_id, 32);
    put_id(w, "spanId", event->id, 16);
    put_state(w, raw);
    put_id(w, "parentSpanId", event->parent_id, 16);
    azm_otlp_text(w, NONE, "name", event->name);
    azm_otlp_number(w, NONE, "kind", kind_of(event, raw));
    put_time(w, "startTimeUnixNano", event->start_us);
    put_time(w, "endTimeUnixNano", event->start_us + event->duration_us);
    put_pairs(w, "attributes", attributes);
    put_links(w, azm_json_get(raw, "links"));
    put_status(w, event, raw);
    azm_otlp_number(w, NONE, "flags", 1);
    azm_otlp_close(w, NONE);
}

/* --- a log record, also of an error --- */

static void put_log(struct azm_otlp_writer *w, const struct azm_event *event, const json_t *raw, json_t *attributes)
{
    bool is_error = event->kind == AZM_EVENT_ERROR;
    azm_slice message = azm_json_get_slice(raw, "message"), level = event->result;
    uint32_t severity = azm_otlp_severity(level);
    azm_otlp_open(w, NONE, NULL);
    put_time(w, "timeUnixNano", event->start_us);
    put_time(w, "observedTimeUnixNano", event->start_us);
    if (severity || is_error)
        azm_otlp_number(w, NONE, "severityNumber", severity ? severity : azm_otlp_severity(AZM_S("error")));
    if (level.len)
        azm_otlp_text(w, NONE, "severityText", level);
    azm_otlp_open(w, NONE, "body");
    azm_otlp_text(w, NONE, "stringValue", message.len ? message : event->message);
    azm_otlp_close(w, NONE);
    put_pairs(w, "attributes", attributes);
    put_id(w, "traceId", event->trace_id, 32);
    put_id(w, "spanId", event->parent_id, 16);
    azm_otlp_close(w, NONE);
}

/* --- lists of scopes --- */

/* Goes on with the scope's list, or closes the one before and opens its own. */
static struct azm_buf *open_scope(struct azm_exported *process, enum list list, azm_slice scope)
{
    struct azm_buf *out = list == SPANS ? &process->first : &process->second;
    uint64_t hash = azm_stable_hash(scope, AZM_STABLE_HASH) | 1;
    if (process->scopes[list] == hash) {
        azm_buf_add_byte(out, ',');
        return out;
    }
    azm_buf_add_str(out, process->scopes[list] ? "]}," : "");
    process->scopes[list] = hash;
    struct azm_json_writer json = azm_json_writer(out);
    azm_json_open_object(&json);
    azm_json_open_object(azm_json_key(&json, AZM_S("scope")));
    if (scope.len)
        azm_json_string(azm_json_key(&json, AZM_S("name")), scope);
    azm_json_close_object(&json);
    azm_json_open_array(azm_json_key(&json, azm_slice_str(names[list].items)));
    return out;
}

static void add(struct azm_exported *process, const struct azm_event_row *row, json_t *raw)
{
    const struct azm_event *event = &row->event;
    bool timed = event->kind == AZM_EVENT_TRANSACTION || event->kind == AZM_EVENT_SPAN;
    azm_slice scope = azm_json_slice(azm_json_at(raw, "otel.scope"));
    struct azm_buf *out = open_scope(process, timed ? SPANS : LOGS, scope);
    struct azm_otlp_writer w = azm_otlp_writer(out, true);
    json_t *attributes = azm_export_attributes(event, raw, process->by_otlp);
    if (timed)
        put_span(&w, event, raw, attributes);
    else
        put_log(&w, event, raw, attributes);
    json_decref(attributes);
}

static void put_resource(struct azm_otlp_writer *w, const struct azm_exported *process, enum list list)
{
    json_t *metadata = NULL;
    if (azm_json_parse(process->metadata, "metadata", &metadata, NULL) != AZM_OK)
        metadata = NULL;
    json_t *attributes = azm_export_resource(metadata);
    azm_otlp_open(w, NONE, NULL);
    azm_otlp_open(w, NONE, "resource");
    put_pairs(w, "attributes", attributes);
    azm_otlp_close(w, NONE);
    azm_otlp_open_list(w, names[list].scopes);
    azm_json_raw(&w->json, azm_buf_slice(list == SPANS ? &process->first : &process->second));
    azm_buf_add_str(w->out, "]}");
    azm_otlp_close_list(w);
    azm_otlp_close(w, NONE);
    json_decref(attributes);
    json_decref(metadata);
}

static void write_list(const struct azm_exported *processes, size_t count, enum list list, struct azm_buf *out)
{
    struct azm_otlp_writer w = azm_otlp_writer(out, true);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (!processes[i].scopes[list])
            continue;
        if (!any) {
            azm_otlp_open(&w, NONE, NULL);
            azm_otlp_open_list(&w, names[list].resources);
        }
        any = true;
        put_resource(&w, &processes[i], list);
    }
    if (!any)
        return;
    azm_otlp_close_list(&w);
    azm_otlp_close(&w, NONE);
    azm_buf_add_byte(out, '\n');
}

static void write(struct azm_exported *processes, size_t count, struct azm_buf *out)
{
    write_list(processes, count, SPANS, out);
    write_list(processes, count, LOGS, out);
}

const struct azm_export_kind azm_export_otlp = {add, write};
