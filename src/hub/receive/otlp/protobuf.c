#include "hub/receive/otlp/protobuf.h"

#include "base/hex.h"
#include "proto/wire.h"

/* Field numbers are those of the messages named. */
struct reading {
    const struct azm_otlp_sink *sink;
    enum azm_otlp_signal signal;
    azm_slice body;
    struct azm_error *err;
};

static enum azm_status torn(const struct reading *r, azm_slice rest, const char *message)
{
    return azm_fail(r->err, AZM_BAD_INPUT, "protobuf: %s is torn near byte %zu", message,
                    (size_t)(rest.ptr - r->body.ptr));
}

/* Goes over a message's fields. False: at its end, or *status says what is wrong. */
static bool next(const struct reading *r, azm_slice *in, const char *message, struct azm_wire_field *field,
                 enum azm_status *status)
{
    azm_slice before = *in;
    if (*status != AZM_OK)
        return false;
    enum azm_status got = azm_wire_next(in, field);
    if (got != AZM_OK && got != AZM_END)
        *status = torn(r, before, message);
    return got == AZM_OK;
}

static bool is(const struct azm_wire_field *field, uint32_t no, enum azm_wire_type type)
{
    return field->no == no && field->type == type;
}

static size_t count_fields(azm_slice in, uint32_t no)
{
    struct azm_wire_field field;
    size_t count = 0;
    while (azm_wire_next(&in, &field) == AZM_OK)
        count += is(&field, no, AZM_WIRE_BYTES);
    return count;
}

static double real_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static azm_slice id_of(const struct reading *r, azm_slice bytes, size_t text_len)
{
    bool zero = true;
    for (size_t i = 0; i < bytes.len; i++)
        zero = zero && bytes.ptr[i] == 0;
    if (zero || bytes.len * 2 != text_len)
        return AZM_S("");
    char *text = azm_arena_alloc(r->sink->arena, text_len);
    azm_hex_encode((const uint8_t *)bytes.ptr, bytes.len, text);
    return azm_slice_of(text, text_len);
}

/* --- AnyValue, KeyValue --- */

static enum azm_status read_value(const struct reading *r, azm_slice in, unsigned depth, struct azm_otlp_value *out);

static enum azm_status read_pair(const struct reading *r, azm_slice in, unsigned depth, struct azm_otlp_attribute *out)
{
    struct azm_wire_field field;
    enum azm_status status = AZM_OK;
    *out = (struct azm_otlp_attribute){.key = {NULL, 0}};
    while (next(r, &in, "KeyValue", &field, &status)) {
        if (is(&field, 1, AZM_WIRE_BYTES))
            out->key = field.bytes;
        else if (is(&field, 2, AZM_WIRE_BYTES))
            status = read_value(r, field.bytes, depth, &out->value);
    }
    return status;
}

/* All fields with that number: of KeyValues, or of an array's values. */
static enum azm_status read_items(const struct reading *r, azm_slice in, uint32_t no, bool pairs, unsigned depth,
                                  const struct azm_otlp_attribute **items, size_t *count)
{
    struct azm_wire_field field;
    enum azm_status status = AZM_OK;
    size_t room = count_fields(in, no);
    struct azm_otlp_attribute *own = room ? azm_arena_array(r->sink->arena, struct azm_otlp_attribute, room) : NULL;
    *items = own;
    *count = 0;
    while (*count < room && next(r, &in, "a list of attributes", &field, &status)) {
        if (!is(&field, no, AZM_WIRE_BYTES))
            continue;
        struct azm_otlp_attribute *item = &own[(*count)++];
        status = pairs ? read_pair(r, field.bytes, depth, item) : read_value(r, field.bytes, depth, &item->value);
    }
    return status;
}

static enum azm_status read_nested(const struct reading *r, azm_slice in, bool map, unsigned depth,
                                   struct azm_otlp_value *out)
{
    if (depth >= AZM_OTLP_DEPTH)
        return AZM_OK; /* left out */
    out->type = map ? AZM_OTLP_MAP : AZM_OTLP_ARRAY;
    return read_items(r, in, 1, map, depth + 1, &out->items, &out->count);
}

