#include "hub/query/traces.h"

#include "base/time.h"
#include "json/write.h"

#include <inttypes.h>
#include <stdio.h>

/* Leaves empty text out. */
static void add_text(struct azm_json_writer *json, azm_slice key, azm_slice text)
{
    if (text.len)
        azm_json_string(azm_json_key(json, key), text);
}

static void add_int(struct azm_json_writer *json, azm_slice key, int64_t value)
{
    azm_json_int(azm_json_key(json, key), value);
}

static azm_slice outcome_text(enum azm_outcome outcome)
{
    switch (outcome) {
    case AZM_OUTCOME_SUCCESS: return AZM_S("success");
    case AZM_OUTCOME_FAILURE: return AZM_S("failure");
    case AZM_OUTCOME_UNKNOWN: return AZM_S("unknown");
    }
    return AZM_S("unknown");
}

static void add_first(struct azm_json_writer *json, const struct azm_trace_row *row)
{
    add_text(json, AZM_S("transaction_id"), row->transaction_id);
    add_text(json, AZM_S("service"), row->service);
    add_text(json, AZM_S("name"), row->name);
    add_text(json, AZM_S("type"), row->type);
    add_text(json, AZM_S("result"), row->result);
    add_text(json, AZM_S("trigger"), row->trigger);
    add_int(json, AZM_S("duration_us"), row->duration_us);
    add_text(json, AZM_S("outcome"), outcome_text(row->outcome));
}

static bool add_trace(void *self, const struct azm_trace_row *row)
{
    struct azm_json_writer *json = self;
    char start[AZM_TIME_TEXT];
    azm_json_open_object(json);
    add_text(json, AZM_S("trace_id"), row->trace_id);
    if (row->has_transaction)
        add_first(json, row);
    add_text(json, AZM_S("start"), azm_slice_of(start, azm_time_format(row->start_us, start)));
    add_int(json, AZM_S("start_us"), row->start_us);
    azm_json_bool(azm_json_key(json, AZM_S("coldstart")), row->coldstart);
    add_int(json, AZM_S("transactions"), row->transactions);
    add_int(json, AZM_S("spans"), row->spans);
    add_int(json, AZM_S("errors"), row->errors);
    add_int(json, AZM_S("logs"), row->logs);
    add_int(json, AZM_S("failed"), row->failed);
    azm_json_close_object(json);
    return !json->out->failed;
}

static enum azm_status done(const struct azm_buf *out, enum azm_status status, struct azm_error *err)
{
    return status == AZM_OK && out->failed ? azm_fail(err, AZM_TOO_BIG, "the answer is larger than %zu bytes", out->max)
                                           : status;
}

static enum azm_status list_traces(struct azm_reader *reader, const struct azm_trace_filter *filter,
                                   struct azm_buf *out, struct azm_error *err)
{
    struct azm_json_writer json = azm_json_writer(out);
    int64_t cursor = filter->after;
    azm_json_open_object(&json);
    azm_json_open_array(azm_json_key(&json, AZM_S("traces")));
    enum azm_status status = azm_reader_traces(reader, filter, add_trace, &json, &cursor, err);
    azm_json_close_array(&json);
    add_int(&json, AZM_S("cursor"), cursor);
    azm_json_close_object(&json);
    return done(out, status, err);
}

enum azm_status azm_query_traces(struct azm_reader *reader, const struct azm_trace_filter *filter, struct azm_buf *out,
                                 struct azm_error *err)
{
    enum azm_status status = azm_reader_begin(reader, err);
    if (status == AZM_OK)
        status = list_traces(reader, filter, out, err);
    azm_reader_end(reader);
    return status;
}

static void add_event_text(struct azm_json_writer *json, const struct azm_event *event)
{
    add_text(json, AZM_S("id"), event->id);
    add_text(json, AZM_S("parent_id"), event->parent_id);
    add_text(json, AZM_S("transaction_id"), event->transaction_id);
    add_text(json, AZM_S("service"), event->service);
    add_text(json, AZM_S("name"), event->name);
    add_text(json, AZM_S("type"), event->type);
    add_text(json, AZM_S("subtype"), event->subtype);
    add_text(json, event->kind == AZM_EVENT_LOG ? AZM_S("level") : AZM_S("result"), event->result);
    add_text(json, AZM_S("message"), event->message);
    add_text(json, AZM_S("trigger"), event->trigger);
}

static bool add_event(void *self, const struct azm_event_row *row)
{
    static const azm_slice kinds[] = {{"transaction", 11}, {"span", 4}, {"error", 5}, {"log", 3}};
    struct azm_json_writer *json = self;
    const struct azm_event *event = &row->event;
    azm_json_open_object(json);
    add_text(json, AZM_S("kind"), kinds[event->kind]);
    add_int(json, AZM_S("resource"), row->resource);
    add_event_text(json, event);
    add_int(json, AZM_S("start_us"), event->start_us);
    if (event->kind == AZM_EVENT_TRANSACTION || event->kind == AZM_EVENT_SPAN) {
        add_int(json, AZM_S("duration_us"), event->duration_us);
        add_text(json, AZM_S("outcome"), outcome_text(event->outcome));
    }
    if (event->kind == AZM_EVENT_TRANSACTION)
        azm_json_bool(azm_json_key(json, AZM_S("coldstart")), event->coldstart);
    azm_json_raw(azm_json_key(json, AZM_S("event")), event->raw);
    azm_json_close_object(json);
    return !json->out->failed;
}

static bool add_resource(void *self, int64_t id, azm_slice metadata)
{
    struct azm_json_writer *json = self;
    char key[24];
    int n = snprintf(key, sizeof key, "%" PRId64, id);
    azm_json_raw(azm_json_key(json, azm_slice_of(key, (size_t)n)), metadata);
    return !json->out->failed;
}

static enum azm_status show_trace(struct azm_reader *reader, azm_slice trace_id, struct azm_buf *out,
                                  struct azm_error *err)
{
    struct azm_json_writer json = azm_json_writer(out);
    azm_json_open_object(&json);
    azm_json_key(&json, AZM_S("trace"));
    enum azm_status status = azm_reader_trace(reader, trace_id, add_trace, &json, err);
    azm_json_open_array(azm_json_key(&json, AZM_S("events")));
    if (status == AZM_OK)
        status = azm_reader_events(reader, trace_id, add_event, &json, err);
    azm_json_close_array(&json);
    azm_json_open_object(azm_json_key(&json, AZM_S("resources")));
    if (status == AZM_OK)
        status = azm_reader_resources(reader, trace_id, add_resource, &json, err);
    azm_json_close_object(&json);
    azm_json_close_object(&json);
    return done(out, status, err);
}

enum azm_status azm_query_trace(struct azm_reader *reader, azm_slice trace_id, struct azm_buf *out,
                                struct azm_error *err)
{
    enum azm_status status = azm_reader_begin(reader, err);
    if (status == AZM_OK)
        status = show_trace(reader, trace_id, out, err);
    azm_reader_end(reader);
    return status;
}
