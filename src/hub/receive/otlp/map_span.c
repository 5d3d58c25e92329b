#include "hub/receive/otlp/map_parts.h"

#include "trace/tracestate.h"

#include <stdio.h>

enum { LINKS_MAX = 1000, EVENTS_MAX = 200 };

/* A span on its way: what is read from it once. */
struct mapping {
    struct azm_otlp_map *map;
    const struct azm_otlp_scope *scope;
    const struct azm_otlp_span *span;
    const struct azm_otlp_attributes *all;
    struct azm_event *event;
    bool is_transaction;
    int64_t start_us, duration_us;
    unsigned status;   /* HTTP's */
    azm_slice elastic; /* what Elastic's tools and our export say it is: "transaction" or "span" */
    azm_slice method, database, messaging, rpc, trigger, destination;
    azm_slice action, address;
    int64_t port;
};

static azm_slice text(const struct mapping *m, const char *name, const char *older)
{
    return azm_otlp_get_text(m->all, name, older);
}

static void open(struct azm_json_writer *json, const char *key)
{
    azm_json_open_object(azm_json_key(json, azm_slice_str(key)));
}

static azm_slice joined(const struct mapping *m, azm_slice a, const char *between, azm_slice b)
{
    return azm_slice_str(azm_arena_printf(&m->map->arena, "%.*s%s%.*s", AZM_FMT(azm_slice_take(a, 512)), between,
                                          AZM_FMT(azm_slice_take(b, 512))));
}

/* --- what it is --- */

/* The Functions host sends the trigger's own name. */
static azm_slice trigger_of(azm_slice told)
{
    static const struct {
        azm_slice word, trigger;
    } words[] = {
        {AZM_S_INIT("http"), AZM_S_INIT("http")},       {AZM_S_INIT("timer"), AZM_S_INIT("timer")},
        {AZM_S_INIT("pubsub"), AZM_S_INIT("pubsub")},   {AZM_S_INIT("datasource"), AZM_S_INIT("datasource")},
        {AZM_S_INIT("queue"), AZM_S_INIT("pubsub")},    {AZM_S_INIT("servicebus"), AZM_S_INIT("pubsub")},
        {AZM_S_INIT("eventhub"), AZM_S_INIT("pubsub")}, {AZM_S_INIT("eventgrid"), AZM_S_INIT("pubsub")},
        {AZM_S_INIT("kafka"), AZM_S_INIT("pubsub")},    {AZM_S_INIT("rabbitmq"), AZM_S_INIT("pubsub")},
        {AZM_S_INIT("blob"), AZM_S_INIT("datasource")}, {AZM_S_INIT("cosmosdb"), AZM_S_INIT("datasource")},
        {AZM_S_INIT("sql"), AZM_S_INIT("datasource")},
    };
    size_t end = azm_slice_ends_nocase(told, AZM_S("Trigger")) ? told.len - strlen("Trigger") : told.len;
    for (size_t i = 0; i < AZM_COUNT(words); i++)
        if (azm_slice_eq_nocase(azm_slice_take(told, end), words[i].word))
            return words[i].trigger;
    return told.len ? AZM_S("other") : told;
}

static void read_span(struct mapping *m)
{
    const struct azm_otlp_span *span = m->span;
    m->elastic = text(m, "processor.event", NULL);
    bool entry = span->kind == AZM_OTLP_KIND_SERVER || span->kind == AZM_OTLP_KIND_CONSUMER;
    m->is_transaction =
        !span->parent_id.len || (m->elastic.len ? azm_slice_eq(m->elastic, AZM_S("transaction")) : entry);
    m->start_us = azm_otlp_us(span->start_ns);
    m->duration_us = span->end_ns > span->start_ns ? azm_otlp_us(span->end_ns - span->start_ns) : 0;
    int64_t status = azm_otlp_get_int(m->all, "http.response.status_code", "http.status_code", 0);
    m->status = status >= 100 && status < 1000 ? (unsigned)status : 0;
    m->method = text(m, "http.request.method", "http.method");
    if (azm_slice_eq(m->method, AZM_S("_OTHER")))
        m->method = text(m, "http.request.method_original", "http.request.method");
    m->database = text(m, "db.system.name", "db.system");
    m->messaging = text(m, "messaging.system", NULL);
    m->destination = text(m, "messaging.destination.name", "messaging.destination");
    m->rpc = text(m, "rpc.system", "rpc.system.name");
    m->trigger = trigger_of(text(m, "faas.trigger", NULL));
    m->address = text(m, "server.address", "net.peer.name");
    m->port = azm_otlp_get_int(m->all, "server.port", "net.peer.port", 0);
}

