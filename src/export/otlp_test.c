/* The mapping of Elastic's fields to OpenTelemetry's names, a row per attribute, in both encodings. */
#include "export/otlp.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/wire.h"

#define TRACE                                                                                                          \
    {                                                                                                                  \
        {                                                                                                              \
            0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c             \
        }                                                                                                              \
    }
#define SPAN                                                                                                           \
    {                                                                                                                  \
        {                                                                                                              \
            0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31                                                             \
        }                                                                                                              \
    }
#define PAIRS(...)                                                                                                     \
    {                                                                                                                  \
        (const struct azm_pair[]){__VA_ARGS__}, sizeof((struct azm_pair[]){__VA_ARGS__}) / sizeof(struct azm_pair)     \
    }
#define T(text) AZM_S_INIT(text)

enum kind { TEXT, INT, BOOL, LIST, ABSENT };

/* Wanted: an attribute. text of a LIST: "a" or "a|b". */
struct want {
    const char *key;
    enum kind kind;
    const char *text;
    int64_t number;
};

static void want_json(const struct want *want, struct azm_buf *out)
{
    azm_slice rest = azm_slice_str(want->text), part;
    azm_buf_addf(out, "{\"key\":\"%s\",\"value\":{", want->key);
    switch (want->kind) {
    case TEXT: azm_buf_addf(out, "\"stringValue\":\"%s\"", want->text); break;
    case INT: azm_buf_addf(out, "\"intValue\":\"%" PRId64 "\"", want->number); break;
    case BOOL: azm_buf_addf(out, "\"boolValue\":%s", want->number ? "true" : "false"); break;
    case LIST:
        azm_buf_add_str(out, "\"arrayValue\":{\"values\":[");
        for (bool first = true; azm_slice_split(&rest, '|', &part); first = false)
            azm_buf_addf(out, "%s{\"stringValue\":\"%.*s\"}", first ? "" : ",", AZM_FMT(part));
        azm_buf_add_str(out, "]}");
        break;
    case ABSENT: break;
    }
    azm_buf_add_str(out, "}}");
}

static void want_protobuf(const struct want *want, uint32_t no, struct azm_buf *out)
{
    azm_slice rest = azm_slice_str(want->text), part;
    size_t pair = azm_wire_begin(out, no), array, element;
    azm_wire_put_bytes(out, 1, azm_slice_str(want->key));
    size_t value = azm_wire_begin(out, 2);
    switch (want->kind) {
    case TEXT: azm_wire_put_bytes(out, 1, azm_slice_str(want->text)); break;
    case INT: azm_wire_put_uint(out, 3, (uint64_t)want->number); break;
    case BOOL: azm_wire_put_uint(out, 2, (uint64_t)want->number); break;
    case LIST:
        array = azm_wire_begin(out, 5);
        while (azm_slice_split(&rest, '|', &part)) {
            element = azm_wire_begin(out, 1);
            azm_wire_put_bytes(out, 1, part);
            azm_wire_end(out, element);
        }
        azm_wire_end(out, array);
        break;
    case ABSENT: break;
    }
    azm_wire_end(out, value);
    azm_wire_end(out, pair);
}

static bool contains(const struct azm_buf *in, azm_slice what)
{
    return azm_slice_search(azm_buf_slice(in), what) < in->len;
}

static void expect(const char *what, const struct azm_buf *json, const struct azm_buf *protobuf, uint32_t no,
                   const struct want *want)
{
    char text[512];
    struct azm_buf wanted;
    azm_buf_init_fixed(&wanted, text, sizeof text);
    if (want->kind == ABSENT) {
        azm_buf_addf(&wanted, "\"%s\"", want->key);
        bool found = contains(json, azm_buf_slice(&wanted));
        azm_buf_clear(&wanted);
        azm_wire_put_bytes(&wanted, 1, azm_slice_str(want->key));
        if (found || contains(protobuf, azm_buf_slice(&wanted)))
            fail_msg("%s: %s is there", what, want->key);
        return;
    }
    want_json(want, &wanted);
    if (!contains(json, azm_buf_slice(&wanted)))
        fail_msg("%s: %.*s is not in %.*s", what, AZM_FMT(azm_buf_slice(&wanted)), AZM_FMT(azm_buf_slice(json)));
    azm_buf_clear(&wanted);
    want_protobuf(want, no, &wanted);
    if (!contains(protobuf, azm_buf_slice(&wanted)))
        fail_msg("%s: %s is not in the protobuf message", what, want->key);
}

#define WEB(...)                                                                                                       \
    {                                                                                                                  \
        .name = T("GET /api/{id}"), .type = T("request"), .http = {.method = T("GET"), __VA_ARGS__ }                   \
    }
#define HEADERS(...) .request_headers = PAIRS(__VA_ARGS__)

