#include "hub/query/traces.h"

#include "base/time.h"
#include "hub/query/answer.h"
#include "hub/query/same.h"

#include <inttypes.h>
#include <stdio.h>

static void add_first(struct azm_json_writer *json, const struct azm_trace_row *row)
{
    azm_answer_text(json, AZM_S("transaction_id"), row->transaction_id);
    azm_answer_text(json, AZM_S("service"), row->service);
    azm_answer_text(json, AZM_S("name"), row->name);
    azm_answer_text(json, AZM_S("type"), row->type);
    azm_answer_text(json, AZM_S("result"), row->result);
    azm_answer_text(json, AZM_S("trigger"), row->trigger);
    azm_answer_text(json, AZM_S("function"), row->function);
    azm_answer_int(json, AZM_S("duration_us"), row->duration_us);
    azm_answer_text(json, AZM_S("outcome"), azm_answer_outcome(row->outcome));
}

static void add_services(struct azm_json_writer *json, const struct azm_trace_row *row)
{
    azm_json_open_array(azm_json_key(json, AZM_S("services")));
    for (size_t i = 0; i < row->service_count; i++) {
        azm_json_open_object(json);
        azm_json_string(azm_json_key(json, AZM_S("service")), row->services[i].name);
        azm_answer_int(json, AZM_S("events"), row->services[i].events);
        azm_answer_int(json, AZM_S("failed"), row->services[i].failed);
        azm_json_close_object(json);
    }
    azm_json_close_array(json);
}

bool azm_query_add_trace(void *self, const struct azm_trace_row *row)
{
    struct azm_json_writer *json = self;
    char start[AZM_TIME_TEXT];
    azm_json_open_object(json);
    azm_answer_text(json, AZM_S("trace_id"), row->trace_id);
    if (row->has_transaction)
        add_first(json, row);
    azm_answer_text(json, AZM_S("start"), azm_slice_of(start, azm_time_format(row->start_us, start)));
    azm_answer_int(json, AZM_S("start_us"), row->start_us);
    azm_json_bool(azm_json_key(json, AZM_S("coldstart")), row->coldstart);
    azm_answer_int(json, AZM_S("transactions"), row->transactions);
    azm_answer_int(json, AZM_S("spans"), row->spans);
    azm_answer_int(json, AZM_S("errors"), row->errors);
    azm_answer_int(json, AZM_S("logs"), row->logs);
    azm_answer_int(json, AZM_S("failed"), row->failed);
    add_services(json, row);
    azm_json_close_object(json);
    return !json->out->failed;
}

static enum azm_trace_order order_of(const struct azm_params *params)
{
    return params->order == AZM_ORDER_SLOWEST   ? AZM_SLOWEST
           : params->order == AZM_ORDER_FASTEST ? AZM_FASTEST
                                                : AZM_NEWEST;
}

enum azm_status azm_query_traces(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                                 struct azm_error *err)
{
    struct azm_json_writer json = azm_json_writer(out);
    struct azm_trace_list list;
    const struct azm_trace_filter filter = {.event = params->event,
                                            .id_prefix = params->id_prefix,
                                            .since_us = params->since_us,
                                            .until_us = params->until_us,
                                            .after = params->after,
                                            .order = order_of(params),
                                            .from = params->cursor,
                                            .limit = params->limit};
    if (params->order == AZM_ORDER_COUNT)
        return azm_fail(err, AZM_BAD_INPUT, "order=count: expected newest, slowest or fastest");
    azm_json_open_object(&json);
    azm_json_open_array(azm_json_key(&json, AZM_S("traces")));
    enum azm_status status = azm_reader_traces(reader, &filter, azm_query_add_trace, &json, &list, err);
    azm_json_close_array(&json);
    azm_answer_int(&json, AZM_S("cursor"), list.change);
    azm_answer_next(&json, list.next);
    azm_json_bool(azm_json_key(&json, AZM_S("partial")), list.partial);
    azm_json_close_object(&json);
    return azm_answer_done(out, status, err);
}

