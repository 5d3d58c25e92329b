#include "export/otlp.h"

#include <stdio.h>

#include "export/event_url.h"
#include "trace/redact.h"
#include "trace/tracestate.h"

#define ATTRIBUTES       9u    /* of Span */
#define EVENT_ATTRIBUTES 3u    /* of Span.Event */
#define LINKS_MAX        1000u /* as in intake v2 */
#define NAME_MAX         128u  /* bytes of a header field's name */

enum span_kind { KIND_SERVER = 2, KIND_CONSUMER = 5 };
enum span_flag { FLAG_SAMPLED = 1, FLAG_HAS_REMOTE = 0x100, FLAG_REMOTE = 0x200 };
enum status_code { STATUS_ERROR = 2 };

static void put(struct azm_otlp_writer *w, azm_slice name, azm_slice value)
{
    if (value.len)
        azm_otlp_attribute(w, ATTRIBUTES, name, value);
}

/* --- faas --- */

static void put_faas(struct azm_otlp_writer *w, const struct azm_faas *faas)
{
    put(w, AZM_S("faas.name"), faas->name);
    put(w, AZM_S("cloud.resource_id"), faas->id);
    put(w, AZM_S("faas.invocation_id"), faas->execution);
    put(w, AZM_S("faas.trigger"), faas->trigger_type);
    put(w, AZM_S("faas.trigger.request_id"), faas->trigger_request_id);
    if (faas->coldstart != AZM_UNSET)
        azm_otlp_attribute_bool(w, ATTRIBUTES, AZM_S("faas.coldstart"), faas->coldstart == AZM_TRUE);
}

/* --- http --- */

static bool has_http(const struct azm_transaction *transaction)
{
    return transaction->http.method.len || transaction->http.status_code;
}

/* Methods that are not well known would be too many different values. */
static void put_method(struct azm_otlp_writer *w, azm_slice method)
{
    static const azm_slice known[] = {AZM_S_INIT("GET"),    AZM_S_INIT("POST"),  AZM_S_INIT("PUT"),
                                      AZM_S_INIT("DELETE"), AZM_S_INIT("HEAD"),  AZM_S_INIT("OPTIONS"),
                                      AZM_S_INIT("PATCH"),  AZM_S_INIT("TRACE"), AZM_S_INIT("CONNECT")};
    azm_slice named = AZM_S("_OTHER");
    if (!method.len)
        return;
    for (size_t i = 0; i < AZM_COUNT(known); i++)
        if (azm_slice_eq_nocase(method, known[i]))
            named = known[i];
    put(w, AZM_S("http.request.method"), named);
    if (!azm_slice_eq(method, named))
        put(w, AZM_S("http.request.method_original"), method);
}

/* The template is in the name alone, behind the method. */
static void put_route(struct azm_otlp_writer *w, const struct azm_transaction *transaction)
{
    size_t space = azm_slice_find(transaction->name, ' ');
    azm_slice route = azm_slice_drop(transaction->name, space + 1);
    if (transaction->http.method.len && route.len && route.ptr[0] == '/' &&
        azm_slice_eq_nocase(azm_slice_take(transaction->name, space), transaction->http.method))
        put(w, AZM_S("http.route"), route);
}

static void put_url(struct azm_otlp_writer *w, const struct azm_http_context *http)
{
    char storage[AZM_EVENT_URL_MAX];
    struct azm_url url;
    uint64_t port;
    azm_event_url(http, storage, &url);
    put(w, AZM_S("url.scheme"), url.scheme);
    put(w, AZM_S("url.path"), url.path);
    put(w, AZM_S("url.query"), azm_slice_drop(url.query, 1)); /* without its question mark */
    put(w, AZM_S("server.address"), url.host);
    if (url.port.len && azm_slice_to_u64(url.port, &port) == AZM_OK)
        azm_otlp_attribute_int(w, ATTRIBUTES, AZM_S("server.port"), (int64_t)port);
}

/* The client is whom the first proxy saw; without one, the peer. */
static void put_client(struct azm_otlp_writer *w, const struct azm_http_context *http)
{
    azm_slice list = azm_event_header(&http->request_headers, AZM_S("x-forwarded-for"));
    azm_slice host, port;
    azm_url_split_host(azm_slice_trim(azm_slice_take(list, azm_slice_find(list, ','))), &host, &port);
    put(w, AZM_S("client.address"), host.len ? host : http->remote_address);
    put(w, AZM_S("network.peer.address"), http->remote_address);
}

