#include "hub/query/traces.h"

#include "base/time.h"
#include "hub/query/text.h"

#include <inttypes.h>

struct list {
    struct azm_buf *out;
    size_t count;
};

static const char *outcome_text(enum azm_outcome outcome)
{
    switch (outcome) {
    case AZM_OUTCOME_SUCCESS: return "success";
    case AZM_OUTCOME_FAILURE: return "failure";
    case AZM_OUTCOME_UNKNOWN: return "unknown";
    }
    return "unknown";
}

static void add_first(struct azm_buf *out, const struct azm_trace_row *row)
{
    azm_text_add_member(out, "transaction_id", row->transaction_id);
    azm_text_add_member(out, "service", row->service);
    azm_text_add_member(out, "name", row->name);
    azm_text_add_member(out, "type", row->type);
    azm_text_add_member(out, "result", row->result);
    azm_text_add_member(out, "trigger", row->trigger);
    azm_buf_addf(out, ",\"duration_us\":%" PRId64 ",\"outcome\":\"%s\"", row->duration_us, outcome_text(row->outcome));
}

static bool add_trace(void *self, const struct azm_trace_row *row)
{
    struct list *list = self;
    struct azm_buf *out = list->out;
    char start[AZM_TIME_TEXT];
    azm_time_format(row->start_us, start);
    azm_buf_add_str(out, list->count++ ? ",{\"trace_id\":" : "{\"trace_id\":");
    azm_text_add_json(out, row->trace_id);
    if (row->has_transaction)
        add_first(out, row);
    azm_buf_addf(out, ",\"start\":\"%s\",\"start_us\":%" PRId64 ",\"coldstart\":%s", start, row->start_us,
                 row->coldstart ? "true" : "false");
    azm_buf_addf(out, ",\"transactions\":%" PRId64 ",\"spans\":%" PRId64 ",\"errors\":%" PRId64, row->transactions,
                 row->spans, row->errors);
    azm_buf_addf(out, ",\"logs\":%" PRId64 ",\"failed\":%" PRId64 "}", row->logs, row->failed);
    return !out->failed;
}

static enum azm_status done(const struct azm_buf *out, enum azm_status status, struct azm_error *err)
{
    return status == AZM_OK && out->failed
               ? azm_fail(err, AZM_TOO_BIG, "the answer is larger than %zu bytes", out->max)
               : status;
}

static enum azm_status list_traces(struct azm_reader *reader, const struct azm_trace_filter *filter,
                                   struct azm_buf *out, struct azm_error *err)
{
    struct list list = {.out = out};
    int64_t cursor = filter->after;
    azm_buf_add_str(out, "{\"traces\":[");
    enum azm_status status = azm_reader_traces(reader, filter, add_trace, &list, &cursor, err);
    azm_buf_addf(out, "],\"cursor\":%" PRId64 "}", cursor);
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

static bool add_event(void *self, const struct azm_event_row *row)
{
    static const char *const kinds[] = {"transaction", "span", "error", "log"};
    struct list *list = self;
    struct azm_buf *out = list->out;
    const struct azm_event *event = &row->event;
    bool timed = event->kind == AZM_EVENT_TRANSACTION || event->kind == AZM_EVENT_SPAN;
    azm_buf_addf(out, "%s{\"kind\":\"%s\",\"resource\":%" PRId64, list->count++ ? "," : "", kinds[event->kind],
                 row->resource);
    azm_text_add_member(out, "id", event->id);
    azm_text_add_member(out, "parent_id", event->parent_id);
    azm_text_add_member(out, "transaction_id", event->transaction_id);
    azm_text_add_member(out, "service", event->service);
    azm_text_add_member(out, "name", event->name);
    azm_text_add_member(out, "type", event->type);
    azm_text_add_member(out, "subtype", event->subtype);
    azm_text_add_member(out, event->kind == AZM_EVENT_LOG ? "level" : "result", event->result);
    azm_text_add_member(out, "message", event->message);
    azm_text_add_member(out, "trigger", event->trigger);
    azm_buf_addf(out, ",\"start_us\":%" PRId64, event->start_us);
    if (timed)
        azm_buf_addf(out, ",\"duration_us\":%" PRId64 ",\"outcome\":\"%s\"", event->duration_us,
                     outcome_text(event->outcome));
    if (event->kind == AZM_EVENT_TRANSACTION)
        azm_buf_add_str(out, event->coldstart ? ",\"coldstart\":true" : ",\"coldstart\":false");
    azm_buf_add_str(out, ",\"event\":");
    azm_buf_add(out, event->raw); /* JSON already */
    azm_buf_add_byte(out, '}');
    return !out->failed;
}

static bool add_resource(void *self, int64_t id, azm_slice metadata)
{
    struct list *list = self;
    azm_buf_addf(list->out, "%s\"%" PRId64 "\":", list->count++ ? "," : "", id);
    azm_buf_add(list->out, metadata);
    return !list->out->failed;
}

static enum azm_status show_trace(struct azm_reader *reader, azm_slice trace_id, struct azm_buf *out,
                                  struct azm_error *err)
{
    struct list trace = {.out = out}, events = {.out = out}, resources = {.out = out};
    azm_buf_add_str(out, "{\"trace\":");
    enum azm_status status = azm_reader_trace(reader, trace_id, add_trace, &trace, err);
    azm_buf_add_str(out, ",\"events\":[");
    if (status == AZM_OK)
        status = azm_reader_events(reader, trace_id, add_event, &events, err);
    azm_buf_add_str(out, "],\"resources\":{");
    if (status == AZM_OK)
        status = azm_reader_resources(reader, trace_id, add_resource, &resources, err);
    azm_buf_add_str(out, "}}");
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
