#include "export/otlp.h"

#include "export/halve.h"
#include "export/url.h"
#include "proto/wire.h"

/* Export...ServiceRequest { 1 resource_spans { 1 resource, 2 scope_spans { 1 scope, 2 spans* } } }; the same numbers
 * for logs, and other names */

static void put_scope(struct azm_otlp_writer *w, const struct azm_source *source)
{
    bool named = source->framework_name.len; /* what Elastic calls the framework */
    azm_slice version = named ? source->framework_version : AZM_S(AZM_VERSION);
    size_t scope = azm_otlp_open(w, 1, "scope");
    azm_otlp_text(w, 1, "name", named ? source->framework_name : AZM_S("azimuth"));
    if (version.len)
        azm_otlp_text(w, 2, "version", version);
    azm_otlp_close(w, scope);
}

/* Leaves two messages open: end_protobuf finds them again. */
static void begin_protobuf(struct azm_buf *out, const struct azm_source *source)
{
    struct azm_otlp_writer w = azm_otlp_writer(out, false);
    azm_otlp_open(&w, 1, NULL);
    azm_otlp_resource(&w, source);
    azm_otlp_open(&w, 2, NULL);
    put_scope(&w, source);
}

/* [tag, length to come] resource [tag, length to come] scope spans... */
static void end_protobuf(struct azm_buf *out)
{
    struct azm_wire_field resource;
    azm_slice rest = azm_slice_drop(azm_buf_slice(out), 2);
    if (out->failed || azm_wire_next(&rest, &resource) != AZM_OK)
        return;
    azm_wire_end(out, out->len - rest.len + 2);
    azm_wire_end(out, 2);
}

struct names {
    const char *resources, *scopes, *events;
};

static void begin_json(struct azm_buf *out, const struct azm_source *source, const struct names *names)
{
    struct azm_otlp_writer w = azm_otlp_writer(out, true);
    azm_otlp_open(&w, 0, NULL);
    azm_otlp_open_list(&w, names->resources);
    azm_otlp_open(&w, 1, NULL);
    azm_otlp_resource(&w, source);
    azm_otlp_open_list(&w, names->scopes);
    azm_otlp_open(&w, 2, NULL);
    put_scope(&w, source);
    azm_otlp_open_list(&w, names->events);
}

static void begin_json_spans(struct azm_buf *out, const struct azm_source *source)
{
    begin_json(out, source, &(struct names){"resourceSpans", "scopeSpans", "spans"});
}

static void begin_json_logs(struct azm_buf *out, const struct azm_source *source)
{
    begin_json(out, source, &(struct names){"resourceLogs", "scopeLogs", "logRecords"});
}

static void end_json(struct azm_buf *out)
{
    azm_buf_add(out, AZM_S("]}]}]}"));
}

/* For one more event in a body that was begun. */
static struct azm_otlp_writer writer_for_next(struct azm_buf *out, bool as_json)
{
    struct azm_otlp_writer w = azm_otlp_writer(out, as_json);
    w.json.comma = out->len && out->ptr[out->len - 1] == '}'; /* of the event before */
    return w;
}

static unsigned put_span(struct azm_buf *out, const struct azm_transaction *transaction, bool as_json)
{
    struct azm_otlp_writer w = writer_for_next(out, as_json);
    if (azm_trace_id_is_none(transaction->trace_id) || azm_span_id_is_none(transaction->id))
        return 0;
    azm_otlp_span(&w, transaction);
    return 1;
}

static unsigned put_log(struct azm_buf *out, const struct azm_log_event *log, bool as_json)
{
    struct azm_otlp_writer w = writer_for_next(out, as_json);
    if (!log->message.len && !log->exception.message.len)
        return 0;
    azm_otlp_log(&w, log);
    return 1;
}

static unsigned put_error(struct azm_buf *out, const struct azm_error_event *error, bool as_json)
{
    struct azm_otlp_writer w = writer_for_next(out, as_json);
    azm_otlp_error(&w, error);
    return 1;
}