static enum azm_status read_value(const struct reading *r, azm_slice in, unsigned depth, struct azm_otlp_value *out)
{
    struct azm_wire_field field;
    enum azm_status status = AZM_OK;
    *out = (struct azm_otlp_value){.type = AZM_OTLP_NONE};
    while (next(r, &in, "AnyValue", &field, &status)) {
        if (is(&field, 1, AZM_WIRE_BYTES))
            *out = (struct azm_otlp_value){.type = AZM_OTLP_TEXT, .text = field.bytes};
        else if (is(&field, 2, AZM_WIRE_VARINT))
            *out = (struct azm_otlp_value){.type = AZM_OTLP_BOOL, .integer = field.number != 0};
        else if (is(&field, 3, AZM_WIRE_VARINT))
            *out = (struct azm_otlp_value){.type = AZM_OTLP_INT, .integer = (int64_t)field.number};
        else if (is(&field, 4, AZM_WIRE_FIXED64))
            *out = (struct azm_otlp_value){.type = AZM_OTLP_DOUBLE, .real = real_of(field.number)};
        else if (is(&field, 5, AZM_WIRE_BYTES) || is(&field, 6, AZM_WIRE_BYTES))
            status = read_nested(r, field.bytes, field.no == 6, depth, out);
        else if (is(&field, 7, AZM_WIRE_BYTES))
            *out = (struct azm_otlp_value){.type = AZM_OTLP_BYTES, .text = field.bytes};
    }
    return status;
}

static enum azm_status read_attributes(const struct reading *r, azm_slice in, uint32_t no,
                                       struct azm_otlp_attributes *out)
{
    return read_items(r, in, no, true, 0, &out->items, &out->count);
}

/* --- Span --- */

static enum azm_status read_event(const struct reading *r, azm_slice in, struct azm_otlp_event *out)
{
    struct azm_wire_field field;
    azm_slice all = in;
    enum azm_status status = AZM_OK;
    *out = (struct azm_otlp_event){.time_ns = 0};
    while (next(r, &in, "Span.Event", &field, &status)) {
        if (is(&field, 1, AZM_WIRE_FIXED64))
            out->time_ns = field.number;
        else if (is(&field, 2, AZM_WIRE_BYTES))
            out->name = field.bytes;
    }
    return status == AZM_OK ? read_attributes(r, all, 3, &out->attributes) : status;
}

static enum azm_status read_link(const struct reading *r, azm_slice in, struct azm_otlp_link *out)
{
    struct azm_wire_field field;
    enum azm_status status = AZM_OK;
    *out = (struct azm_otlp_link){.trace_id = {NULL, 0}};
    while (next(r, &in, "Span.Link", &field, &status)) {
        if (is(&field, 1, AZM_WIRE_BYTES))
            out->trace_id = id_of(r, field.bytes, AZM_OTLP_TRACE_ID_TEXT);
        else if (is(&field, 2, AZM_WIRE_BYTES))
            out->span_id = id_of(r, field.bytes, AZM_OTLP_SPAN_ID_TEXT);
    }
    return status;
}

static enum azm_status read_status(const struct reading *r, azm_slice in, struct azm_otlp_span *out)
{
    struct azm_wire_field field;
    enum azm_status status = AZM_OK;
    while (next(r, &in, "Status", &field, &status)) {
        if (is(&field, 2, AZM_WIRE_BYTES))
            out->status_message = field.bytes;
        else if (is(&field, 3, AZM_WIRE_VARINT))
            out->status =
                field.number <= AZM_OTLP_STATUS_ERROR ? (enum azm_otlp_status)field.number : AZM_OTLP_STATUS_UNSET;
    }
    return status;
}

static enum azm_status read_span_field(const struct reading *r, const struct azm_wire_field *field,
                                       struct azm_otlp_span *out, struct azm_otlp_event *events,
                                       struct azm_otlp_link *links)
{
    if (is(field, 1, AZM_WIRE_BYTES))
        out->trace_id = id_of(r, field->bytes, AZM_OTLP_TRACE_ID_TEXT);
    else if (is(field, 2, AZM_WIRE_BYTES))
        out->span_id = id_of(r, field->bytes, AZM_OTLP_SPAN_ID_TEXT);
    else if (is(field, 3, AZM_WIRE_BYTES))
        out->trace_state = field->bytes;
    else if (is(field, 4, AZM_WIRE_BYTES))
        out->parent_id = id_of(r, field->bytes, AZM_OTLP_SPAN_ID_TEXT);
    else if (is(field, 5, AZM_WIRE_BYTES))
        out->name = field->bytes;
    else if (is(field, 6, AZM_WIRE_VARINT))
        out->kind =
            field->number <= AZM_OTLP_KIND_CONSUMER ? (enum azm_otlp_kind)field->number : AZM_OTLP_KIND_UNSPECIFIED;
    else if (is(field, 7, AZM_WIRE_FIXED64))
        out->start_ns = field->number;
    else if (is(field, 8, AZM_WIRE_FIXED64))
        out->end_ns = field->number;
    else if (is(field, 11, AZM_WIRE_BYTES))
        return read_event(r, field->bytes, &events[out->event_count++]);
    else if (is(field, 13, AZM_WIRE_BYTES))
        return read_link(r, field->bytes, &links[out->link_count++]);
    else if (is(field, 15, AZM_WIRE_BYTES))
        return read_status(r, field->bytes, out);
    return AZM_OK;
}