static void add_event_text(struct azm_json_writer *json, const struct azm_event *event)
{
    azm_answer_text(json, AZM_S("id"), event->kind == AZM_EVENT_LOG ? AZM_S("") : event->id);
    azm_answer_text(json, AZM_S("parent_id"), event->parent_id);
    azm_answer_text(json, AZM_S("transaction_id"),
                    event->kind == AZM_EVENT_TRANSACTION ? event->id : event->transaction_id);
    azm_answer_text(json, AZM_S("service"), event->service);
    azm_answer_text(json, AZM_S("name"), event->name);
    azm_answer_text(json, AZM_S("type"), event->type);
    azm_answer_text(json, AZM_S("subtype"), event->subtype);
    bool leveled = event->kind == AZM_EVENT_LOG || event->kind == AZM_EVENT_ERROR;
    azm_answer_text(json, leveled ? AZM_S("level") : AZM_S("result"), event->result);
    azm_answer_text(json, AZM_S("message"), event->message);
    azm_answer_text(json, AZM_S("trigger"), event->trigger);
    azm_answer_text(json, AZM_S("function"), event->function);
    azm_answer_text(json, AZM_S("target"), event->target);
}

/* What one trace's answer remembers of its events, to tell calls that were told twice. */
struct trace_answer {
    struct azm_json_writer json;
    struct azm_same *same;
};

static bool add_event(void *self, const struct azm_event_row *row)
{
    static const azm_slice kinds[] = {{"transaction", 11}, {"span", 4}, {"error", 5}, {"log", 3}};
    struct trace_answer *answer = self;
    struct azm_json_writer *json = &answer->json;
    const struct azm_event *event = &row->event;
    azm_json_open_object(json);
    azm_answer_text(json, AZM_S("kind"), kinds[event->kind]);
    azm_answer_int(json, AZM_S("resource"), row->process);
    add_event_text(json, event);
    azm_answer_int(json, AZM_S("start_us"), event->start_us);
    if (event->kind == AZM_EVENT_TRANSACTION || event->kind == AZM_EVENT_SPAN) {
        azm_answer_int(json, AZM_S("duration_us"), event->duration_us);
        azm_answer_text(json, AZM_S("outcome"), azm_answer_outcome(event->outcome));
    }
    if (event->kind == AZM_EVENT_TRANSACTION)
        azm_json_bool(azm_json_key(json, AZM_S("coldstart")), event->coldstart);
    if (event->group)
        azm_answer_group(json, AZM_S("group"), event->group);
    azm_json_raw(azm_json_key(json, AZM_S("event")), event->raw);
    azm_json_close_object(json);
    azm_same_add(answer->same, row);
    return !json->out->failed;
}

static bool add_process(void *self, int64_t id, azm_slice metadata, bool from_host)
{
    struct trace_answer *answer = self;
    char key[24];
    int n = snprintf(key, sizeof key, "%" PRId64, id);
    (void)from_host;
    azm_json_raw(azm_json_key(&answer->json, azm_slice_of(key, (size_t)n)), metadata);
    return !answer->json.out->failed;
}

static bool note_host(void *self, int64_t id, azm_slice metadata, bool from_host)
{
    const struct trace_answer *answer = self;
    (void)metadata;
    if (from_host)
        azm_same_add_host(answer->same, id);
    return true;
}

static bool add_trace_head(void *self, const struct azm_trace_row *row)
{
    struct trace_answer *answer = self;
    return azm_query_add_trace(&answer->json, row);
}