/* clang-format off: a table */
static const struct {
    const char *elastic;
    struct azm_transaction transaction;
    struct want want;
} spans[] = {
    {"faas.name", {.faas.name = T("app/f")}, {"faas.name", TEXT, "app/f", 0}},
    {"faas.id", {.faas.id = T("/subscriptions/x")}, {"cloud.resource_id", TEXT, "/subscriptions/x", 0}},
    {"faas.execution", {.faas.execution = T("e1")}, {"faas.invocation_id", TEXT, "e1", 0}},
    {"faas.coldstart", {.faas.coldstart = AZM_TRUE}, {"faas.coldstart", BOOL, NULL, 1}},
    {"faas.coldstart", {.faas.coldstart = AZM_FALSE}, {"faas.coldstart", BOOL, NULL, 0}},
    {"faas.coldstart", {.faas.coldstart = AZM_UNSET}, {"faas.coldstart", ABSENT, NULL, 0}},
    {"faas.trigger.type", {.faas.trigger_type = T("timer")}, {"faas.trigger", TEXT, "timer", 0}},
    {"faas.trigger.request_id", {.faas.trigger_request_id = T("r")}, {"faas.trigger.request_id", TEXT, "r", 0}},
    {"faas.version", {.faas.name = T("f")}, {"faas.version", ABSENT, NULL, 0}}, /* never on Azure */

    {"context.request.method", WEB(.url = T("/")), {"http.request.method", TEXT, "GET", 0}},
    {"context.request.method", WEB(.url = T("/")), {"http.request.method_original", ABSENT, NULL, 0}},
    {"method in lower case", {.http.method = T("post")}, {"http.request.method", TEXT, "POST", 0}},
    {"method in lower case", {.http.method = T("post")}, {"http.request.method_original", TEXT, "post", 0}},
    {"unknown method", {.http.method = T("BREW")}, {"http.request.method", TEXT, "_OTHER", 0}},
    {"unknown method", {.http.method = T("BREW")}, {"http.request.method_original", TEXT, "BREW", 0}},
    {"the name's template", WEB(.url = T("/api/7")), {"http.route", TEXT, "/api/{id}", 0}},
    {"a name that is no template", {.name = T("POST x"), .http.method = T("POST")}, {"http.route", ABSENT, NULL, 0}},
    {"the name of another method", {.name = T("PUT /x"), .http.method = T("POST")}, {"http.route", ABSENT, NULL, 0}},
    {"context.response.status_code", WEB(.status_code = 404), {"http.response.status_code", INT, NULL, 404}},
    {"context.response.encoded_body_size",
     WEB(.has_sizes = AZM_TRUE, .response_size = 7),
     {"http.response.body.size", INT, NULL, 7}},
    {"bytes of the request", WEB(.has_sizes = AZM_TRUE, .request_size = 9), {"http.request.body.size", INT, NULL, 9}},
    {"sizes that nobody knows", WEB(.status_code = 200), {"http.response.body.size", ABSENT, NULL, 0}},
    {"context.request.http_version", WEB(.http_version = T("1.1")), {"network.protocol.version", TEXT, "1.1", 0}},
    {"url.full", WEB(.url = T("https://u:p@h:81/a?b#c")), {"url.scheme", TEXT, "https", 0}},
    {"url.hostname", WEB(.url = T("https://u:p@h:81/a?b#c")), {"server.address", TEXT, "h", 0}},
    {"url.port", WEB(.url = T("https://u:p@h:81/a?b#c")), {"server.port", INT, NULL, 81}},
    {"url.pathname", WEB(.url = T("https://u:p@h:81/a?b#c")), {"url.path", TEXT, "/a", 0}},
    {"url.search", WEB(.url = T("https://u:p@h:81/a?b#c")), {"url.query", TEXT, "b", 0}},
    {"an empty query", WEB(.url = T("/a?")), {"url.query", ABSENT, NULL, 0}},
    {"a function key", WEB(.url = T("/a?code=x&b")), {"url.query", TEXT, "code=[REDACTED]&b", 0}},
    {"host of a header", WEB(.url = T("/"), HEADERS({T("Host"), T("h:8")})), {"server.address", TEXT, "h", 0}},
    {"port of a header", WEB(.url = T("/"), HEADERS({T("Host"), T("h:8")})), {"server.port", INT, NULL, 8}},
    {"scheme of a header",
     WEB(.url = T("/"), HEADERS({T("X-Forwarded-Proto"), T("https")})),
     {"url.scheme", TEXT, "https", 0}},
    {"no scheme", WEB(.url = T("/")), {"url.scheme", ABSENT, NULL, 0}},
    {"context.request.socket", WEB(.remote_address = T("10.0.0.1")), {"network.peer.address", TEXT, "10.0.0.1", 0}},
    {"client.ip", WEB(.remote_address = T("10.0.0.1")), {"client.address", TEXT, "10.0.0.1", 0}},
    {"client.ip",
     WEB(.remote_address = T("10.0.0.1"), HEADERS({T("X-Forwarded-For"), T("203.0.113.7:51234, 10.1.1.1")})),
     {"client.address", TEXT, "203.0.113.7", 0}},
    {"user_agent.original", WEB(HEADERS({T("User-Agent"), T("curl/8")})), {"user_agent.original", TEXT, "curl/8", 0}},
    {"context.request.headers",
     WEB(HEADERS({T("Accept"), T("a")}, {T("X"), T("y")}, {T("accept"), T("b")})),
     {"http.request.header.accept", LIST, "a|b", 0}},
    {"context.request.headers",
     WEB(HEADERS({T("Cookie"), T("a")})),
     {"http.request.header.cookie", LIST, "[REDACTED]", 0}},
    {"context.response.headers",
     WEB(.response_headers = PAIRS({T("Server"), T("k")})),
     {"http.response.header.server", LIST, "k", 0}},
    {"no http", {.http.url = T("/x"), .name = T("f")}, {"url.path", ABSENT, NULL, 0}},

    {"context.message.queue.name",
     {.type = T("messaging"), .message.queue = T("q")},
     {"messaging.destination.name", TEXT, "q", 0}},
    {"subtype",
     {.type = T("messaging"), .name = T("AzureQueue RECEIVE from q")},
     {"messaging.system", TEXT, "azurequeue", 0}},
    {"subtype",
     {.type = T("messaging"), .name = T("AzureServiceBus RECEIVE from q")},
     {"messaging.system", TEXT, "servicebus", 0}},
    {"subtype",
     {.type = T("messaging"), .name = T("AzureEventHub RECEIVE from q")},
     {"messaging.system", TEXT, "eventhubs", 0}},
    {"subtype",
     {.type = T("messaging"), .name = T("AzureEventGrid RECEIVE from q")},
     {"messaging.system", TEXT, "eventgrid", 0}},
    {"subtype", {.type = T("messaging"), .name = T("Kafka RECEIVE from q")}, {"messaging.system", TEXT, "kafka", 0}},
    {"subtype",
     {.type = T("messaging"), .name = T("RabbitMQ RECEIVE from q")},
     {"messaging.system", TEXT, "rabbitmq", 0}},
    {"context.message.routing_key",
     {.type = T("messaging"), .name = T("RabbitMQ RECEIVE from q"), .message = {.routing_key = T("jobs.new")}},
     {"messaging.rabbitmq.destination.routing_key", TEXT, "jobs.new", 0}},
    {"subtype", {.type = T("messaging"), .name = T("f")}, {"messaging.system", ABSENT, NULL, 0}},
    {"action", {.type = T("messaging")}, {"messaging.operation.type", TEXT, "process", 0}},
    {"action", {.type = T("messaging")}, {"messaging.operation.name", TEXT, "process", 0}},
    {"action", {.type = T("request")}, {"messaging.operation.type", ABSENT, NULL, 0}},
    {"context.message.age",
     {.type = T("messaging"),
      .name = T("AzureServiceBus x"),
      .timestamp_us = 10000000,
      .message = {.has_age = AZM_TRUE, .age_ms = 2500}},
     {"messaging.servicebus.message.enqueued_time", INT, NULL, 7}},
    {"context.message.age",
     {.type = T("messaging"),
      .name = T("AzureEventHub x"),
      .timestamp_us = 10000000,
      .message = {.has_age = AZM_TRUE, .age_ms = 0}},
     {"messaging.eventhubs.message.enqueued_time", INT, NULL, 10}},
    {"an age before 1970",
     {.type = T("messaging"),
      .name = T("AzureServiceBus x"),
      .timestamp_us = 1,
      .message = {.has_age = AZM_TRUE, .age_ms = UINT64_MAX}},
     {"messaging.servicebus.message.enqueued_time", ABSENT, NULL, 0}},

    {"transaction.type", {.type = T("scheduled")}, {"type", TEXT, "scheduled", 0}},
    {"transaction.type", {.type = T("request")}, {"type", TEXT, "request", 0}}, /* a blob's: not to be seen otherwise */
    {"transaction.type", WEB(.url = T("/")), {"type", ABSENT, NULL, 0}},
    {"transaction.type", {.type = T("messaging")}, {"type", ABSENT, NULL, 0}},
    {"outcome", {.outcome = AZM_OUTCOME_FAILURE}, {"error.type", TEXT, "_OTHER", 0}},
    {"outcome", {.outcome = AZM_OUTCOME_FAILURE, .http.status_code = 503}, {"error.type", TEXT, "503", 0}},
    {"outcome", {.outcome = AZM_OUTCOME_SUCCESS, .http.status_code = 404}, {"error.type", ABSENT, NULL, 0}},
    {"error.exception.type",
     {.outcome = AZM_OUTCOME_FAILURE,
      .http.status_code = 500,
      .exception = {{{1}}, T("A.B"), T("m"), T("s"), AZM_FALSE}},
     {"error.type", TEXT, "A.B", 0}},
    {"error.exception.type of the stack",
     {.outcome = AZM_OUTCOME_FAILURE, .exception = {{{1}}, {NULL, 0}, T("m"), T("TypeError: m\n at x"), AZM_FALSE}},
     {"error.type", TEXT, "TypeError", 0}},
    {"context.tags", {.labels = PAIRS({T("a.b"), T("c")}, {T("none"), {NULL, 0}})}, {"a.b", TEXT, "c", 0}},
    {"context.tags", {.labels = PAIRS({T("a.b"), T("c")}, {T("none"), {NULL, 0}})}, {"none", ABSENT, NULL, 0}},
};