static azm_slice transaction_type(const struct mapping *m)
{
    azm_slice told = text(m, "type", "transaction.type");
    if (told.len)
        return told;
    if (m->messaging.len)
        return AZM_S("messaging");
    if (azm_slice_eq(m->trigger, AZM_S("timer")))
        return AZM_S("scheduled");
    bool request = m->method.len || m->status || m->rpc.len || m->trigger.len;
    return request || m->span->kind == AZM_OTLP_KIND_SERVER ? AZM_S("request") : AZM_S("unknown");
}

/* In the order of apm-data. */
static void set_span_type(struct mapping *m)
{
    struct azm_event *event = m->event;
    azm_slice told = text(m, "span.type", NULL);
    if (told.len) {
        event->type = told;
        event->subtype = text(m, "span.subtype", NULL);
        m->action = text(m, "span.action", NULL);
    } else if (m->database.len) {
        event->type = AZM_S("db");
        event->subtype = m->database;
    } else if (m->messaging.len) {
        event->type = AZM_S("messaging");
        event->subtype = m->messaging;
        m->action = text(m, "messaging.operation.type", "messaging.operation");
    } else if (m->rpc.len) {
        event->type = AZM_S("external");
        event->subtype = m->rpc;
    } else if (m->method.len || m->status) {
        event->type = AZM_S("external");
        event->subtype = AZM_S("http");
    } else if (text(m, "faas.invoked_name", NULL).len) {
        event->type = AZM_S("external");
        event->subtype = AZM_S("faas");
    } else {
        event->type = m->span->kind == AZM_OTLP_KIND_INTERNAL ? AZM_S("app") : AZM_S("unknown");
        event->subtype = m->span->kind == AZM_OTLP_KIND_INTERNAL ? AZM_S("internal") : AZM_S("");
    }
}

static enum azm_outcome outcome_of(const struct mapping *m)
{
    azm_slice told = text(m, "event.outcome", NULL);
    if (told.len)
        return azm_slice_eq(told, AZM_S("success"))   ? AZM_OUTCOME_SUCCESS
               : azm_slice_eq(told, AZM_S("failure")) ? AZM_OUTCOME_FAILURE
                                                      : AZM_OUTCOME_UNKNOWN;
    if (m->span->status != AZM_OTLP_STATUS_UNSET)
        return m->span->status == AZM_OTLP_STATUS_OK ? AZM_OUTCOME_SUCCESS : AZM_OUTCOME_FAILURE;
    unsigned failure = m->is_transaction ? 500 : 400;
    return m->status >= failure ? AZM_OUTCOME_FAILURE : AZM_OUTCOME_SUCCESS;
}

static azm_slice result_of(const struct mapping *m)
{
    bool ok = m->event->outcome == AZM_OUTCOME_SUCCESS;
    azm_slice told = text(m, "transaction.result", NULL);
    if (told.len || m->elastic.len)
        return told;
    if (m->status)
        return azm_slice_str(azm_arena_printf(&m->map->arena, "HTTP %uxx", m->status / 100));
    if (m->trigger.len)
        return ok ? AZM_S("success") : AZM_S("failure");
    return ok ? AZM_S("Success") : AZM_S("Error");
}

/* --- what it calls --- */

static azm_slice host_and_port(const struct mapping *m)
{
    if (!m->address.len || m->port <= 0)
        return m->address;
    return azm_slice_str(
        azm_arena_printf(&m->map->arena, "%.*s:%lld", AZM_FMT(azm_slice_take(m->address, 512)), (long long)m->port));
}

/* "https://user@host/path": its host, with the scheme's own port where none is given. */
static azm_slice authority_of(const struct mapping *m, azm_slice url)
{
    size_t scheme = azm_slice_search(url, AZM_S("://"));
    if (scheme == url.len)
        return AZM_S("");
    azm_slice host = azm_slice_drop(url, scheme + 3);
    size_t end = 0;
    while (end < host.len && !strchr("/?#", host.ptr[end]))
        end++;
    host = azm_slice_take(host, end);
    host = azm_slice_drop(host, azm_slice_rfind(host, '@') < host.len ? azm_slice_rfind(host, '@') + 1 : 0);
    azm_slice port = azm_slice_drop(host, azm_slice_rfind(host, ':'));
    bool has_port = port.len > 1 && azm_slice_find(port, ']') == port.len;
    if (has_port)
        return host;
    bool tls = azm_slice_eq_nocase(azm_slice_take(url, scheme), AZM_S("https"));
    return joined(m, host, tls ? ":443" : ":80", AZM_S(""));
}