static enum azm_status show_trace(struct azm_reader *reader, azm_slice trace_id, struct trace_answer *answer,
                                  struct azm_error *err)
{
    struct azm_json_writer *json = &answer->json;
    azm_json_open_object(json);
    azm_json_key(json, AZM_S("trace"));
    enum azm_status status = azm_reader_trace(reader, trace_id, add_trace_head, answer, err);
    if (status == AZM_OK)
        status = azm_reader_processes(reader, trace_id, note_host, answer, err);
    azm_json_open_array(azm_json_key(json, AZM_S("events")));
    if (status == AZM_OK)
        status = azm_reader_events(reader, trace_id, add_event, answer, err);
    azm_json_close_array(json);
    azm_json_open_object(azm_json_key(json, AZM_S("resources")));
    if (status == AZM_OK)
        status = azm_reader_processes(reader, trace_id, add_process, answer, err);
    azm_json_close_object(json);
    azm_same_answer(answer->same, json);
    azm_json_close_object(json);
    return azm_answer_done(json->out, status, err);
}

enum azm_status azm_query_trace(struct azm_reader *reader, azm_slice trace_id, struct azm_buf *out,
                                struct azm_error *err)
{
    struct trace_answer answer = {.json = azm_json_writer(out), .same = azm_same_new()};
    enum azm_status status = azm_reader_begin(reader, err);
    if (status == AZM_OK)
        status = show_trace(reader, trace_id, &answer, err);
    azm_reader_end(reader);
    azm_same_free(answer.same);
    return status;
}

static bool add_log(void *self, const struct azm_event_row *row)
{
    struct azm_json_writer *json = self;
    const struct azm_event *event = &row->event;
    azm_json_open_object(json);
    azm_answer_text(json, AZM_S("trace_id"), event->trace_id);
    azm_answer_text(json, AZM_S("transaction_id"), event->transaction_id);
    azm_answer_text(json, AZM_S("parent_id"), event->parent_id);
    azm_answer_int(json, AZM_S("at_us"), event->start_us);
    azm_answer_text(json, AZM_S("service"), event->service);
    azm_answer_text(json, AZM_S("level"), event->result);
    azm_answer_text(json, AZM_S("logger"), event->name);
    azm_answer_text(json, AZM_S("message"), event->message);
    azm_json_raw(azm_json_key(json, AZM_S("event")), event->raw);
    azm_json_close_object(json);
    return !json->out->failed;
}

struct log_answer {
    struct azm_json_writer *json;
    const struct azm_params *params;
};

/* By a trace's id the index on words is not asked. */
static bool add_wanted_log(void *self, const struct azm_event_row *row)
{
    const struct log_answer *answer = self;
    const struct azm_params *params = answer->params;
    const struct azm_event *event = &row->event;
    if (params->transaction.len && !azm_slice_eq(event->transaction_id, params->transaction))
        return true;
    if (params->trace.len && params->event.level.len && !azm_slice_eq(event->result, params->event.level))
        return true;
    return add_log(answer->json, row);
}

enum azm_status azm_query_logs(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                               struct azm_error *err)
{
    struct azm_json_writer json = azm_json_writer(out);
    struct log_answer answer = {&json, params};
    struct azm_trace_list found;
    struct azm_event_list list = {.filter = params->event,
                                  .trace_id = params->trace,
                                  .since_us = params->since_us,
                                  .until_us = params->until_us,
                                  .from = params->cursor,
                                  .limit = params->limit};
    list.filter.kind = AZM_EVENT_LOG;
    if (params->transaction.len && !params->trace.len)
        return azm_fail(err, AZM_BAD_INPUT, "transaction goes with trace only");
    if (params->trace.len && (params->event.words.len || params->event.service.len))
        return azm_fail(err, AZM_BAD_INPUT, "trace goes with transaction, level, since, until, limit and cursor only");
    azm_json_open_object(&json);
    azm_json_open_array(azm_json_key(&json, AZM_S("logs")));
    enum azm_status status = azm_reader_find_events(reader, &list, add_wanted_log, &answer, &found, err);
    azm_json_close_array(&json);
    azm_answer_next(&json, found.next);
    azm_json_bool(azm_json_key(&json, AZM_S("partial")), found.partial);
    azm_json_close_object(&json);
    return azm_answer_done(out, status, err);
}
