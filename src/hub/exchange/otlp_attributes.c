/* From intake v2's fields to OpenTelemetry's attributes: the names of the semantic conventions where they have one,
 * else Elastic's, as the collector's elasticapmintake receiver has them. */
#include "hub/exchange/export_parts.h"

#include "json/read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { STACK_MAX = 256 * 1024 };

struct rule {
    const char *path, *name;
};

/* value is borrowed; what is absent or empty is no attribute. */
static void set(json_t *to, const char *name, json_t *value)
{
    bool empty = !value || json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
    if (!empty && !json_object_get(to, name))
        json_object_set(to, name, value);
}

static void set_text(json_t *to, const char *name, azm_slice text)
{
    json_t *value = text.len ? json_stringn_nocheck(text.ptr, text.len) : NULL;
    set(to, name, value);
    json_decref(value);
}

static void set_all(json_t *to, const json_t *from, const struct rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        set(to, rules[i].name, azm_json_at(from, rules[i].path));
}

/* Members are attributes under their own names. */
static void set_members(json_t *to, json_t *members)
{
    const char *key;
    json_t *value;
    json_object_foreach(members, key, value) set(to, key, value);
}

/* --- resource --- */

static const struct rule resource_rules[] = {
    {"service.name", "service.name"},
    {"service.version", "service.version"},
    {"service.environment", "deployment.environment.name"},
    {"service.node.configured_name", "service.instance.id"},
    {"service.agent.name", "telemetry.sdk.name"},
    {"service.agent.version", "telemetry.sdk.version"},
    {"service.language.name", "telemetry.sdk.language"},
    {"service.runtime.name", "process.runtime.name"},
    {"service.runtime.version", "process.runtime.version"},
    {"service.framework.name", "service.framework.name"},
    {"service.framework.version", "service.framework.version"},
    {"process.pid", "process.pid"},
    {"process.ppid", "process.parent_pid"},
    {"process.title", "process.title"},
    {"system.configured_hostname", "host.name"},
    {"system.detected_hostname", "host.name"},
    {"system.hostname", "host.name"},
    {"system.architecture", "host.arch"},
    {"system.platform", "os.type"},
    {"system.container.id", "container.id"},
    {"system.kubernetes.namespace", "k8s.namespace.name"},
    {"system.kubernetes.node.name", "k8s.node.name"},
    {"system.kubernetes.pod.name", "k8s.pod.name"},
    {"system.kubernetes.pod.uid", "k8s.pod.uid"},
    {"cloud.provider", "cloud.provider"},
    {"cloud.region", "cloud.region"},
    {"cloud.availability_zone", "cloud.availability_zone"},
    {"cloud.account.id", "cloud.account.id"},
    {"cloud.instance.id", "host.id"},
    {"cloud.machine.type", "host.type"},
};

static void set_platform(json_t *to, const json_t *metadata)
{
    azm_slice service = azm_json_slice(azm_json_at(metadata, "cloud.service.name"));
    bool azure = azm_slice_eq(azm_json_slice(azm_json_at(metadata, "cloud.provider")), AZM_S("azure"));
    set_text(to, "cloud.platform",
             azm_slice_eq(service, AZM_S("functions"))     ? AZM_S("azure.functions")
             : azm_slice_eq(service, AZM_S("app service")) ? AZM_S("azure.app_service")
                                                           : service);
    set(to, azure ? "azure.resource_group.name" : "cloud.project.name", azm_json_at(metadata, "cloud.project.name"));
}

json_t *azm_export_resource(const json_t *metadata)
{
    json_t *out = json_object();
    json_t *told = azm_json_at(metadata, "otel.resource");
    if (json_is_object(told)) {
        set_members(out, told);
        return out;
    }
    set_all(out, metadata, resource_rules, AZM_COUNT(resource_rules));
    set_platform(out, metadata);
    set_members(out, azm_json_get(metadata, "labels"));
    return out;
}

/* --- what all events share --- */