#define CLOUD(member, text)                                                                                            \
    {                                                                                                                  \
        .cloud_provider = T("azure"), .member = T(text)                                                                \
    }
static const struct {
    const char *elastic;
    struct azm_source source;
    struct want want;
} resources[] = {
    {"service.name", {.service_name = T("shop")}, {"service.name", TEXT, "shop", 0}},
    {"service.name", {.pid = 1}, {"service.name", TEXT, "unknown_service", 0}},
    {"service.version", {.service_version = T("7")}, {"service.version", TEXT, "7", 0}},
    {"service.environment", {.environment = T("prod")}, {"deployment.environment.name", TEXT, "prod", 0}},
    {"service.node.configured_name", {.node_name = T("n")}, {"service.instance.id", TEXT, "n", 0}},
    {"service.node.configured_name", {.node_name = T("n")}, {"faas.instance", TEXT, "n", 0}},
    {"service.agent.name", {.agent_name = T("azimuth")}, {"telemetry.sdk.name", TEXT, "azimuth", 0}},
    {"service.agent.version", {.agent_version = T("1")}, {"telemetry.sdk.version", TEXT, "1", 0}},
    {"service.language.name", {.language_name = T("c")}, {"telemetry.sdk.language", TEXT, "c", 0}},
    {"service.language.name", {.runtime_name = T("node")}, {"telemetry.sdk.language", TEXT, "nodejs", 0}},
    {"service.language.name", {.runtime_name = T("dotnet-isolated")}, {"telemetry.sdk.language", TEXT, "dotnet", 0}},
    {"service.language.name", {.runtime_name = T("python")}, {"telemetry.sdk.language", TEXT, "python", 0}},
    {"service.runtime.name", {.runtime_name = T("node")}, {"process.runtime.name", TEXT, "node", 0}},
    {"service.runtime.version", {.runtime_version = T("18")}, {"process.runtime.version", TEXT, "18", 0}},
    {"process.pid", {.pid = 4294967295u}, {"process.pid", INT, NULL, 4294967295}},
    {"process.ppid", {.ppid = 4}, {"process.parent_pid", INT, NULL, 4}},
    {"process.title", {.process_title = T("node")}, {"process.title", TEXT, "node", 0}},
    {"cloud.provider", {.cloud_provider = T("azure")}, {"cloud.provider", TEXT, "azure", 0}},
    {"cloud.service.name", CLOUD(cloud_service_name, "functions"), {"cloud.platform", TEXT, "azure.functions", 0}},
    {"cloud.service.name", CLOUD(cloud_service_name, "app service"), {"cloud.platform", TEXT, "azure.app_service", 0}},
    {"cloud.account.id", CLOUD(cloud_account_id, "sub"), {"cloud.account.id", TEXT, "sub", 0}},
    {"cloud.region", CLOUD(cloud_region, "West US"), {"cloud.region", TEXT, "West US", 0}},
    {"cloud.region", {.cloud_region = T("West US")}, {"cloud.region", ABSENT, NULL, 0}},
    {"cloud.project.name", CLOUD(cloud_project_name, "rg"), {"azure.resource_group.name", TEXT, "rg", 0}},
    {"labels", {.labels = PAIRS({T("team.x"), T("a")})}, {"team.x", TEXT, "a", 0}},
    {"a label named as an attribute",
     {.service_name = T("shop"), .labels = PAIRS({T("service.name"), T("a")})},
     {"service.name", TEXT, "shop", 0}},
    {"platform", {.platform = PAIRS({T("host.name"), T("h")})}, {"host.name", TEXT, "h", 0}},
    {"user's before the platform's",
     {.platform = PAIRS({T("host.name"), T("h")}), .resource = PAIRS({T("host.name"), T("u")})},
     {"host.name", TEXT, "u", 0}},
    {"a label before the platform's",
     {.platform = PAIRS({T("host.name"), T("h")}), .labels = PAIRS({T("host.name"), T("l")})},
     {"host.name", TEXT, "l", 0}},
    {"user's", {.resource = PAIRS({T("k8s.pod.name"), T("p")})}, {"k8s.pod.name", TEXT, "p", 0}},
    {"user's, empty", {.resource = PAIRS({T("empty"), T("")})}, {"empty", TEXT, "", 0}},
    {"user's before ours",
     {.cloud_provider = T("azure"),
      .cloud_service_name = T("functions"),
      .resource = PAIRS({T("cloud.platform"), T("azure_functions")})},
     {"cloud.platform", TEXT, "azure_functions", 0}},
    {"user's before labels",
     {.labels = PAIRS({T("a"), T("label")}), .resource = PAIRS({T("a"), T("b")})},
     {"a", TEXT, "b", 0}},
    {"not before settings",
     {.service_name = T("shop"), .resource = PAIRS({T("service.name"), T("x")})},
     {"service.name", TEXT, "shop", 0}},
    {"nor before what we are",
     {.resource = PAIRS({T("telemetry.sdk.name"), T("x")})},
     {"telemetry.sdk.name", TEXT, "azimuth", 0}},
};
/* clang-format on */