static azm_slice target_name(const struct mapping *m)
{
    azm_slice peer = text(m, "peer.service", NULL), told = text(m, "service.target.name", NULL);
    if (told.len)
        return told;
    if (m->database.len)
        return text(m, "db.namespace", "db.name");
    if (m->messaging.len)
        return m->destination;
    if (peer.len)
        return peer;
    if (m->rpc.len && text(m, "rpc.service", NULL).len && !m->address.len)
        return text(m, "rpc.service", NULL);
    azm_slice place = host_and_port(m);
    return place.len ? place : authority_of(m, text(m, "url.full", "http.url"));
}

static bool is_exit(const struct mapping *m)
{
    return m->span->kind == AZM_OTLP_KIND_CLIENT || m->span->kind == AZM_OTLP_KIND_PRODUCER || m->database.len;
}

/* As intake's destination.service.resource: what is external by its name alone, all else with its kind before it. */
static azm_slice target_of(const struct mapping *m)
{
    azm_slice told = text(m, "span.destination.service.resource", NULL);
    if (told.len || m->elastic.len)
        return told;
    if (!is_exit(m))
        return AZM_S("");
    azm_slice name = target_name(m), kind = m->event->subtype;
    if (azm_slice_eq(m->event->type, AZM_S("external")) || !kind.len)
        return name;
    return name.len ? joined(m, kind, "/", name) : kind;
}

/* --- the object --- */

static double sample_rate(const struct mapping *m)
{
    const struct azm_pair header = {AZM_S("tracestate"), m->span->trace_state};
    if (!m->span->trace_state.len)
        return 0;
    struct azm_tracestate state = azm_tracestate_of_headers((struct azm_pairs){&header, 1});
    return state.sample_rate > 0 ? state.sample_rate : 0;
}

static void put_head(struct mapping *m, struct azm_json_writer *json)
{
    const struct azm_otlp_span *span = m->span;
    azm_otlp_put(json, "id", span->span_id);
    azm_otlp_put(json, "trace_id", span->trace_id);
    azm_otlp_put(json, "parent_id", span->parent_id);
    if (!m->is_transaction)
        azm_otlp_put(json, "transaction_id", m->event->transaction_id);
    azm_otlp_put(json, "name", span->name.len ? span->name : AZM_S("unnamed"));
    azm_otlp_put(json, "type", m->event->type);
    azm_otlp_put(json, "subtype", m->is_transaction ? AZM_S("") : m->event->subtype);
    azm_otlp_put(json, "action", m->action);
    azm_json_int(azm_json_key(json, AZM_S("timestamp")), m->start_us);
    azm_json_ms(azm_json_key(json, AZM_S("duration")), m->duration_us);
    azm_otlp_put(json, "outcome",
                 m->event->outcome == AZM_OUTCOME_SUCCESS   ? AZM_S("success")
                 : m->event->outcome == AZM_OUTCOME_FAILURE ? AZM_S("failure")
                                                            : AZM_S("unknown"));
    if (m->event->weight > 0)
        azm_json_double(azm_json_key(json, AZM_S("sample_rate")), 1 / m->event->weight);
}

static void put_faas(const struct mapping *m, struct azm_json_writer *json)
{
    if (!m->trigger.len && !m->event->function.len)
        return;
    open(json, "faas");
    azm_otlp_put(json, "id", text(m, "cloud.resource_id", "cloud.resource.id"));
    azm_otlp_put(json, "name", m->event->function);
    azm_otlp_put(json, "execution", m->event->invocation);
    azm_json_bool(azm_json_key(json, AZM_S("coldstart")), m->event->coldstart);
    open(json, "trigger");
    azm_otlp_put(json, "type", m->event->trigger);
    azm_otlp_put(json, "request_id", text(m, "faas.trigger.request_id", NULL));
    azm_json_close_object(json);
    azm_json_close_object(json);
}