static const struct rule context_rules[] = {
    {"context.request.method", "http.request.method"},
    {"context.request.http_version", "network.protocol.version"},
    {"context.request.url.full", "url.full"},
    {"context.request.url.pathname", "url.path"},
    {"context.request.socket.remote_address", "network.peer.address"},
    {"context.response.status_code", "http.response.status_code"},
    {"context.http.method", "http.request.method"},
    {"context.http.url", "url.full"},
    {"context.http.status_code", "http.response.status_code"},
    {"context.http.response.status_code", "http.response.status_code"},
    {"context.user.id", "user.id"},
    {"context.user.email", "user.email"},
    {"context.user.username", "user.name"},
    {"context.message.queue.name", "messaging.destination.name"},
    {"context.message.routing_key", "messaging.rabbitmq.destination.routing_key"},
    {"context.db.statement", "db.query.text"},
    {"context.db.instance", "db.namespace"},
    {"context.db.user", "db.user"},
    {"context.destination.address", "server.address"},
    {"context.destination.port", "server.port"},
    {"context.service.target.type", "service.target.type"},
    {"context.service.target.name", "service.target.name"},
    {"faas.name", "faas.name"},
    {"faas.version", "faas.version"},
    {"faas.id", "cloud.resource_id"},
    {"faas.execution", "faas.invocation_id"},
    {"faas.trigger.type", "faas.trigger"},
    {"faas.trigger.request_id", "faas.trigger.request_id"},
    {"faas.coldstart", "faas.coldstart"},
};

