#include "export/elastic.h"

#include <stdio.h>

#include "export/event_url.h"
#include "export/halve.h"
#include "export/http.h"
#include "export/object.h"

#define LINKS_MAX 1000u /* elastic/apm specs, messaging: messages that are looked at */

/* scheme://host:port/path?query, without user and password. */
static void put_full(struct azm_json_writer *json, const struct azm_url *url)
{
    char full[4 * AZM_KEYWORD_MAX];
    struct azm_buf text;
    if (!url->scheme.len || !url->host.len)
        return;
    azm_buf_init_fixed(&text, full, sizeof full);
    bool v6 = azm_slice_find(url->host, ':') < url->host.len;
    const azm_slice parts[] = {url->scheme,
                               AZM_S("://"),
                               v6 ? AZM_S("[") : AZM_S(""),
                               url->host,
                               v6 ? AZM_S("]") : AZM_S(""),
                               url->port.len ? AZM_S(":") : AZM_S(""),
                               url->port,
                               url->rest};
    for (size_t i = 0; i < AZM_COUNT(parts); i++)
        azm_buf_add(&text, azm_slice_take(parts[i], text.cap - text.len));
    azm_object_text(json, "full", azm_buf_slice(&text));
}

static void put_protocol(struct azm_json_writer *json, azm_slice scheme)
{
    char protocol[32];
    if (scheme.len && scheme.len < sizeof protocol - 1) {
        snprintf(protocol, sizeof protocol, "%.*s:", AZM_FMT(scheme));
        azm_object_text(json, "protocol", azm_slice_str(protocol));
    }
}

static void put_url(struct azm_json_writer *json, const struct azm_http_context *http)
{
    char storage[AZM_EVENT_URL_MAX]; /* every part is cut to less */
    struct azm_url url;
    if (!http->url.len)
        return;
    azm_event_url(http, storage, &url);
    struct azm_object_mark mark = azm_object_open(json, "url");
    azm_object_text(json, "raw", url.rest); /* as on the request line: path and query */
    put_full(json, &url);
    put_protocol(json, url.scheme);
    if (url.host.len)
        azm_object_text(json, "hostname", url.host);
    azm_object_text(json, "port", url.port);
    if (url.path.len)
        azm_object_text(json, "pathname", url.path);
    azm_object_text(json, "search", url.query);
    azm_object_close(json, mark);
}

static void put_request(struct azm_json_writer *json, const struct azm_http_context *http)
{
    if (!http->method.ptr)
        return;
    struct azm_object_mark mark = azm_object_open(json, "request");
    azm_object_text(json, "method", http->method);
    azm_object_text(json, "http_version", http->http_version);
    put_url(json, http);
    azm_object_headers(json, "headers", &http->request_headers);
    azm_object_long_text(json, "body", http->request_body);
    struct azm_object_mark socket = azm_object_open(json, "socket");
    azm_object_text(json, "remote_address", http->remote_address);
    azm_object_close(json, socket);
    azm_object_close(json, mark);
}

static void put_response(struct azm_json_writer *json, const struct azm_http_context *http)
{
    struct azm_object_mark mark = azm_object_open(json, "response");
    if (http->status_code)
        azm_object_number(json, "status_code", http->status_code);
    azm_object_headers(json, "headers", &http->response_headers);
    if (http->has_sizes == AZM_TRUE)
        azm_object_number(json, "encoded_body_size",
                          http->response_size < INT64_MAX ? (int64_t)http->response_size : INT64_MAX);
    azm_object_close(json, mark);
}

static void put_named(struct azm_json_writer *json, const char *key, const char *member, azm_slice text)
{
    struct azm_object_mark mark = azm_object_open(json, key);
    azm_object_text(json, member, text);
    azm_object_close(json, mark);
}

static void put_message(struct azm_json_writer *json, const struct azm_message_context *message)
{
    struct azm_object_mark mark = azm_object_open(json, "message");
    put_named(json, "queue", "name", message->queue);
    if (message->has_age == AZM_TRUE) {
        struct azm_object_mark age = azm_object_open(json, "age");
        azm_object_number(json, "ms", message->age_ms < INT64_MAX ? (int64_t)message->age_ms : INT64_MAX);
        azm_object_close(json, age);
    }
    azm_object_text(json, "routing_key", message->routing_key);
    azm_object_long_text(json, "body", message->body);
    azm_object_headers(json, "headers", &message->headers);
    azm_object_close(json, mark);
}

static void put_origin(struct azm_json_writer *json, const struct azm_origin *origin)
{
    struct azm_object_mark service = azm_object_open(json, "service");
    struct azm_object_mark mark = azm_object_open(json, "origin");
    azm_object_text(json, "id", origin->id);
    azm_object_text(json, "name", origin->name);
    azm_object_close(json, mark);
    azm_object_close(json, service);
    struct azm_object_mark cloud = azm_object_open(json, "cloud");
    mark = azm_object_open(json, "origin");
    azm_object_text(json, "provider", origin->cloud_provider);
    put_named(json, "service", "name", origin->cloud_service);
    put_named(json, "account", "id", origin->cloud_account_id);
    azm_object_close(json, mark);
    azm_object_close(json, cloud);
}