/* Attributes that are a header each: "http.request.header.accept" is a list of texts. */
static void put_headers(const struct mapping *m, struct azm_json_writer *json, azm_slice prefix)
{
    bool any = false;
    for (size_t i = 0; i < m->all->count; i++) {
        const struct azm_otlp_attribute *one = &m->all->items[i];
        if (!azm_slice_starts(one->key, prefix))
            continue;
        if (!any)
            open(json, "headers");
        any = true;
        azm_json_foreign_key(json, azm_slice_drop(one->key, prefix.len), 1024);
        if (one->value.type == AZM_OTLP_ARRAY && one->value.count == 1)
            azm_otlp_put_value(json, &one->value.items[0].value);
        else
            azm_otlp_put_value(json, &one->value);
    }
    if (any)
        azm_json_close_object(json);
}

static azm_slice url_of(const struct mapping *m)
{
    azm_slice full = text(m, "url.full", "http.url");
    azm_slice scheme = text(m, "url.scheme", "http.scheme"), path = text(m, "url.path", "http.target");
    azm_slice query = text(m, "url.query", NULL);
    azm_slice host = text(m, "server.address", "net.host.name");
    int64_t port = azm_otlp_get_int(m->all, "server.port", "net.host.port", 0);
    bool usual = port <= 0 || (port == 443 && azm_slice_eq(scheme, AZM_S("https"))) ||
                 (port == 80 && azm_slice_eq(scheme, AZM_S("http")));
    if (full.len || !scheme.len || !host.len)
        return full;
    const char *base = joined(m, scheme, "://", host).ptr;
    const char *place = usual ? base : azm_arena_printf(&m->map->arena, "%s:%lld", base, (long long)port);
    return azm_slice_str(azm_arena_printf(&m->map->arena, "%s%.*s%s%.*s", place, AZM_FMT(azm_slice_take(path, 2048)),
                                          query.len ? "?" : "", AZM_FMT(azm_slice_take(query, 2048))));
}

static void put_request(const struct mapping *m, struct azm_json_writer *json)
{
    azm_slice address = text(m, "network.peer.address", "net.sock.peer.addr");
    open(json, "request");
    azm_otlp_put(json, "method", m->method);
    azm_otlp_put(json, "http_version", text(m, "network.protocol.version", "http.flavor"));
    open(json, "url");
    azm_otlp_put(json, "full", url_of(m));
    azm_otlp_put(json, "pathname", text(m, "url.path", "http.target"));
    azm_slice query = text(m, "url.query", NULL);
    azm_otlp_put(json, "search", query.len ? joined(m, AZM_S(""), "?", query) : query);
    azm_json_close_object(json);
    put_headers(m, json, AZM_S("http.request.header."));
    if (address.len) {
        open(json, "socket");
        azm_otlp_put(json, "remote_address", address);
        azm_json_close_object(json);
    }
    azm_json_close_object(json);
}

static void put_queue(const struct mapping *m, struct azm_json_writer *json)
{
    if (!m->destination.len)
        return;
    open(json, "message");
    open(json, "queue");
    azm_otlp_put(json, "name", m->destination);
    azm_json_close_object(json);
    azm_otlp_put(json, "routing_key", text(m, "messaging.rabbitmq.destination.routing_key", NULL));
    azm_json_close_object(json);
}

static void put_transaction_context(const struct mapping *m, struct azm_json_writer *json)
{
    if (m->method.len)
        put_request(m, json);
    if (m->status) {
        open(json, "response");
        azm_json_uint(azm_json_key(json, AZM_S("status_code")), m->status);
        put_headers(m, json, AZM_S("http.response.header."));
        azm_json_close_object(json);
    }
    put_queue(m, json);
}

static void put_http(const struct mapping *m, struct azm_json_writer *json)
{
    if (!m->method.len && !m->status)
        return;
    open(json, "http");
    azm_otlp_put(json, "url", text(m, "url.full", "http.url"));
    azm_otlp_put(json, "method", m->method);
    if (m->status)
        azm_json_uint(azm_json_key(json, AZM_S("status_code")), m->status);
    azm_json_close_object(json);
}