/* A header is a list of its values, under its name in lower case. */
static void set_headers(json_t *to, json_t *headers, const char *prefix)
{
    const char *key;
    json_t *value;
    json_object_foreach(headers, key, value)
    {
        char name[256];
        int n = snprintf(name, sizeof name, "%s%s", prefix, key);
        for (size_t i = strlen(prefix); n > 0 && i < (size_t)n && i < sizeof name - 1; i++)
            name[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
        json_t *list = json_is_array(value) ? json_incref(value) : json_pack("[O]", value);
        set(to, name, list);
        json_decref(list);
    }
}

static void set_context(json_t *to, const json_t *raw)
{
    azm_slice search = azm_json_slice(azm_json_at(raw, "context.request.url.search"));
    set_all(to, raw, context_rules, AZM_COUNT(context_rules));
    set_text(to, "url.query", azm_slice_drop(search, azm_slice_starts(search, AZM_S("?"))));
    set_headers(to, azm_json_at(raw, "context.request.headers"), "http.request.header.");
    set_headers(to, azm_json_at(raw, "context.response.headers"), "http.response.header.");
    set_members(to, azm_json_at(raw, "context.tags"));
}

/* --- stacks --- */

static azm_slice number_of(const json_t *frame, const char *key, char text[24])
{
    int64_t number = azm_json_get_int(frame, key, 0);
    int n = number > 0 ? snprintf(text, 24, "%" PRId64, number) : 0;
    return azm_slice_of(text, (size_t)n);
}

/* One line in a form that trace/stack.h reads: JavaScript's where there is a column, Java's for Java's files, else
 * .NET's. */
static void add_frame(struct azm_buf *out, const json_t *frame)
{
    char line_text[24], column_text[24];
    azm_slice line = number_of(frame, "lineno", line_text), column = number_of(frame, "colno", column_text);
    azm_slice file = azm_json_get_slice(frame, "filename"), path = azm_json_get_slice(frame, "abs_path");
    azm_slice type = azm_json_get_slice(frame, "classname"), module = azm_json_get_slice(frame, "module");
    azm_slice function = azm_json_get_slice(frame, "function");
    if (!path.len && !azm_slice_eq(file, AZM_S("<unknown>")))
        path = file;
    azm_buf_addf(out, "    at ");
    if (column.len) {
        azm_buf_addf(out, function.len ? "%.*s (%.*s:%.*s:%.*s)" : "%.*s%.*s:%.*s:%.*s", AZM_FMT(function),
                     AZM_FMT(path), AZM_FMT(line), AZM_FMT(column));
    } else if (azm_slice_ends(file, AZM_S(".java")) && type.len) {
        azm_buf_addf(out, "%.*s%s%.*s.%.*s(%.*s%s%.*s)", AZM_FMT(module), module.len ? "/" : "", AZM_FMT(type),
                     AZM_FMT(function), AZM_FMT(file), line.len ? ":" : "", AZM_FMT(line));
    } else {
        azm_buf_addf(out, "%.*s%s%.*s()", AZM_FMT(type), type.len ? "." : "", AZM_FMT(function));
        azm_buf_addf(out, "%s%.*s", path.len ? " in " : "", AZM_FMT(path));
        azm_buf_addf(out, "%s%.*s", line.len ? ":line " : "", AZM_FMT(line));
    }
    azm_buf_add_byte(out, '\n');
}

static void set_stack(json_t *to, const char *name, const json_t *frames, azm_slice head)
{
    struct azm_buf text;
    size_t i;
    json_t *frame;
    if (json_array_size(frames) == 0)
        return;
    azm_buf_init(&text, STACK_MAX);
    azm_buf_add(&text, head);
    if (head.len)
        azm_buf_add_byte(&text, '\n');
    json_array_foreach(frames, i, frame) add_frame(&text, frame);
    if (!text.failed)
        set_text(to, name, azm_buf_slice(&text));
    azm_buf_dispose(&text);
}

/* --- each kind --- */

static azm_slice outcome_text(enum azm_outcome outcome)
{
    static const azm_slice texts[] = {
        [AZM_OUTCOME_UNKNOWN] = AZM_S_INIT("unknown"),
        [AZM_OUTCOME_SUCCESS] = AZM_S_INIT("success"),
        [AZM_OUTCOME_FAILURE] = AZM_S_INIT("failure"),
    };
    return texts[outcome];
}

static void set_timed(json_t *to, const struct azm_event *event, const json_t *raw)
{
    bool is_transaction = event->kind == AZM_EVENT_TRANSACTION;
    set_text(to, "processor.event", is_transaction ? AZM_S("transaction") : AZM_S("span"));
    set_text(to, is_transaction ? "transaction.type" : "span.type", event->type);
    set_text(to, "event.outcome", outcome_text(event->outcome));
    if (is_transaction) {
        set_text(to, "transaction.result", event->result);
    } else {
        set_text(to, "span.subtype", event->subtype);
        set(to, "span.action", azm_json_get(raw, "action"));
        set_text(to, "span.destination.service.resource", event->target);
        set_text(to, "transaction.id", event->transaction_id);
        if (azm_slice_eq(event->type, AZM_S("db")))
            set_text(to, "db.system.name", event->subtype);
        set_stack(to, "code.stacktrace", azm_json_get(raw, "stacktrace"), AZM_S(""));
    }
    set_context(to, raw);
}

static const struct rule error_rules[] = {
    {"exception.type", "exception.type"},
    {"exception.message", "exception.message"},
    {"exception.attributes.stacktrace", "exception.stacktrace"},
    {"culprit", "error.culprit"},
    {"log.message", "error.log.message"},
    {"log.param_message", "error.log.param_message"},
    {"log.level", "error.log.level"},
    {"log.logger_name", "error.log.logger_name"},
    {"id", "error.id"},
    {"transaction_id", "transaction.id"},
    {"transaction.name", "transaction.name"},
    {"transaction.type", "transaction.type"},
};

static void set_error(json_t *to, const struct azm_event *event, const json_t *raw)
{
    char group[17];
    const json_t *frames = azm_json_at(raw, "exception.stacktrace"), *handled = azm_json_at(raw, "exception.handled");
    if (!frames)
        frames = azm_json_at(raw, "log.stacktrace");
    set_text(to, "processor.event", AZM_S("error"));
    snprintf(group, sizeof group, "%016" PRIx64, event->group);
    set_text(to, "error.grouping_key", azm_slice_str(group));
    set_all(to, raw, error_rules, AZM_COUNT(error_rules));
    set_stack(to, "exception.stacktrace", frames, azm_json_slice(azm_json_at(raw, "exception.type")));
    if (json_is_boolean(handled)) {
        json_t *escaped = json_boolean(!json_is_true(handled));
        set(to, "exception.escaped", escaped);
        json_decref(escaped);
    }
    set_context(to, raw);
}

/* ECS's keys come flat or nested; what has a place of its own in a log record is no attribute. */
static bool has_a_place(const char *key)
{
    static const char *const keys[] = {"@timestamp", "timestamp", "message", "log.level", "log",
                                       "trace.id",   "trace",     "span.id", "span",      "transaction",
                                       "service",    "otel",      "labels",  "tags"};
    for (size_t i = 0; i < AZM_COUNT(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return strncmp(key, "service.", 8) == 0;
}

static void set_log(json_t *to, const struct azm_event *event, json_t *raw)
{
    const char *key;
    json_t *value;
    set_text(to, "log.level", event->result); /* the text as it was; its number is the record's */
    set_text(to, "log.logger", event->name);
    set_text(to, "transaction.id", event->transaction_id);
    json_object_foreach(raw, key, value)
    {
        if (!has_a_place(key) && strcmp(key, "transaction.id") != 0)
            set(to, key, value);
    }
    set_members(to, azm_json_get(raw, "labels"));
}

json_t *azm_export_attributes(const struct azm_event *event, const json_t *raw, bool by_otlp)
{
    json_t *out = json_object();
    set_members(out, azm_json_at(raw, "otel.attributes"));
    switch (event->kind) {
    case AZM_EVENT_TRANSACTION:
    case AZM_EVENT_SPAN:
        if (!by_otlp)
            set_timed(out, event, raw);
        break;
    case AZM_EVENT_ERROR: set_error(out, event, raw); break;
    case AZM_EVENT_LOG: set_log(out, event, (json_t *)raw); break;
    }
    return out;
}
