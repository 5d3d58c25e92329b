#include "export/otlp.h"

#define ATTRIBUTES 6u /* of LogRecord */

enum { SEVERITY_ERROR = 17, SEVERITY_FATAL = 21 };

/* When it happened is when it was seen on the wire: no worker dates what it logs. */
static void put_times(struct azm_otlp_writer *w, int64_t timestamp_us)
{
    uint64_t time_ns = azm_otlp_ns(timestamp_us);
    azm_otlp_fixed64(w, 1, "timeUnixNano", time_ns);
    azm_otlp_fixed64(w, 11, "observedTimeUnixNano", time_ns);
}

static void put_severity(struct azm_otlp_writer *w, uint32_t severity, azm_slice text)
{
    if (severity)
        azm_otlp_number(w, 2, "severityNumber", severity);
    if (text.len)
        azm_otlp_text(w, 3, "severityText", text);
}

static void put_body(struct azm_otlp_writer *w, azm_slice text)
{
    size_t body = azm_otlp_open(w, 5, "body");
    azm_otlp_text(w, 1, "stringValue", text);
    azm_otlp_close(w, body);
}

static void put(struct azm_otlp_writer *w, azm_slice name, azm_slice value)
{
    if (value.len)
        azm_otlp_attribute(w, ATTRIBUTES, name, value);
}

void azm_otlp_log(struct azm_otlp_writer *w, const struct azm_log_event *log)
{
    size_t record = azm_otlp_open(w, 2, NULL);
    put_times(w, log->timestamp_us);
    put_severity(w, azm_otlp_severity(log->level), log->level);
    put_body(w, log->message.len ? log->message : log->exception.message);
    azm_otlp_open_list(w, "attributes");
    put(w, AZM_S("faas.name"), log->faas_name);
    put(w, AZM_S("faas.invocation_id"), log->execution);
    put(w, AZM_S("log.logger"), log->logger); /* ECS's name: the conventions have none */
    azm_otlp_exception(w, ATTRIBUTES, &log->exception);
    azm_otlp_close_list(w);
    if (!azm_trace_id_is_none(log->trace_id))
        azm_otlp_id(w, 9, "traceId", log->trace_id.bytes, sizeof log->trace_id.bytes);
    if (!azm_span_id_is_none(log->transaction_id))
        azm_otlp_id(w, 10, "spanId", log->transaction_id.bytes, sizeof log->transaction_id.bytes);
    azm_otlp_close(w, record);
}

/* FATAL is what the log data model has for a crash; a function that cannot be loaded is an ERROR, the app goes on. */
void azm_otlp_error(struct azm_otlp_writer *w, const struct azm_error_event *error)
{
    size_t record = azm_otlp_open(w, 2, NULL);
    put_times(w, error->timestamp_us);
    put_severity(w, error->fatal ? SEVERITY_FATAL : SEVERITY_ERROR, error->fatal ? AZM_S("FATAL") : AZM_S("ERROR"));
    put_body(w, error->exception.message);
    azm_otlp_open_list(w, "attributes");
    put(w, AZM_S("faas.name"), error->function);
    azm_otlp_exception(w, ATTRIBUTES, &error->exception);
    azm_otlp_close_list(w);
    azm_otlp_text(w, 12, "eventName", AZM_S("exception"));
    azm_otlp_close(w, record);
}