/* clang-format off: a table */
static const struct {
    const char *elastic;
    struct azm_log_event log;
    struct want want;
} logs[] = {
    {"faas.name", {.faas_name = T("app/f")}, {"faas.name", TEXT, "app/f", 0}},
    {"faas.name", {.level = T("info")}, {"faas.name", ABSENT, NULL, 0}},
    {"faas.execution", {.execution = T("e1")}, {"faas.invocation_id", TEXT, "e1", 0}},
    {"log.logger", {.logger = T("Function.f.User")}, {"log.logger", TEXT, "Function.f.User", 0}},
    {"error.type", {.exception.type = T("E")}, {"exception.type", TEXT, "E", 0}},
    {"error.type", {.exception.stack = T("ValueError: no")}, {"exception.type", TEXT, "ValueError", 0}},
    {"error.message", {.exception.message = T("no")}, {"exception.message", TEXT, "no", 0}},
    {"error.stack_trace", {.exception.stack = T("at f")}, {"exception.stacktrace", TEXT, "at f", 0}},
    {"error.message", {.message = T("no")}, {"exception.message", ABSENT, NULL, 0}},
};

static const struct {
    const char *elastic;
    struct azm_error_event error;
    struct want want;
} errors[] = {
    {"exception.type", {.exception.type = T("E")}, {"exception.type", TEXT, "E", 0}},
    {"exception.message", {.exception.message = T("no")}, {"exception.message", TEXT, "no", 0}},
    {"exception.stacktrace", {.exception.stack = T("at f")}, {"exception.stacktrace", TEXT, "at f", 0}},
    {"context.tags.function", {.function = T("f")}, {"faas.name", TEXT, "f", 0}},
};
/* clang-format on */