static void put_database(const struct mapping *m, struct azm_json_writer *json)
{
    azm_slice statement = text(m, "db.query.text", "db.statement");
    if (!m->database.len)
        return;
    open(json, "db");
    azm_otlp_put(json, "type", statement.len ? AZM_S("sql") : m->database);
    azm_otlp_put(json, "instance", text(m, "db.namespace", "db.name"));
    if (statement.len)
        azm_json_text(azm_json_key(json, AZM_S("statement")), statement, 10000);
    azm_otlp_put(json, "user", text(m, "db.user", NULL));
    azm_json_close_object(json);
}

static void put_destination(const struct mapping *m, struct azm_json_writer *json)
{
    if (!m->event->target.len)
        return;
    open(json, "destination");
    azm_otlp_put(json, "address", m->address);
    if (m->port > 0)
        azm_json_int(azm_json_key(json, AZM_S("port")), m->port);
    open(json, "service");
    azm_otlp_put(json, "resource", m->event->target);
    azm_json_close_object(json);
    azm_json_close_object(json);
    open(json, "service");
    open(json, "target");
    azm_otlp_put(json, "type", m->event->subtype.len ? m->event->subtype : m->event->type);
    azm_otlp_put(json, "name", target_name(m));
    azm_json_close_object(json);
    azm_json_close_object(json);
}

static void put_context(const struct mapping *m, struct azm_json_writer *json)
{
    open(json, "context");
    if (m->is_transaction) {
        put_transaction_context(m, json);
    } else {
        put_http(m, json);
        put_database(m, json);
        put_queue(m, json);
        put_destination(m, json);
    }
    azm_json_close_object(json);
}

static void put_links(const struct azm_otlp_span *span, struct azm_json_writer *json)
{
    if (!span->link_count)
        return;
    azm_json_open_array(azm_json_key(json, AZM_S("links")));
    for (size_t i = 0; i < span->link_count && i < LINKS_MAX; i++) {
        if (!span->links[i].trace_id.len || !span->links[i].span_id.len)
            continue;
        azm_json_open_object(json);
        azm_otlp_put(json, "trace_id", span->links[i].trace_id);
        azm_otlp_put(json, "span_id", span->links[i].span_id);
        azm_json_close_object(json);
    }
    azm_json_close_array(json);
}

static void put_otel(const struct mapping *m, struct azm_json_writer *json)
{
    static const azm_slice kinds[] = {AZM_S_INIT("UNSPECIFIED"), AZM_S_INIT("INTERNAL"), AZM_S_INIT("SERVER"),
                                      AZM_S_INIT("CLIENT"),      AZM_S_INIT("PRODUCER"), AZM_S_INIT("CONSUMER")};
    open(json, "otel");
    azm_otlp_put(json, "span_kind", kinds[m->span->kind]);
    azm_otlp_put_attributes(azm_json_key(json, AZM_S("attributes")), m->all);
    azm_otlp_put(json, "status_message", m->span->status_message);
    azm_otlp_put(json, "scope", m->scope->name);
    azm_json_close_object(json);
}

static void put_span(struct mapping *m)
{
    struct azm_json_writer json = azm_otlp_open_raw(m->map);
    put_head(m, &json);
    if (m->is_transaction) {
        azm_otlp_put(&json, "result", m->event->result);
        azm_json_bool(azm_json_key(&json, AZM_S("sampled")), true);
        open(&json, "span_count");
        azm_json_int(azm_json_key(&json, AZM_S("started")), 0);
        azm_json_close_object(&json);
        put_faas(m, &json);
    }
    put_context(m, &json);
    put_links(m->span, &json);
    put_otel(m, &json);
    azm_otlp_close_raw(m->map, &json, m->event);
}

/* --- the columns --- */

static void set_words(struct mapping *m)
{
    const azm_slice words[] = {text(m, "url.full", "http.url"), text(m, "url.path", "http.target"),
                               text(m, "db.query.text", "db.statement")};
    char storage[2048];
    struct azm_buf all;
    azm_buf_init_fixed(&all, storage, sizeof storage);
    for (size_t i = 0; i < AZM_COUNT(words); i++) {
        azm_slice word = azm_slice_take(words[i], 1000);
        if (!word.len || all.len + word.len + 1 > sizeof storage)
            continue;
        azm_buf_add(&all, word);
        azm_buf_add_byte(&all, ' ');
    }
    m->event->words = azm_otlp_keep(m->map, azm_buf_slice(&all));
}