static void put_context(struct azm_json_writer *json, const struct azm_transaction *transaction)
{
    struct azm_object_mark mark = azm_object_open(json, "context");
    put_request(json, &transaction->http);
    put_response(json, &transaction->http);
    put_message(json, &transaction->message);
    put_origin(json, &transaction->origin);
    azm_object_labels(json, "tags", &transaction->labels);
    azm_object_close(json, mark);
}

static void put_faas(struct azm_json_writer *json, const struct azm_faas *faas)
{
    struct azm_object_mark mark = azm_object_open(json, "faas");
    azm_object_text(json, "id", faas->id);
    azm_object_text(json, "name", faas->name);
    azm_object_text(json, "execution", faas->execution);
    if (faas->coldstart != AZM_UNSET)
        azm_object_bool(json, "coldstart", faas->coldstart == AZM_TRUE);
    struct azm_object_mark trigger = azm_object_open(json, "trigger");
    azm_object_text(json, "type", faas->trigger_type);
    azm_object_text(json, "request_id", faas->trigger_request_id);
    azm_object_close(json, trigger);
    azm_object_close(json, mark);
}

static void put_links(struct azm_json_writer *json, const struct azm_transaction *transaction)
{
    struct azm_object_mark mark = azm_object_open_list(json, "links");
    for (size_t i = 0; i < transaction->link_count && i < LINKS_MAX; i++) {
        struct azm_object_mark link = azm_object_open(json, NULL);
        azm_object_hex(json, "trace_id", transaction->links[i].trace_id.bytes, 16);
        azm_object_hex(json, "span_id", transaction->links[i].span_id.bytes, 8);
        azm_object_close(json, link);
    }
    azm_object_close_list(json, mark);
}

static void put_ids(struct azm_json_writer *json, const struct azm_transaction *transaction)
{
    azm_object_hex(json, "id", transaction->id.bytes, 8);
    azm_object_hex(json, "trace_id", transaction->trace_id.bytes, 16);
    if (!azm_span_id_is_none(transaction->parent_id))
        azm_object_hex(json, "parent_id", transaction->parent_id.bytes, 8);
}

static void put_sampling(struct azm_json_writer *json, const struct azm_transaction *transaction)
{
    azm_object_bool(json, "sampled", transaction->sampled);
    if (transaction->sample_rate >= 0 && transaction->sample_rate <= 1)
        azm_json_double(azm_json_key(json, AZM_S("sample_rate")),
                        (double)(uint64_t)(transaction->sample_rate * 10000 + 0.5) /
                            10000); /* four decimals: elastic/apm specs, sampling */
}

static azm_slice outcome_text(enum azm_outcome outcome)
{
    switch (outcome) {
    case AZM_OUTCOME_SUCCESS: return AZM_S("success");
    case AZM_OUTCOME_FAILURE: return AZM_S("failure");
    case AZM_OUTCOME_UNKNOWN: break;
    }
    return AZM_S("unknown");
}

static void put_transaction(struct azm_json_writer *json, const struct azm_transaction *transaction)
{
    put_ids(json, transaction);
    azm_object_text(json, "name", transaction->name);
    azm_object_text(json, "type", transaction->type.len ? transaction->type : AZM_S("request"));
    azm_object_number(json, "timestamp", transaction->timestamp_us);
    azm_json_ms(azm_json_key(json, AZM_S("duration")),
                transaction->duration_us < INT64_MAX ? (int64_t)transaction->duration_us : INT64_MAX);
    azm_object_text(json, "result", transaction->result);
    azm_object_text(json, "outcome", outcome_text(transaction->outcome));
    put_sampling(json, transaction);
    struct azm_object_mark count = azm_object_open(json, "span_count");
    azm_object_number(json, "started", 0);
    azm_object_close(json, count);
    put_faas(json, &transaction->faas);
    if (transaction->sampled)
        put_context(json, transaction);
    put_links(json, transaction);
}

static bool put_line(struct azm_buf *out, const struct azm_transaction *transaction)
{
    size_t before = out->len;
    struct azm_json_writer json = azm_json_writer(out);
    azm_json_open_object(&json);
    azm_json_open_object(azm_json_key(&json, AZM_S("transaction")));
    put_transaction(&json, transaction);
    azm_json_close_object(&json);
    azm_json_close_object(&json);
    azm_json_end_line(&json);
    if (out->len - before <= AZM_ELASTIC_EVENT_MAX)
        return true;
    azm_buf_truncate(out, before);
    return false;
}

unsigned azm_elastic_transaction(struct azm_buf *out, const struct azm_transaction *transaction)
{
    if (azm_trace_id_is_none(transaction->trace_id) || azm_span_id_is_none(transaction->id))
        return 0;
    unsigned lines = azm_elastic_error(out, transaction);
    return lines + put_line(out, transaction);
}

static void nothing(struct azm_buf *out)
{
    (void)out;
}

static void intake_url(struct azm_buf *out, const struct azm_destination *destination)
{
    azm_exporter_url(out, destination->url, "/intake/v2/events");
}

const struct azm_exporter_kind azm_exporter_elastic = {
    .name = "elastic",
    .content_type = "application/x-ndjson",
    .accept = "application/json",
    .url = intake_url,
    .user_agent = azm_http_user_agent,
    .begin = azm_elastic_metadata,
    .transaction = azm_elastic_transaction,
    .error = azm_elastic_error_event,
    .log = azm_elastic_log,
    .end = nothing,
    .reply = azm_reply_read,
    .halve = azm_halve_lines,
};