struct both {
    struct azm_buf json, protobuf;
};

static struct both new_both(void)
{
    struct both both;
    azm_buf_init(&both.json, 1 << 20);
    azm_buf_init(&both.protobuf, 1 << 20);
    return both;
}

static void dispose(struct both *both)
{
    azm_buf_dispose(&both->json);
    azm_buf_dispose(&both->protobuf);
}

static struct both spans_of(const struct azm_transaction *transaction)
{
    struct both both = new_both();
    struct azm_otlp_writer json = azm_otlp_writer(&both.json, true), protobuf = azm_otlp_writer(&both.protobuf, false);
    azm_otlp_span(&json, transaction);
    azm_otlp_span(&protobuf, transaction);
    return both;
}

static void span_attributes(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(spans); i++) {
        struct both both = spans_of(&spans[i].transaction);
        expect(spans[i].elastic, &both.json, &both.protobuf, 9, &spans[i].want);
        dispose(&both);
    }
}

static struct both records_of(const struct azm_log_event *log, const struct azm_error_event *error)
{
    struct both both = new_both();
    struct azm_otlp_writer json = azm_otlp_writer(&both.json, true), protobuf = azm_otlp_writer(&both.protobuf, false);
    if (log) {
        azm_otlp_log(&json, log);
        azm_otlp_log(&protobuf, log);
    } else {
        azm_otlp_error(&json, error);
        azm_otlp_error(&protobuf, error);
    }
    return both;
}

static void log_attributes(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(logs); i++) {
        struct both both = records_of(&logs[i].log, NULL);
        expect(logs[i].elastic, &both.json, &both.protobuf, 6, &logs[i].want);
        dispose(&both);
    }
    for (size_t i = 0; i < AZM_COUNT(errors); i++) {
        struct both both = records_of(NULL, &errors[i].error);
        expect(errors[i].elastic, &both.json, &both.protobuf, 6, &errors[i].want);
        dispose(&both);
    }
}

static size_t occurrences(azm_slice in, azm_slice what)
{
    size_t count = 0;
    for (size_t at; (at = azm_slice_search(in, what)) < in.len; in = azm_slice_drop(in, at + what.len))
        count++;
    return count;
}

static void resource_attributes(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(resources); i++) {
        char key[64];
        struct both both = new_both();
        struct azm_otlp_writer json = azm_otlp_writer(&both.json, true);
        struct azm_otlp_writer protobuf = azm_otlp_writer(&both.protobuf, false);
        azm_otlp_resource(&json, &resources[i].source);
        azm_otlp_resource(&protobuf, &resources[i].source);
        expect(resources[i].elastic, &both.json, &both.protobuf, 1, &resources[i].want);
        snprintf(key, sizeof key, "\"key\":\"%s\"", resources[i].want.key);
        assert_int_equal(occurrences(azm_buf_slice(&both.json), azm_slice_str(key)), resources[i].want.kind != ABSENT);
        dispose(&both);
    }
}

#define IDS "{\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\"spanId\":\"b7ad6b7169203331\""
static const struct azm_span_link links[] = {{TRACE, SPAN}, {TRACE, SPAN}};
#define LINK IDS "}"

static const struct {
    struct azm_transaction transaction;
    const char *json;
} frames[] = {
    {{.id = SPAN, .trace_id = TRACE, .sample_rate = -1},
     IDS ",\"name\":\"\",\"kind\":2,\"startTimeUnixNano\":\"0\",\"endTimeUnixNano\":\"0\",\"attributes\":[],\"status\":"
         "{},\"flags\":1}"},
    {{.id = SPAN,
      .trace_id = TRACE,
      .parent_id = SPAN,
      .sample_rate = 0.25,
      .timestamp_us = 1700000000123456,
      .duration_us = 1002003,
      .name = T("a\"b\xff"),
      .outcome = AZM_OUTCOME_FAILURE},
     IDS
     ",\"traceState\":\"es=s:0.25\",\"parentSpanId\":\"b7ad6b7169203331\",\"name\":\"a\\\"b\xef\xbf\xbd\",\"kind\":2,"
     "\"startTimeUnixNano\":\"1700000000123456000\",\"endTimeUnixNano\":\"1700000001125459000\",\"attributes\":["
     "{\"key\":\"error.type\",\"value\":{\"stringValue\":\"_OTHER\"}}],\"status\":{\"code\":2},\"flags\":769}"},
    {{.id = SPAN,
      .trace_id = TRACE,
      .sample_rate = 1,
      .timestamp_us = -5,
      .duration_us = UINT64_MAX,
      .faas.trigger_type = T("pubsub"),
      .links = links,
      .link_count = 2},
     IDS ",\"name\":\"\",\"kind\":5,\"startTimeUnixNano\":\"0\",\"endTimeUnixNano\":\"18446744073709551615\","
         "\"attributes\":[{\"key\":\"faas.trigger\",\"value\":{\"stringValue\":\"pubsub\"}}],"
         "\"links\":[" LINK "," LINK "],\"status\":{},\"flags\":1}"},
    {{.id = SPAN, .trace_id = TRACE, .timestamp_us = INT64_MAX, .duration_us = 1, .type = T("messaging")},
     IDS ",\"name\":\"\",\"kind\":5,\"startTimeUnixNano\":\"18446744073709551615\","
         "\"endTimeUnixNano\":\"18446744073709551615\",\"attributes\":["
         "{\"key\":\"messaging.operation.type\",\"value\":{\"stringValue\":\"process\"}},"
         "{\"key\":\"messaging.operation.name\",\"value\":{\"stringValue\":\"process\"}}],\"status\":{},\"flags\":1}"},
};