static void set_function(struct mapping *m)
{
    const struct azm_otlp_value *cold = azm_otlp_get(m->all, "faas.coldstart", NULL, NULL);
    azm_slice name = text(m, "faas.name", NULL), service = m->map->batch->service;
    if (name.len && azm_slice_find(name, '/') == name.len &&
        !m->elastic.len) /* the host tells the function's name alone */
        name = joined(m, service, "/", name);
    m->event->function = name;
    m->event->invocation = text(m, "faas.invocation_id", "faas.execution");
    m->event->coldstart = cold && cold->type == AZM_OTLP_BOOL && cold->integer;
    m->event->trigger = m->trigger;
    m->event->target = m->destination;
}

static void set_columns(struct mapping *m)
{
    struct azm_event *event = m->event;
    double rate = sample_rate(m);
    *event = (struct azm_event){.kind = m->is_transaction ? AZM_EVENT_TRANSACTION : AZM_EVENT_SPAN,
                                .trace_id = m->span->trace_id,
                                .id = m->span->span_id,
                                .parent_id = m->span->parent_id,
                                .service = m->map->batch->service,
                                .name = m->span->name.len ? m->span->name : AZM_S("unnamed"),
                                .start_us = m->start_us,
                                .duration_us = m->duration_us,
                                .status = m->status,
                                .weight = rate > 0 ? 1 / rate : 0};
    event->outcome = outcome_of(m);
    if (m->is_transaction) {
        event->type = transaction_type(m);
        event->result = result_of(m);
        set_function(m);
    } else {
        set_span_type(m);
        event->target = target_of(m);
        event->transaction_id = text(m, "transaction.id", NULL);
    }
}

/* What the columns hold must outlive the request. */
static void keep_columns(struct mapping *m)
{
    struct azm_event *event = m->event;
    azm_slice *const texts[] = {&event->trace_id, &event->id,      &event->parent_id,  &event->name,
                                &event->type,     &event->subtype, &event->result,     &event->trigger,
                                &event->function, &event->target,  &event->invocation, &event->transaction_id};
    for (size_t i = 0; i < AZM_COUNT(texts); i++)
        *texts[i] = azm_otlp_keep(m->map, *texts[i]);
    event->attribute_count = azm_otlp_pairs(m->all, &m->map->batch->arena, &event->attributes);
    set_words(m);
}

/* --- its events --- */

static void add_event(const struct mapping *m, const struct azm_otlp_event *told, size_t index, bool is_transaction,
                      azm_slice type)
{
    struct azm_otlp_place place = {.trace_id = m->span->trace_id,
                                   .span_id = m->span->span_id,
                                   .at_us = told->time_ns ? azm_otlp_us(told->time_ns) : m->start_us,
                                   .index = index};
    if (is_transaction) {
        place.transaction_id = m->span->span_id;
        place.transaction_name = m->span->name;
        place.transaction_type = type;
    }
    if (azm_slice_eq(told->name, AZM_S("exception")) || azm_otlp_is_exception(&told->attributes))
        azm_otlp_add_error(m->map, &told->attributes, &place);
    else
        azm_otlp_add_log(m->map, m->scope->name, AZM_S(""), told->name, &told->attributes, &place);
}

static bool reject(struct azm_otlp_map *map, const struct azm_otlp_span *span)
{
    const char *what = !span->trace_id.len  ? "trace id is not 16 bytes with one that is not zero"
                       : !span->span_id.len ? "span id is not 8 bytes with one that is not zero"
                       : span->bad_parent   ? "parent's span id is not 8 bytes with one that is not zero"
                                            : NULL;
    if (!what)
        return false;
    if (map->rejected.count++ == 0)
        snprintf(map->rejected.reason, sizeof map->rejected.reason, "span \"%.*s\": its %s",
                 AZM_FMT(azm_slice_take(span->name, 60)), what);
    return true;
}

void azm_otlp_map_span(void *self, const struct azm_otlp_scope *scope, const struct azm_otlp_span *span)
{
    struct azm_otlp_map *map = self;
    struct mapping m = {.map = map, .scope = scope, .span = span, .all = &span->attributes};
    if (reject(map, span))
        return;
    m.event = azm_batch_add(map->batch);
    read_span(&m);
    set_columns(&m);
    put_span(&m);
    keep_columns(&m);
    azm_slice type = m.event->type; /* the event itself moves when others are added */
    for (size_t i = 0; i < span->event_count && i < EVENTS_MAX; i++)
        add_event(&m, &span->events[i], i, m.is_transaction, type);
}
