#include "hub/receive/otlp/json.h"

#include "base/base64.h"
#include "base/hex.h"
#include "json/read.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct reading {
    const struct azm_otlp_sink *sink;
    enum azm_otlp_signal signal;
    struct azm_error *err;
};

static enum azm_status wrong(const struct reading *r, const char *key, const char *expected)
{
    return azm_fail(r->err, AZM_BAD_INPUT, "\"%s\": expected %s", key, expected);
}

/* NULL for null, too. Keys are matched exactly, as OTLP asks. */
static json_t *member(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

static enum azm_status get_array(const struct reading *r, const json_t *object, const char *key, json_t **out)
{
    *out = member(object, key);
    return !*out || json_is_array(*out) ? AZM_OK : wrong(r, key, "an array");
}

static enum azm_status get_object(const struct reading *r, const json_t *object, const char *key, json_t **out)
{
    *out = member(object, key);
    return !*out || json_is_object(*out) ? AZM_OK : wrong(r, key, "an object");
}

static enum azm_status get_text(const struct reading *r, const json_t *object, const char *key, azm_slice *out)
{
    json_t *value = member(object, key);
    if (value && !json_is_string(value))
        return wrong(r, key, "text");
    *out = azm_json_slice(value);
    return AZM_OK;
}

/* Decimal text or a number. */
static bool number_of(const json_t *value, int64_t *out)
{
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    if (json_is_real(value)) {
        double real = json_real_value(value);
        *out = fabs(real) < 9.2e18 ? (int64_t)real : 0;
        return floor(real) == real && fabs(real) < 9.2e18;
    }
    azm_slice text = azm_json_slice(value);
    bool minus = text.len && text.ptr[0] == '-';
    uint64_t number;
    if (azm_slice_to_u64(azm_slice_drop(text, minus), &number) != AZM_OK)
        return false;
    *out = minus ? -(int64_t)number : (int64_t)number;
    return true;
}

static enum azm_status get_number(const struct reading *r, const json_t *object, const char *key, int64_t *out)
{
    json_t *value = member(object, key);
    *out = 0;
    return !value || number_of(value, out) ? AZM_OK : wrong(r, key, "a whole number, or one as text");
}

static enum azm_status get_time(const struct reading *r, const json_t *object, const char *key, uint64_t *out)
{
    int64_t number;
    enum azm_status status = get_number(r, object, key, &number);
    *out = (uint64_t)number;
    return status;
}

static bool real_of(const json_t *value, double *out)
{
    azm_slice text = azm_json_slice(value);
    *out = json_number_value(value);
    if (json_is_number(value))
        return true;
    if (azm_slice_eq(text, AZM_S("NaN")))
        *out = NAN;
    else if (azm_slice_eq(text, AZM_S("Infinity")))
        *out = INFINITY;
    else if (azm_slice_eq(text, AZM_S("-Infinity")))
        *out = -INFINITY;
    else
        return false;
    return true;
}

/* Hex of any case. Anything else is as if it were not there: that item is refused, not the request. */
static azm_slice id_of(const struct reading *r, const json_t *object, const char *key, size_t len, bool *bad)
{
    azm_slice text = azm_json_slice(member(object, key));
    uint8_t bytes[AZM_OTLP_TRACE_ID_TEXT / 2];
    *bad = text.len > 0;
    if (text.len != len)
        return AZM_S("");
    char *lower = azm_arena_alloc(r->sink->arena, len);
    bool zero = true;
    for (size_t i = 0; i < len; i++) {
        char c = text.ptr[i];
        lower[i] = (char)(c >= 'A' && c <= 'F' ? c + 32 : c);
        zero = zero && c == '0';
    }
    *bad = zero || !azm_hex_decode(azm_slice_of(lower, len), bytes, len / 2);
    return *bad ? AZM_S("") : azm_slice_of(lower, len);
}

/* --- AnyValue, KeyValue --- */

static enum azm_status read_value(const struct reading *r, const json_t *in, unsigned depth,
                                  struct azm_otlp_value *out);

static enum azm_status read_items(const struct reading *r, const json_t *list, bool pairs, unsigned depth,
                                  const struct azm_otlp_attribute **items, size_t *count)
{
    enum azm_status status = AZM_OK;
    *count = json_array_size(list);
    struct azm_otlp_attribute *own = azm_arena_array(r->sink->arena, struct azm_otlp_attribute, *count + 1);
    *items = own;
    for (size_t i = 0; i < *count && status == AZM_OK; i++) {
        const json_t *item = json_array_get(list, i);
        if (pairs)
            status = get_text(r, item, "key", &own[i].key);
        if (status == AZM_OK)
            status = read_value(r, pairs ? member(item, "value") : item, depth, &own[i].value);
    }
    return status;
}

static enum azm_status read_nested(const struct reading *r, const json_t *in, bool map, unsigned depth,
                                   struct azm_otlp_value *out)
{
    json_t *list;
    enum azm_status status = get_array(r, in, "values", &list);
    if (status != AZM_OK || depth >= AZM_OTLP_DEPTH)
        return status;
    out->type = map ? AZM_OTLP_MAP : AZM_OTLP_ARRAY;
    return read_items(r, list, map, depth + 1, &out->items, &out->count);
}

static enum azm_status read_bytes(const struct reading *r, azm_slice text, struct azm_otlp_value *out)
{
    char *bytes = azm_arena_alloc(r->sink->arena, text.len / 4 * 3 + 1);
    size_t len = 0;
    if (azm_base64_decode(text, bytes, &len) != AZM_OK)
        return wrong(r, "bytesValue", "base64");
    *out = (struct azm_otlp_value){.type = AZM_OTLP_BYTES, .text = azm_slice_of(bytes, len)};
    return AZM_OK;
}

static enum azm_status read_value(const struct reading *r, const json_t *in, unsigned depth, struct azm_otlp_value *out)
{
    json_t *value;
    *out = (struct azm_otlp_value){.type = AZM_OTLP_NONE};
    if ((value = member(in, "stringValue"))) {
        *out = (struct azm_otlp_value){.type = AZM_OTLP_TEXT, .text = azm_json_slice(value)};
        return json_is_string(value) ? AZM_OK : wrong(r, "stringValue", "text");
    }
    if ((value = member(in, "boolValue"))) {
        *out = (struct azm_otlp_value){.type = AZM_OTLP_BOOL, .integer = json_is_true(value)};
        return json_is_boolean(value) ? AZM_OK : wrong(r, "boolValue", "true or false");
    }
    if ((value = member(in, "intValue"))) {
        out->type = AZM_OTLP_INT;
        return number_of(value, &out->integer) ? AZM_OK : wrong(r, "intValue", "a whole number, or one as text");
    }
    if ((value = member(in, "doubleValue"))) {
        out->type = AZM_OTLP_DOUBLE;
        return real_of(value, &out->real) ? AZM_OK : wrong(r, "doubleValue", "a number");
    }
    if ((value = member(in, "arrayValue")))
        return read_nested(r, value, false, depth, out);
    if ((value = member(in, "kvlistValue")))
        return read_nested(r, value, true, depth, out);
    if ((value = member(in, "bytesValue")))
        return read_bytes(r, azm_json_slice(value), out);
    return AZM_OK;
}

static enum azm_status read_attributes(const struct reading *r, const json_t *object, struct azm_otlp_attributes *out)
{
    json_t *list;
    enum azm_status status = get_array(r, object, "attributes", &list);
    return status == AZM_OK ? read_items(r, list, true, 0, &out->items, &out->count) : status;
}

/* --- enums: numbers, or (tolerated) names --- */

static unsigned enum_of(const json_t *value, const char *const *names, size_t count)
{
    int64_t number = 0;
    azm_slice text = azm_json_slice(value);
    for (size_t i = 0; i < count && text.len; i++)
        if (azm_slice_ends_nocase(text, azm_slice_str(names[i])))
            return (unsigned)i;
    return number_of(value, &number) && number >= 0 && (uint64_t)number < count ? (unsigned)number : 0;
}

static const char *const kind_names[] = {"_UNSPECIFIED", "_INTERNAL", "_SERVER", "_CLIENT", "_PRODUCER", "_CONSUMER"};
static const char *const status_names[] = {"_UNSET", "_OK", "_ERROR"};

/* --- Span --- */

static enum azm_status read_events(const struct reading *r, const json_t *object, struct azm_otlp_span *out)
{
    json_t *list;
    enum azm_status status = get_array(r, object, "events", &list);
    out->event_count = status == AZM_OK ? json_array_size(list) : 0;
    struct azm_otlp_event *events = azm_arena_array(r->sink->arena, struct azm_otlp_event, out->event_count + 1);
    out->events = events;
    for (size_t i = 0; i < out->event_count && status == AZM_OK; i++) {
        const json_t *event = json_array_get(list, i);
        status = get_time(r, event, "timeUnixNano", &events[i].time_ns);
        if (status == AZM_OK)
            status = get_text(r, event, "name", &events[i].name);
        if (status == AZM_OK)
            status = read_attributes(r, event, &events[i].attributes);
    }
    return status;
}

static enum azm_status read_links(const struct reading *r, const json_t *object, struct azm_otlp_span *out)
{
    json_t *list;
    bool bad;
    enum azm_status status = get_array(r, object, "links", &list);
    out->link_count = status == AZM_OK ? json_array_size(list) : 0;
    struct azm_otlp_link *links = azm_arena_array(r->sink->arena, struct azm_otlp_link, out->link_count + 1);
    out->links = links;
    for (size_t i = 0; i < out->link_count; i++) {
        const json_t *link = json_array_get(list, i);
        links[i].trace_id = id_of(r, link, "traceId", AZM_OTLP_TRACE_ID_TEXT, &bad);
        links[i].span_id = id_of(r, link, "spanId", AZM_OTLP_SPAN_ID_TEXT, &bad);
    }
    return status;
}

static enum azm_status read_span_head(const struct reading *r, const json_t *in, struct azm_otlp_span *out)
{
    json_t *told;
    bool bad;
    out->trace_id = id_of(r, in, "traceId", AZM_OTLP_TRACE_ID_TEXT, &bad);
    out->span_id = id_of(r, in, "spanId", AZM_OTLP_SPAN_ID_TEXT, &bad);
    out->parent_id = id_of(r, in, "parentSpanId", AZM_OTLP_SPAN_ID_TEXT, &out->bad_parent);
    out->kind = (enum azm_otlp_kind)enum_of(member(in, "kind"), kind_names, AZM_COUNT(kind_names));
    enum azm_status status = get_text(r, in, "traceState", &out->trace_state);
    if (status == AZM_OK)
        status = get_text(r, in, "name", &out->name);
    if (status == AZM_OK)
        status = get_time(r, in, "startTimeUnixNano", &out->start_ns);
    if (status == AZM_OK)
        status = get_time(r, in, "endTimeUnixNano", &out->end_ns);
    if (status == AZM_OK)
        status = get_object(r, in, "status", &told);
    if (status == AZM_OK && told) {
        out->status = (enum azm_otlp_status)enum_of(member(told, "code"), status_names, AZM_COUNT(status_names));
        status = get_text(r, told, "message", &out->status_message);
    }
    return status;
}

static enum azm_status read_span(const struct reading *r, const json_t *in, const struct azm_otlp_scope *scope)
{
    struct azm_otlp_span span = {.kind = AZM_OTLP_KIND_UNSPECIFIED};
    enum azm_status status = read_span_head(r, in, &span);
    if (status == AZM_OK)
        status = read_events(r, in, &span);
    if (status == AZM_OK)
        status = read_links(r, in, &span);
    if (status == AZM_OK)
        status = read_attributes(r, in, &span.attributes);
    if (status == AZM_OK)
        r->sink->span(r->sink->self, scope, &span);
    return status;
}

/* --- LogRecord --- */

static enum azm_status read_log(const struct reading *r, const json_t *in, const struct azm_otlp_scope *scope)
{
    struct azm_otlp_log log = {.time_ns = 0};
    int64_t severity = 0;
    bool bad;
    log.trace_id = id_of(r, in, "traceId", AZM_OTLP_TRACE_ID_TEXT, &bad);
    log.span_id = id_of(r, in, "spanId", AZM_OTLP_SPAN_ID_TEXT, &bad);
    enum azm_status status = get_time(r, in, "timeUnixNano", &log.time_ns);
    if (status == AZM_OK)
        status = get_time(r, in, "observedTimeUnixNano", &log.observed_ns);
    if (status == AZM_OK)
        status = get_text(r, in, "severityText", &log.severity_text);
    if (status == AZM_OK)
        status = get_text(r, in, "eventName", &log.event_name);
    if (status == AZM_OK)
        status = read_value(r, member(in, "body"), 0, &log.body);
    if (status == AZM_OK)
        status = read_attributes(r, in, &log.attributes);
    if (number_of(member(in, "severityNumber"), &severity) && severity > 0 && severity <= 24)
        log.severity = (unsigned)severity;
    if (status == AZM_OK)
        r->sink->log(r->sink->self, scope, &log);
    return status;
}

/* --- Metric --- */

static bool is_recorded(const json_t *point)
{
    int64_t flags = 0;
    return !number_of(member(point, "flags"), &flags) || !(flags & 1);
}

static enum azm_status read_number(const struct reading *r, const json_t *in, struct azm_otlp_point *out)
{
    json_t *real = member(in, "asDouble"), *whole = member(in, "asInt");
    int64_t number = 0;
    out->has_value = real || whole;
    if (real)
        return real_of(real, &out->value) ? AZM_OK : wrong(r, "asDouble", "a number");
    if (whole && !number_of(whole, &number))
        return wrong(r, "asInt", "a whole number, or one as text");
    out->value = (double)number;
    return AZM_OK;
}

static enum azm_status read_distribution(const struct reading *r, const json_t *in, struct azm_otlp_point *out)
{
    int64_t count;
    json_t *sum = member(in, "sum");
    enum azm_status status = get_number(r, in, "count", &count);
    out->count = (double)count;
    out->has_sum = true;
    return status != AZM_OK || !sum || real_of(sum, &out->sum) ? status : wrong(r, "sum", "a number");
}

static enum azm_status read_points(const struct reading *r, const json_t *data, bool numbers,
                                   const struct azm_otlp_point *like, const struct azm_otlp_scope *scope)
{
    json_t *list;
    enum azm_status status = get_array(r, data, "dataPoints", &list);
    for (size_t i = 0; status == AZM_OK && i < json_array_size(list); i++) {
        const json_t *in = json_array_get(list, i);
        struct azm_otlp_point point = *like;
        status = get_time(r, in, "timeUnixNano", &point.time_ns);
        if (status == AZM_OK)
            status = numbers ? read_number(r, in, &point) : read_distribution(r, in, &point);
        if (status == AZM_OK)
            status = read_attributes(r, in, &point.attributes);
        if (status == AZM_OK && is_recorded(in))
            r->sink->point(r->sink->self, scope, &point);
    }
    return status;
}

static enum azm_status read_metric(const struct reading *r, const json_t *in, const struct azm_otlp_scope *scope)
{
    static const struct {
        const char *key;
        bool numbers;
    } kinds[] = {
        {"gauge", true}, {"sum", true}, {"histogram", false}, {"exponentialHistogram", false}, {"summary", false}};
    struct azm_otlp_point point = {.has_value = false};
    json_t *data;
    enum azm_status status = get_text(r, in, "name", &point.metric);
    if (status == AZM_OK)
        status = get_text(r, in, "unit", &point.unit);
    for (size_t i = 0; i < AZM_COUNT(kinds) && status == AZM_OK; i++) {
        status = get_object(r, in, kinds[i].key, &data);
        if (status == AZM_OK && data)
            status = read_points(r, data, kinds[i].numbers, &point, scope);
    }
    return status;
}

/* --- ScopeX, ResourceX --- */

static enum azm_status read_scoped(const struct reading *r, const json_t *in)
{
    static const char *const lists[] = {
        [AZM_OTLP_TRACES] = "spans", [AZM_OTLP_LOGS] = "logRecords", [AZM_OTLP_METRICS] = "metrics"};
    struct azm_otlp_scope scope = {.name = {NULL, 0}};
    json_t *told, *list;
    enum azm_status status = get_object(r, in, "scope", &told);
    if (status == AZM_OK)
        status = get_text(r, told, "name", &scope.name);
    if (status == AZM_OK)
        status = get_text(r, told, "version", &scope.version);
    if (status == AZM_OK)
        status = get_array(r, in, lists[r->signal], &list);
    for (size_t i = 0; status == AZM_OK && i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct azm_arena_mark mark = azm_arena_mark(r->sink->arena);
        status = !json_is_object(item)          ? wrong(r, lists[r->signal], "objects")
                 : r->signal == AZM_OTLP_TRACES ? read_span(r, item, &scope)
                 : r->signal == AZM_OTLP_LOGS   ? read_log(r, item, &scope)
                                                : read_metric(r, item, &scope);
        azm_arena_rewind(r->sink->arena, mark);
    }
    return status;
}

static enum azm_status read_resource(const struct reading *r, const json_t *in)
{
    static const char *const lists[] = {
        [AZM_OTLP_TRACES] = "scopeSpans", [AZM_OTLP_LOGS] = "scopeLogs", [AZM_OTLP_METRICS] = "scopeMetrics"};
    struct azm_otlp_attributes attributes = {.count = 0};
    json_t *resource, *list;
    enum azm_status status = get_object(r, in, "resource", &resource);
    if (status == AZM_OK)
        status = read_attributes(r, resource, &attributes);
    if (status == AZM_OK)
        status = get_array(r, in, lists[r->signal], &list);
    if (status == AZM_OK)
        r->sink->resource(r->sink->self, &attributes);
    for (size_t i = 0; status == AZM_OK && i < json_array_size(list); i++)
        status = read_scoped(r, json_array_get(list, i));
    return status;
}

static enum azm_status read_request(const struct reading *r, const json_t *root)
{
    static const char *const lists[] = {
        [AZM_OTLP_TRACES] = "resourceSpans", [AZM_OTLP_LOGS] = "resourceLogs", [AZM_OTLP_METRICS] = "resourceMetrics"};
    json_t *list;
    if (!json_is_object(root))
        return azm_fail(r->err, AZM_BAD_INPUT, "expected an object with \"%s\"", lists[r->signal]);
    enum azm_status status = get_array(r, root, lists[r->signal], &list);
    for (size_t i = 0; status == AZM_OK && i < json_array_size(list); i++)
        status = read_resource(r, json_array_get(list, i));
    return status;
}

enum azm_status azm_otlp_read_json(enum azm_otlp_signal signal, azm_slice body, const struct azm_otlp_sink *sink,
                                   struct azm_error *err)
{
    const struct reading r = {.sink = sink, .signal = signal, .err = err};
    json_t *root = NULL;
    enum azm_status status = azm_json_parse(body, "the request", &root, err);
    if (status != AZM_OK)
        return AZM_BAD_INPUT;
    status = read_request(&r, root);
    json_decref(root);
    return status;
}