static enum azm_status read_span(const struct reading *r, azm_slice in, const struct azm_otlp_scope *scope)
{
    struct azm_otlp_span span = {.kind = AZM_OTLP_KIND_UNSPECIFIED};
    struct azm_wire_field field;
    enum azm_status status = AZM_OK;
    size_t event_count = count_fields(in, 11), link_count = count_fields(in, 13);
    struct azm_otlp_event *events = azm_arena_array(r->sink->arena, struct azm_otlp_event, event_count + 1);
    struct azm_otlp_link *links = azm_arena_array(r->sink->arena, struct azm_otlp_link, link_count + 1);
    span.events = events;
    span.links = links;
    azm_slice all = in;
    while (next(r, &in, "Span", &field, &status)) {
        status = read_span_field(r, &field, &span, events, links);
        span.bad_parent = span.bad_parent || (is(&field, 4, AZM_WIRE_BYTES) && field.bytes.len && !span.parent_id.len);
    }
    if (status == AZM_OK)
        status = read_attributes(r, all, 9, &span.attributes);
    if (status == AZM_OK)
        r->sink->span(r->sink->self, scope, &span);
    return status;
}

/* --- LogRecord --- */

static enum azm_status read_log_field(const struct reading *r, const struct azm_wire_field *field,
                                      struct azm_otlp_log *out)
{
    if (is(field, 1, AZM_WIRE_FIXED64))
        out->time_ns = field->number;
    else if (is(field, 11, AZM_WIRE_FIXED64))
        out->observed_ns = field->number;
    else if (is(field, 2, AZM_WIRE_VARINT))
        out->severity = field->number <= 24 ? (unsigned)field->number : 0;
    else if (is(field, 3, AZM_WIRE_BYTES))
        out->severity_text = field->bytes;
    else if (is(field, 5, AZM_WIRE_BYTES))
        return read_value(r, field->bytes, 0, &out->body);
    else if (is(field, 9, AZM_WIRE_BYTES))
        out->trace_id = id_of(r, field->bytes, AZM_OTLP_TRACE_ID_TEXT);
    else if (is(field, 10, AZM_WIRE_BYTES))
        out->span_id = id_of(r, field->bytes, AZM_OTLP_SPAN_ID_TEXT);
    else if (is(field, 12, AZM_WIRE_BYTES))
        out->event_name = field->bytes;
    return AZM_OK;
}

static enum azm_status read_log(const struct reading *r, azm_slice in, const struct azm_otlp_scope *scope)
{
    struct azm_otlp_log log = {.time_ns = 0};
    struct azm_wire_field field;
    azm_slice all = in;
    enum azm_status status = AZM_OK;
    while (next(r, &in, "LogRecord", &field, &status))
        status = read_log_field(r, &field, &log);
    if (status == AZM_OK)
        status = read_attributes(r, all, 6, &log.attributes);
    if (status == AZM_OK)
        r->sink->log(r->sink->self, scope, &log);
    return status;
}

/* --- Metric --- */

/* The numbers of the oneof's five messages; where each kind of point has its attributes. */
enum { GAUGE = 5, SUM = 7, HISTOGRAM = 9, EXPONENTIAL = 10, SUMMARY = 11, NO_RECORDED_VALUE = 1 };

static uint32_t attributes_no(uint32_t kind)
{
    return kind == HISTOGRAM ? 9 : kind == EXPONENTIAL ? 1 : 7;
}

static uint32_t flags_no(uint32_t kind)
{
    return kind == GAUGE || kind == SUM || kind == SUMMARY ? 8 : 10;
}

static void read_number_field(const struct azm_wire_field *field, struct azm_otlp_point *out)
{
    bool real = is(field, 4, AZM_WIRE_FIXED64);
    if (!real && !is(field, 6, AZM_WIRE_FIXED64))
        return;
    out->has_value = true;
    out->value = real ? real_of(field->number) : (double)(int64_t)field->number;
}

static void read_distribution_field(const struct azm_wire_field *field, struct azm_otlp_point *out)
{
    if (is(field, 4, AZM_WIRE_FIXED64))
        out->count = (double)field->number;
    else if (is(field, 5, AZM_WIRE_FIXED64))
        out->sum = real_of(field->number);
    else
        return;
    out->has_sum = true;
}