static void whole_spans_as_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(frames); i++) {
        struct both both = spans_of(&frames[i].transaction);
        azm_buf_add_byte(&both.json, 0);
        assert_string_equal(both.json.ptr, frames[i].json);
        dispose(&both);
    }
}

#define TIMES(ns) "{\"timeUnixNano\":\"" ns "\",\"observedTimeUnixNano\":\"" ns "\""
static const struct {
    struct azm_log_event log;
    const char *json;
} records[] = {
    {{.timestamp_us = 1700000000123456,
      .trace_id = TRACE,
      .transaction_id = SPAN,
      .level = T("warning"),
      .message = T("a\"b\xff")},
     TIMES("1700000000123456000") ",\"severityNumber\":13,\"severityText\":\"warning\",\"body\":{\"stringValue\":"
                                  "\"a\\\"b\xef\xbf\xbd\"},\"attributes\":[],"
                                  "\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\"spanId\":\"b7ad6b7169203331\"}"},
    {{.timestamp_us = -5, .level = T("loud"), .exception = {.message = T("no")}},
     TIMES("0") ",\"severityText\":\"loud\",\"body\":{\"stringValue\":\"no\"},\"attributes\":[{\"key\":"
                "\"exception.message\",\"value\":{\"stringValue\":\"no\"}}]}"},
    {{.timestamp_us = INT64_MAX, .message = T("m")},
     TIMES("18446744073709551615") ",\"body\":{\"stringValue\":\"m\"},\"attributes\":[]}"},
};

static void whole_logs_as_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(records); i++) {
        struct both both = records_of(&records[i].log, NULL);
        azm_buf_add_byte(&both.json, 0);
        assert_string_equal(both.json.ptr, records[i].json);
        dispose(&both);
    }
}

static void severities(void **state)
{
    static const struct {
        const char *level, *number;
    } rows[] = {{"trace", "1"}, {"debug", "5"}, {"info", "9"}, {"warning", "13"}, {"error", "17"}, {"critical", "21"}};
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        char want[80];
        const struct azm_log_event log = {.level = azm_slice_str(rows[i].level), .message = AZM_S("m")};
        struct both both = records_of(&log, NULL);
        snprintf(want, sizeof want, "\"severityNumber\":%s,\"severityText\":\"%s\"", rows[i].number, rows[i].level);
        assert_true(contains(&both.json, azm_slice_str(want)));
        dispose(&both);
    }
}

static void a_crash_is_fatal_and_another_error_is_not(void **state)
{
    (void)state;
    for (int fatal = 0; fatal < 2; fatal++) {
        const struct azm_error_event error = {.exception = {.type = AZM_S("E"), .message = AZM_S("no")},
                                              .fatal = fatal};
        struct both both = records_of(NULL, &error);
        azm_buf_add_byte(&both.json, 0);
        assert_non_null(strstr(both.json.ptr, fatal ? "\"severityNumber\":21,\"severityText\":\"FATAL\""
                                                    : "\"severityNumber\":17,\"severityText\":\"ERROR\""));
        assert_non_null(strstr(both.json.ptr, "\"body\":{\"stringValue\":\"no\"}"));
        assert_non_null(strstr(both.json.ptr, ",\"eventName\":\"exception\"}"));
        dispose(&both);
    }
}

/* The numbers of LogRecord's fields, and what lies in the fixed ones. */
static void a_log_s_fields(void **state)
{
    static const uint32_t order[] = {1, 11, 2, 3, 5, 9, 10};
    struct both both = records_of(&records[0].log, NULL);
    struct azm_wire_field record, field;
    (void)state;
    azm_slice rest = azm_buf_slice(&both.protobuf);
    assert_int_equal(azm_wire_next(&rest, &record), AZM_OK);
    assert_int_equal(record.no, 2);
    assert_int_equal(rest.len, 0);
    for (size_t i = 0; i < AZM_COUNT(order); i++) {
        assert_int_equal(azm_wire_next(&record.bytes, &field), AZM_OK);
        assert_int_equal(field.no, order[i]);
        if (field.no == 1 || field.no == 11)
            assert_true(field.type == AZM_WIRE_FIXED64 && field.number == 1700000000123456000u);
        if (field.no == 2)
            assert_true(field.type == AZM_WIRE_VARINT && field.number == 13);
    }
    assert_int_equal(azm_wire_next(&record.bytes, &field), AZM_END);
    dispose(&both);
}

/* The numbers of Span's fields, and what lies in the fixed ones. */
static void a_span_s_fields(void **state)
{
    static const uint32_t order[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16};
    struct both both = spans_of(&frames[1].transaction);
    struct azm_wire_field span, field;
    (void)state;
    azm_slice rest = azm_buf_slice(&both.protobuf);
    assert_int_equal(azm_wire_next(&rest, &span), AZM_OK);
    assert_int_equal(span.no, 2);
    assert_int_equal(rest.len, 0);
    for (size_t i = 0; i < AZM_COUNT(order); i++) {
        assert_int_equal(azm_wire_next(&span.bytes, &field), AZM_OK);
        assert_int_equal(field.no, order[i]);
        if (field.no == 5)
            assert_true(azm_slice_eq(field.bytes, AZM_S("a\"b\xef\xbf\xbd")));
        if (field.no == 7)
            assert_true(field.type == AZM_WIRE_FIXED64 && field.number == 1700000000123456000u);
        if (field.no == 16)
            assert_true(field.type == AZM_WIRE_FIXED32 && field.number == 0x301);
    }
    assert_int_equal(azm_wire_next(&span.bytes, &field), AZM_END);
    dispose(&both);
}