/* Index of the first pair from `from` on with this name; count when there is none. */
static size_t find(const struct azm_pairs *pairs, size_t from, azm_slice name)
{
    while (from < pairs->count && !azm_slice_eq_nocase(pairs->items[from].key, name))
        from++;
    return from;
}

/* One header with all its values. */
static void put_values(struct azm_otlp_writer *w, azm_slice name, const struct azm_pairs *headers, size_t first)
{
    azm_slice key = headers->items[first].key;
    bool secret = azm_redact_is_secret(key, AZM_S("")); /* whatever the writer's own list says */
    size_t next = find(headers, first + 1, key);
    if (next == headers->count) {
        azm_otlp_attribute_list(w, ATTRIBUTES, name, secret ? AZM_REDACTED : headers->items[first].value);
        return;
    }
    struct azm_otlp_array array = azm_otlp_open_array(w, ATTRIBUTES, name);
    for (size_t i = first; i < headers->count; i = i == first ? next : find(headers, i + 1, key))
        azm_otlp_array_text(w, secret ? AZM_REDACTED : headers->items[i].value);
    azm_otlp_close_array(w, array);
}

static void put_header(struct azm_otlp_writer *w, const char *prefix, const struct azm_pairs *headers, size_t first)
{
    char name[NAME_MAX + 32];
    azm_slice key = headers->items[first].key;
    size_t before = azm_slice_copy(azm_slice_str(prefix), name, 32);
    size_t len = before + azm_slice_copy(key, name + before, NAME_MAX);
    for (size_t i = before; i < len; i++)
        name[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    put_values(w, azm_slice_of(name, len), headers, first);
}

static void put_headers(struct azm_otlp_writer *w, const char *prefix, const struct azm_pairs *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        if (headers->items[i].key.len && find(&(struct azm_pairs){headers->items, i}, 0, headers->items[i].key) == i)
            put_header(w, prefix, headers, i);
}

static void put_http(struct azm_otlp_writer *w, const struct azm_transaction *transaction)
{
    const struct azm_http_context *http = &transaction->http;
    put_method(w, http->method);
    put_route(w, transaction);
    put_url(w, http);
    put_client(w, http);
    put(w, AZM_S("network.protocol.version"), http->http_version);
    put(w, AZM_S("user_agent.original"), azm_event_header(&http->request_headers, AZM_S("user-agent")));
    if (http->status_code)
        azm_otlp_attribute_int(w, ATTRIBUTES, AZM_S("http.response.status_code"), http->status_code);
    if (http->has_sizes == AZM_TRUE) {
        azm_otlp_attribute_int(w, ATTRIBUTES, AZM_S("http.request.body.size"), (int64_t)http->request_size);
        azm_otlp_attribute_int(w, ATTRIBUTES, AZM_S("http.response.body.size"), (int64_t)http->response_size);
    }
    put_headers(w, "http.request.header.", &http->request_headers);
    put_headers(w, "http.response.header.", &http->response_headers);
}

/* --- messaging --- */

/* trace/names.h begins a message's name with its system. OpenTelemetry has no word for Storage queues: Elastic's. */
static azm_slice messaging_system(azm_slice name)
{
    static const struct {
        azm_slice word, system;
    } systems[] = {
        {AZM_S_INIT("AzureQueue"), AZM_S_INIT("azurequeue")},
        {AZM_S_INIT("AzureServiceBus"), AZM_S_INIT("servicebus")},
        {AZM_S_INIT("AzureEventHub"), AZM_S_INIT("eventhubs")},
        {AZM_S_INIT("AzureEventGrid"), AZM_S_INIT("eventgrid")},
        {AZM_S_INIT("Kafka"), AZM_S_INIT("kafka")},
        {AZM_S_INIT("RabbitMQ"), AZM_S_INIT("rabbitmq")},
    };
    azm_slice word = azm_slice_take(name, azm_slice_find(name, ' '));
    for (size_t i = 0; i < AZM_COUNT(systems); i++)
        if (azm_slice_eq(systems[i].word, word))
            return systems[i].system;
    return azm_slice_str(NULL);
}

/* When the message was put into its queue: the conventions have a name for it in two systems, in seconds. */
static void put_enqueued(struct azm_otlp_writer *w, const struct azm_transaction *transaction, azm_slice system)
{
    int64_t received_ms = transaction->timestamp_us / 1000;
    if (transaction->message.has_age != AZM_TRUE || received_ms < 0 ||
        transaction->message.age_ms > (uint64_t)received_ms)
        return;
    int64_t seconds = (received_ms - (int64_t)transaction->message.age_ms) / 1000;
    if (azm_slice_eq(system, AZM_S("servicebus")))
        azm_otlp_attribute_int(w, ATTRIBUTES, AZM_S("messaging.servicebus.message.enqueued_time"), seconds);
    else if (azm_slice_eq(system, AZM_S("eventhubs")))
        azm_otlp_attribute_int(w, ATTRIBUTES, AZM_S("messaging.eventhubs.message.enqueued_time"), seconds);
}

static bool is_messaging(const struct azm_transaction *transaction)
{
    return azm_slice_eq(transaction->type, AZM_S("messaging"));
}

static void put_messaging(struct azm_otlp_writer *w, const struct azm_transaction *transaction)
{
    azm_slice system = messaging_system(transaction->name);
    put(w, AZM_S("messaging.system"), system);
    put(w, AZM_S("messaging.operation.type"), AZM_S("process"));
    put(w, AZM_S("messaging.operation.name"), AZM_S("process"));
    put(w, AZM_S("messaging.destination.name"), transaction->message.queue);
    if (azm_slice_eq(system, AZM_S("rabbitmq")))
        put(w, AZM_S("messaging.rabbitmq.destination.routing_key"), transaction->message.routing_key);
    put_enqueued(w, transaction, system);
}

/* --- the span --- */

static bool has_exception(const struct azm_transaction *transaction)
{
    return !azm_trace_id_is_none(transaction->exception.error_id);
}

/* The cause, in few words: the exception's type, the status where that is the cause, else nobody told. */
static void put_error_type(struct azm_otlp_writer *w, const struct azm_transaction *transaction)
{
    char code[16];
    unsigned status = transaction->http.status_code;
    int n = snprintf(code, sizeof code, "%u", status);
    azm_slice type =
        has_exception(transaction) ? azm_otlp_exception_type(&transaction->exception) : (azm_slice){NULL, 0};
    if (transaction->outcome != AZM_OUTCOME_FAILURE)
        return;
    if (type.len)
        put(w, AZM_S("error.type"), type);
    else
        put(w, AZM_S("error.type"), status >= 500 ? azm_slice_of(code, (size_t)n) : AZM_S("_OTHER"));
}

/* Named only where a server of Elastic's would not find it out. */
static void put_type(struct azm_otlp_writer *w, const struct azm_transaction *transaction)
{
    bool request = azm_slice_eq(transaction->type, AZM_S("request")) && has_http(transaction);
    if (!request && !is_messaging(transaction))
        put(w, AZM_S("type"), transaction->type);
}

static void put_attributes(struct azm_otlp_writer *w, const struct azm_transaction *transaction)
{
    azm_otlp_open_list(w, "attributes");
    put_faas(w, &transaction->faas);
    if (has_http(transaction))
        put_http(w, transaction);
    if (is_messaging(transaction))
        put_messaging(w, transaction);
    put_error_type(w, transaction);
    put_type(w, transaction);
    for (size_t i = 0; i < transaction->labels.count; i++)
        if (transaction->labels.items[i].key.len && transaction->labels.items[i].value.ptr)
            azm_otlp_attribute(w, ATTRIBUTES, transaction->labels.items[i].key, transaction->labels.items[i].value);
    azm_otlp_close_list(w);
}

static void put_ids(struct azm_otlp_writer *w, const struct azm_transaction *transaction)
{
    static const struct azm_pairs none;
    char text[64];
    struct azm_buf state;
    azm_otlp_id(w, 1, "traceId", transaction->trace_id.bytes, sizeof transaction->trace_id.bytes);
    azm_otlp_id(w, 2, "spanId", transaction->id.bytes, sizeof transaction->id.bytes);
    if (transaction->sample_rate > 0 && transaction->sample_rate < 1) {
        azm_buf_init_fixed(&state, text, sizeof text);
        azm_tracestate_write(&state, none, transaction->sample_rate);
        azm_otlp_text(w, 3, "traceState", azm_buf_slice(&state));
    }
    if (!azm_span_id_is_none(transaction->parent_id))
        azm_otlp_id(w, 4, "parentSpanId", transaction->parent_id.bytes, sizeof transaction->parent_id.bytes);
}

static uint64_t end_ns(const struct azm_transaction *transaction)
{
    uint64_t start = azm_otlp_ns(transaction->timestamp_us);
    uint64_t duration = transaction->duration_us < UINT64_MAX / 1000 ? transaction->duration_us * 1000 : UINT64_MAX;
    return duration < UINT64_MAX - start ? start + duration : UINT64_MAX;
}

static void put_links(struct azm_otlp_writer *w, const struct azm_transaction *transaction)
{
    if (!transaction->link_count)
        return;
    azm_otlp_open_list(w, "links");
    for (size_t i = 0; i < transaction->link_count && i < LINKS_MAX; i++) {
        size_t link = azm_otlp_open(w, 13, NULL);
        azm_otlp_id(w, 1, "traceId", transaction->links[i].trace_id.bytes, 16);
        azm_otlp_id(w, 2, "spanId", transaction->links[i].span_id.bytes, 8);
        azm_otlp_close(w, link);
    }
    azm_otlp_close_list(w);
}

/* The exception as an event of the span, at its end (semantic conventions, "Exceptions in spans"). */
static void put_exception(struct azm_otlp_writer *w, const struct azm_transaction *transaction)
{
    if (!has_exception(transaction))
        return;
    azm_otlp_open_list(w, "events");
    size_t event = azm_otlp_open(w, 11, NULL);
    azm_otlp_fixed64(w, 1, "timeUnixNano", end_ns(transaction));
    azm_otlp_text(w, 2, "name", AZM_S("exception"));
    azm_otlp_open_list(w, "attributes");
    azm_otlp_exception(w, EVENT_ATTRIBUTES, &transaction->exception);
    azm_otlp_close_list(w);
    azm_otlp_close(w, event);
    azm_otlp_close_list(w);
}

/* Success stays UNSET, as the specification asks of instrumentation. The status is there all the same, empty, as SDKs
 * send it: there are receivers that take it for granted. */
static void put_status(struct azm_otlp_writer *w, const struct azm_transaction *transaction)
{
    size_t status = azm_otlp_open(w, 15, "status");
    bool failed = transaction->outcome == AZM_OUTCOME_FAILURE;
    if (failed && has_exception(transaction) && transaction->exception.message.len)
        azm_otlp_text(w, 2, "message", transaction->exception.message);
    if (failed)
        azm_otlp_number(w, 3, "code", STATUS_ERROR);
    azm_otlp_close(w, status);
}

void azm_otlp_span(struct azm_otlp_writer *w, const struct azm_transaction *transaction)
{
    bool consumer = is_messaging(transaction) || azm_slice_eq(transaction->faas.trigger_type, AZM_S("pubsub"));
    bool child = !azm_span_id_is_none(transaction->parent_id); /* of whoever called: from elsewhere */
    size_t span = azm_otlp_open(w, 2, NULL);
    put_ids(w, transaction);
    azm_otlp_text(w, 5, "name", transaction->name);
    azm_otlp_number(w, 6, "kind", consumer ? KIND_CONSUMER : KIND_SERVER);
    azm_otlp_fixed64(w, 7, "startTimeUnixNano", azm_otlp_ns(transaction->timestamp_us));
    azm_otlp_fixed64(w, 8, "endTimeUnixNano", end_ns(transaction));
    put_attributes(w, transaction);
    put_exception(w, transaction);
    put_links(w, transaction);
    put_status(w, transaction);
    azm_otlp_fixed32(w, 16, "flags", FLAG_SAMPLED | (child ? FLAG_HAS_REMOTE | FLAG_REMOTE : 0));
    azm_otlp_close(w, span);
}