static enum azm_status read_point(const struct reading *r, azm_slice in, uint32_t kind, struct azm_otlp_point point,
                                  const struct azm_otlp_scope *scope)
{
    struct azm_wire_field field;
    azm_slice all = in;
    enum azm_status status = AZM_OK;
    bool recorded = true;
    while (next(r, &in, "a data point", &field, &status)) {
        if (is(&field, 3, AZM_WIRE_FIXED64))
            point.time_ns = field.number;
        else if (is(&field, flags_no(kind), AZM_WIRE_VARINT))
            recorded = !(field.number & NO_RECORDED_VALUE);
        else if (kind == GAUGE || kind == SUM)
            read_number_field(&field, &point);
        else
            read_distribution_field(&field, &point);
    }
    if (status == AZM_OK)
        status = read_attributes(r, all, attributes_no(kind), &point.attributes);
    if (status == AZM_OK && recorded)
        r->sink->point(r->sink->self, scope, &point);
    return status;
}

static enum azm_status read_metric(const struct reading *r, azm_slice in, const struct azm_otlp_scope *scope)
{
    struct azm_otlp_point point = {.has_value = false};
    struct azm_wire_field field, data = {.no = 0};
    enum azm_status status = AZM_OK;
    while (next(r, &in, "Metric", &field, &status)) {
        if (is(&field, 1, AZM_WIRE_BYTES))
            point.metric = field.bytes;
        else if (is(&field, 3, AZM_WIRE_BYTES))
            point.unit = field.bytes;
        else if (field.type == AZM_WIRE_BYTES && field.no >= GAUGE && field.no <= SUMMARY)
            data = field;
    }
    azm_slice points = data.bytes;
    while (data.no && next(r, &points, "a metric's data", &field, &status))
        if (is(&field, 1, AZM_WIRE_BYTES))
            status = read_point(r, field.bytes, data.no, point, scope);
    return status;
}

/* --- ScopeX, ResourceX --- */

static enum azm_status read_scope(const struct reading *r, azm_slice in, struct azm_otlp_scope *out)
{
    struct azm_wire_field field;
    enum azm_status status = AZM_OK;
    while (next(r, &in, "InstrumentationScope", &field, &status)) {
        if (is(&field, 1, AZM_WIRE_BYTES))
            out->name = field.bytes;
        else if (is(&field, 2, AZM_WIRE_BYTES))
            out->version = field.bytes;
    }
    return status;
}

static enum azm_status read_item(const struct reading *r, azm_slice in, const struct azm_otlp_scope *scope)
{
    struct azm_arena_mark mark = azm_arena_mark(r->sink->arena);
    enum azm_status status = r->signal == AZM_OTLP_TRACES ? read_span(r, in, scope)
                             : r->signal == AZM_OTLP_LOGS ? read_log(r, in, scope)
                                                          : read_metric(r, in, scope);
    azm_arena_rewind(r->sink->arena, mark);
    return status;
}

static enum azm_status read_scoped(const struct reading *r, azm_slice in)
{
    struct azm_otlp_scope scope = {.name = {NULL, 0}};
    struct azm_wire_field field;
    azm_slice all = in;
    enum azm_status status = AZM_OK;
    while (next(r, &in, "a scope", &field, &status))
        if (is(&field, 1, AZM_WIRE_BYTES))
            status = read_scope(r, field.bytes, &scope);
    while (next(r, &all, "a scope", &field, &status))
        if (is(&field, 2, AZM_WIRE_BYTES))
            status = read_item(r, field.bytes, &scope);
    return status;
}

static enum azm_status read_resource(const struct reading *r, azm_slice in)
{
    struct azm_otlp_attributes attributes = {.count = 0};
    struct azm_wire_field field;
    azm_slice all = in;
    enum azm_status status = AZM_OK;
    while (next(r, &in, "a resource", &field, &status))
        if (is(&field, 1, AZM_WIRE_BYTES))
            status = read_attributes(r, field.bytes, 1, &attributes);
    if (status == AZM_OK)
        r->sink->resource(r->sink->self, &attributes);
    while (next(r, &all, "a resource", &field, &status))
        if (is(&field, 2, AZM_WIRE_BYTES))
            status = read_scoped(r, field.bytes);
    return status;
}

enum azm_status azm_otlp_read_protobuf(enum azm_otlp_signal signal, azm_slice body, const struct azm_otlp_sink *sink,
                                       struct azm_error *err)
{
    const struct reading r = {.sink = sink, .signal = signal, .body = body, .err = err};
    struct azm_wire_field field;
    enum azm_status status = AZM_OK;
    azm_slice in = body;
    while (next(&r, &in, "the request", &field, &status))
        if (is(&field, 1, AZM_WIRE_BYTES))
            status = read_resource(&r, field.bytes);
    return status;
}