/* --- bodies --- */

static const struct azm_source shop = {
    .service_name = T("shop"), .framework_name = T("Azure Functions"), .framework_version = T("~4")};

static void fill(struct azm_buf *out, const struct azm_exporter_kind *kind, const struct azm_source *source, int count)
{
    azm_buf_init(out, 1 << 20);
    kind->begin(out, source);
    for (int i = 0; i < count; i++)
        assert_true(kind->transaction(out, &frames[1].transaction));
    kind->end(out);
    assert_false(out->failed);
}

static azm_slice take(azm_slice *in, uint32_t no)
{
    struct azm_wire_field field;
    assert_int_equal(azm_wire_next(in, &field), AZM_OK);
    assert_int_equal(field.no, no);
    assert_int_equal(field.type, AZM_WIRE_BYTES);
    return field.bytes;
}

static void protobuf_bodies(void **state)
{
    static const int counts[] = {0, 1, 2, 200};
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(counts); i++) {
        struct azm_buf out;
        fill(&out, &azm_exporter_otlp, &shop, counts[i]);
        azm_slice request = azm_buf_slice(&out), resource_spans = take(&request, 1);
        assert_int_equal(request.len, 0);
        assert_true(take(&resource_spans, 1).len > 0);
        azm_slice scope_spans = take(&resource_spans, 2), scope = take(&scope_spans, 1);
        assert_int_equal(resource_spans.len, 0);
        assert_true(azm_slice_eq(take(&scope, 1), AZM_S("Azure Functions")));
        assert_true(azm_slice_eq(take(&scope, 2), AZM_S("~4")));
        for (int n = 0; n < counts[i]; n++)
            assert_true(take(&scope_spans, 2).len > 60);
        assert_int_equal(scope_spans.len, 0);
        azm_buf_dispose(&out);
    }
}

static void json_bodies(void **state)
{
    static const struct azm_source nobody;
    char want[4096];
    struct azm_buf out;
    (void)state;
    fill(&out, &azm_exporter_otlp_json, &nobody, 2);
    azm_buf_add_byte(&out, 0);
    snprintf(want, sizeof want,
             "{\"resourceSpans\":[{\"resource\":{\"attributes\":["
             "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"unknown_service\"}},"
             "{\"key\":\"telemetry.sdk.name\",\"value\":{\"stringValue\":\"azimuth\"}},"
             "{\"key\":\"telemetry.sdk.version\",\"value\":{\"stringValue\":\"" AZM_VERSION "\"}}]},"
             "\"scopeSpans\":[{\"scope\":{\"name\":\"azimuth\",\"version\":\"" AZM_VERSION "\"},"
             "\"spans\":[%s,%s]}]}]}",
             frames[1].json, frames[1].json);
    assert_string_equal(out.ptr, want);
    azm_buf_dispose(&out);
}

static void bodies_of_logs(void **state)
{
    static const struct azm_source nobody;
    static const struct azm_error_event error = {.exception = {.message = T("no")}};
    static const struct azm_log_event empty;
    static const char json_head[] = "{\"resourceLogs\":[{\"resource\":{\"attributes\":[",
                      scope[] = ",\"scopeLogs\":[{\"scope\":{";
    static const char json_middle[] = "},\"logRecords\":[{\"timeUnixNano\":\"1700000000123456000\"";
    struct both both = new_both();
    const struct azm_exporter_kind *kinds[] = {&azm_exporter_otlp_logs_json, &azm_exporter_otlp_logs};
    struct azm_buf *bufs[] = {&both.json, &both.protobuf}, halves[2];
    uint64_t events[2];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        kinds[i]->begin(bufs[i], &nobody);
        assert_int_equal(kinds[i]->log(bufs[i], &records[0].log), 1);
        assert_int_equal(kinds[i]->log(bufs[i], &empty), 0);
        assert_int_equal(kinds[i]->error(bufs[i], &error), 1);
        kinds[i]->end(bufs[i]);
        assert_false(bufs[i]->failed);
        assert_null(kinds[i]->transaction);
    }
    azm_buf_add_byte(&both.json, 0);
    assert_memory_equal(both.json.ptr, json_head, sizeof json_head - 1);
    assert_non_null(strstr(both.json.ptr, scope));
    assert_non_null(strstr(both.json.ptr, json_middle));
    assert_non_null(strstr(both.json.ptr, "},{\"timeUnixNano\":\"0\""));
    assert_true(azm_slice_ends(azm_slice_str(both.json.ptr), AZM_S("}]}]}]}")));
    azm_slice request = azm_buf_slice(&both.protobuf), resource_logs = take(&request, 1);
    assert_int_equal(request.len, 0);
    assert_true(take(&resource_logs, 1).len > 0);
    azm_slice scope_logs = take(&resource_logs, 2);
    take(&scope_logs, 1);
    take(&scope_logs, 2);
    take(&scope_logs, 2);
    assert_int_equal(scope_logs.len + resource_logs.len, 0);
    for (size_t i = 0; i < 2; i++)
        azm_buf_init(&halves[i], 1 << 16);
    assert_true(azm_exporter_otlp_logs.halve(azm_buf_slice(&both.protobuf), halves, events));
    assert_true(events[0] == 1 && events[1] == 1);
    for (size_t i = 0; i < 2; i++)
        azm_buf_dispose(&halves[i]);
    dispose(&both);
}

