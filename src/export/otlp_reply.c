#include "export/otlp.h"

#include <stdio.h>

#include <jansson.h>

#include "proto/wire.h"

static enum azm_verdict verdict_of(unsigned status)
{
    switch (status) {
    case 0: /* no answer */
    case 429:
    case 502:
    case 503:
    case 504: return AZM_VERDICT_RETRY;
    case 401:
    case 403: return AZM_VERDICT_REFUSED;
    default: return status >= 200 && status <= 299 ? AZM_VERDICT_DELIVERED : AZM_VERDICT_REJECTED;
    }
}

/* What both encodings of both messages come to. */
struct complaint {
    int64_t rejected;
    azm_slice message;
};

/* Export...PartialSuccess: 1 rejected_spans or rejected_log_records, 2 error_message. */
static void read_partial(azm_slice message, struct complaint *out)
{
    struct azm_wire_field field;
    while (azm_wire_next(&message, &field) == AZM_OK)
        if (field.no == 1 && field.type == AZM_WIRE_VARINT)
            out->rejected = (int64_t)field.number;
        else if (field.no == 2 && field.type == AZM_WIRE_BYTES)
            out->message = field.bytes;
}

/* The response has partial_success as 1, a Status its message as 2. */
static void read_protobuf(azm_slice body, bool failed, struct complaint *out)
{
    struct azm_wire_field field;
    while (azm_wire_next(&body, &field) == AZM_OK)
        if (!failed && field.no == 1 && field.type == AZM_WIRE_BYTES)
            read_partial(field.bytes, out);
        else if (failed && field.no == 2 && field.type == AZM_WIRE_BYTES)
            out->message = field.bytes;
}

static azm_slice text_of(const json_t *value)
{
    return azm_slice_of(json_string_value(value), json_string_length(value));
}

static void read_json(const json_t *root, bool failed, struct complaint *out)
{
    const json_t *partial = json_object_get(root, "partialSuccess");
    const json_t *spans = json_object_get(partial, "rejectedSpans");
    const json_t *rejected = spans ? spans : json_object_get(partial, "rejectedLogRecords");
    uint64_t count;
    out->message = text_of(failed ? json_object_get(root, "message") : json_object_get(partial, "errorMessage"));
    if (json_is_integer(rejected))
        out->rejected = json_integer_value(rejected);
    else if (azm_slice_to_u64(text_of(rejected), &count) == AZM_OK && count <= INT64_MAX)
        out->rejected = (int64_t)count;
}

static void judge(const struct complaint *complaint, uint64_t events, struct azm_reply *out)
{
    snprintf(out->message, sizeof out->message, "%.*s", AZM_FMT(azm_slice_take(complaint->message, 255)));
    if (out->verdict == AZM_VERDICT_REJECTED)
        out->rejected = events;
    if (out->verdict != AZM_VERDICT_DELIVERED || complaint->rejected <= 0)
        return;
    out->verdict = AZM_VERDICT_REJECTED;
    out->rejected = (uint64_t)complaint->rejected < events ? (uint64_t)complaint->rejected : events;
}

void azm_otlp_reply(unsigned http_status, azm_slice body, uint64_t events, struct azm_reply *out)
{
    struct complaint complaint = {0, {NULL, 0}};
    *out = (struct azm_reply){.verdict = verdict_of(http_status)};
    bool failed = out->verdict != AZM_VERDICT_DELIVERED;
    /* A '{' begins JSON, and no message: it would be a group. */
    json_t *root = json_loadb(body.ptr ? body.ptr : "", body.len, 0, NULL);
    if (root)
        read_json(root, failed, &complaint);
    else
        read_protobuf(body, failed, &complaint);
    judge(&complaint, events, out);
    json_decref(root);
}