static unsigned protobuf_transaction(struct azm_buf *out, const struct azm_transaction *transaction)
{
    return put_span(out, transaction, false);
}

static unsigned json_transaction(struct azm_buf *out, const struct azm_transaction *transaction)
{
    return put_span(out, transaction, true);
}

static unsigned protobuf_log(struct azm_buf *out, const struct azm_log_event *log)
{
    return put_log(out, log, false);
}

static unsigned json_log(struct azm_buf *out, const struct azm_log_event *log)
{
    return put_log(out, log, true);
}

static unsigned protobuf_error(struct azm_buf *out, const struct azm_error_event *error)
{
    return put_error(out, error, false);
}

static unsigned json_error(struct azm_buf *out, const struct azm_error_event *error)
{
    return put_error(out, error, true);
}

void azm_otlp_url(struct azm_buf *out, const struct azm_destination *destination, const char *path)
{
    struct azm_url url;
    azm_slice text = destination->full_url.len ? destination->full_url : destination->url;
    if (azm_slice_search(text, AZM_S("://")) == text.len)
        azm_buf_add_str(out, destination->insecure ? "http://" : "https://");
    if (!destination->full_url.len) {
        azm_exporter_url(out, text, path);
        return;
    }
    azm_buf_add(out, azm_slice_take(text, azm_slice_find(text, '#')));
    azm_url_split(azm_buf_slice(out), &url);
    if (!url.rest.len)
        azm_buf_add_byte(out, '/');
}

static void traces_url(struct azm_buf *out, const struct azm_destination *destination)
{
    azm_otlp_url(out, destination, "/v1/traces");
}

static void logs_url(struct azm_buf *out, const struct azm_destination *destination)
{
    azm_otlp_url(out, destination, "/v1/logs");
}

static void user_agent(struct azm_buf *out, const struct azm_source *source)
{
    (void)source; /* the resource says whose */
    azm_buf_add(out, AZM_S("azimuth/" AZM_VERSION " OTel-OTLP-Exporter-C/" AZM_VERSION));
}

const struct azm_exporter_kind azm_exporter_otlp = {
    .name = "otlp",
    .content_type = "application/x-protobuf",
    .accept = "application/x-protobuf",
    .sampled_only = true,
    .url = traces_url,
    .user_agent = user_agent,
    .begin = begin_protobuf,
    .transaction = protobuf_transaction,
    .end = end_protobuf,
    .reply = azm_otlp_reply,
    .halve = azm_halve_otlp,
};

const struct azm_exporter_kind azm_exporter_otlp_json = {
    .name = "otlp json",
    .content_type = "application/json",
    .accept = "application/json",
    .sampled_only = true,
    .url = traces_url,
    .user_agent = user_agent,
    .begin = begin_json_spans,
    .transaction = json_transaction,
    .end = end_json,
    .reply = azm_otlp_reply,
};

const struct azm_exporter_kind azm_exporter_otlp_logs = {
    .name = "otlp logs",
    .signal = AZM_SIGNAL_LOGS,
    .content_type = "application/x-protobuf",
    .accept = "application/x-protobuf",
    .url = logs_url,
    .user_agent = user_agent,
    .begin = begin_protobuf,
    .error = protobuf_error,
    .log = protobuf_log,
    .end = end_protobuf,
    .reply = azm_otlp_reply,
    .halve = azm_halve_otlp,
};

const struct azm_exporter_kind azm_exporter_otlp_logs_json = {
    .name = "otlp logs json",
    .signal = AZM_SIGNAL_LOGS,
    .content_type = "application/json",
    .accept = "application/json",
    .url = logs_url,
    .user_agent = user_agent,
    .begin = begin_json_logs,
    .error = json_error,
    .log = json_log,
    .end = end_json,
    .reply = azm_otlp_reply,
};