static void each_signal_has_its_exporter(void **state)
{
    static const struct azm_destination none, elastic = {.kind = AZM_DESTINATION_ELASTIC},
                                              otlp = {.kind = AZM_DESTINATION_OTLP},
                                              json = {.kind = AZM_DESTINATION_OTLP, .protocol = AZM_OTLP_JSON};
    static const struct {
        const struct azm_destination *destination;
        const struct azm_exporter_kind *kinds[AZM_SIGNALS];
    } rows[] = {{&none, {NULL, NULL}},
                {&elastic, {&azm_exporter_elastic, NULL}},
                {&otlp, {&azm_exporter_otlp, &azm_exporter_otlp_logs}},
                {&json, {&azm_exporter_otlp_json, &azm_exporter_otlp_logs_json}}};
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        for (unsigned signal = 0; signal < AZM_SIGNALS; signal++) {
            const struct azm_exporter_kind *kind = rows[i].kinds[signal];
            assert_ptr_equal(azm_exporter_for(rows[i].destination, signal), kind);
            assert_true(!kind || kind->signal == signal);
            assert_true(!kind || azm_exporter_named(kind->name) == kind);
        }
    assert_null(azm_exporter_named("otlp metrics"));
}

static void what_has_no_ids_is_left_out(void **state)
{
    static const struct azm_transaction rows[] = {{.id = SPAN}, {.trace_id = TRACE}};
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct both both = new_both();
        assert_false(azm_exporter_otlp.transaction(&both.protobuf, &rows[i]));
        assert_false(azm_exporter_otlp_json.transaction(&both.json, &rows[i]));
        assert_int_equal(both.protobuf.len + both.json.len, 0);
        dispose(&both);
    }
}

static void a_full_buf_is_no_accident(void **state)
{
    char storage[64];
    (void)state;
    for (size_t size = 0; size < sizeof storage; size++) {
        struct azm_buf out;
        azm_buf_init_fixed(&out, storage, size);
        azm_exporter_otlp.begin(&out, &shop);
        azm_exporter_otlp.transaction(&out, &frames[1].transaction);
        azm_exporter_otlp.end(&out);
        assert_true(out.failed);
    }
}

/* --- where --- */

static const struct {
    struct azm_destination destination;
    const char *url;
} urls[] = {
    {{.url = T("http://o:4318")}, "http://o:4318/v1/traces"},
    {{.url = T("http://o:4318/")}, "http://o:4318/v1/traces"},
    {{.url = T("https://o/base/?x#y")}, "https://o/base/v1/traces"},
    {{.url = T("http://o"), .full_url = T("http://t:1/own?k=v#f")}, "http://t:1/own?k=v"},
    {{.full_url = T("http://t:1")}, "http://t:1/"},
    {{.full_url = T("http://t:1/")}, "http://t:1/"},
    {{.full_url = T("http://t?k")}, "http://t?k"},
    {{.url = T("collector:4317")}, "https://collector:4317/v1/traces"},
    {{.url = T("collector:4317"), .insecure = true}, "http://collector:4317/v1/traces"},
    {{.url = T("https://collector"), .insecure = true}, "https://collector/v1/traces"},
    {{.full_url = T("collector/x"), .insecure = true}, "http://collector/x"},
};

static void addresses_of_logs(void **state)
{
    static const struct {
        struct azm_destination destination;
        const char *url;
    } rows[] = {
        {{.url = T("http://o:4318/base/")}, "http://o:4318/base/v1/logs"},
        {{.url = T("http://o"), .full_url = T("http://l/x")}, "http://l/x"},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_buf out;
        azm_buf_init(&out, 1024);
        azm_exporter_otlp_logs.url(&out, &rows[i].destination);
        azm_buf_add_byte(&out, 0);
        assert_string_equal(out.ptr, rows[i].url);
        azm_buf_dispose(&out);
    }
}

static void addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(urls); i++) {
        struct azm_buf out;
        azm_buf_init(&out, 1024);
        azm_otlp_url(&out, &urls[i].destination, "/v1/traces");
        azm_buf_add_byte(&out, 0);
        assert_string_equal(out.ptr, urls[i].url);
        azm_buf_dispose(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(span_attributes),
        cmocka_unit_test(log_attributes),
        cmocka_unit_test(whole_logs_as_json),
        cmocka_unit_test(severities),
        cmocka_unit_test(a_crash_is_fatal_and_another_error_is_not),
        cmocka_unit_test(a_log_s_fields),
        cmocka_unit_test(bodies_of_logs),
        cmocka_unit_test(each_signal_has_its_exporter),
        cmocka_unit_test(addresses_of_logs),
        cmocka_unit_test(resource_attributes),
        cmocka_unit_test(whole_spans_as_json),
        cmocka_unit_test(a_span_s_fields),
        cmocka_unit_test(protobuf_bodies),
        cmocka_unit_test(json_bodies),
        cmocka_unit_test(what_has_no_ids_is_left_out),
        cmocka_unit_test(a_full_buf_is_no_accident),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
