#include "hub/receive/shape.h"

/* One line per key: K a keyword of at most 1024 characters, S other text, I N B integer, number, boolean, O an object
 * or an array of objects of a shape. _R: required. */
/* clang-format off */
#define F(name, type, max, min, of) {(name), (type), (max), (min), (of)}
#define K(name)        F(name, AZM_STRING, 1024, 0, NULL)
#define KR(name)       F(name, AZM_STRING | AZM_REQUIRED, 1024, 0, NULL)
#define ID(name)       F(name, AZM_STRING | AZM_REQUIRED | AZM_FILLED, 1024, 0, NULL)
#define S(name)        F(name, AZM_STRING, 0, 0, NULL)
#define SR(name)       F(name, AZM_STRING | AZM_REQUIRED, 0, 0, NULL)
#define I(name)        F(name, AZM_INTEGER, 0, 0, NULL)
#define IR(name)       F(name, AZM_INTEGER | AZM_REQUIRED, 0, 0, NULL)
#define N(name)        F(name, AZM_NUMBER, 0, 0, NULL)
#define NP(name)       F(name, AZM_NUMBER | AZM_POSITIVE, 0, 0, NULL)
#define NPR(name)      F(name, AZM_NUMBER | AZM_POSITIVE | AZM_REQUIRED, 0, 0, NULL)
#define IMIN(name, m)  F(name, AZM_INTEGER | AZM_POSITIVE, 0, m, NULL)
#define IMINR(name, m) F(name, AZM_INTEGER | AZM_POSITIVE | AZM_REQUIRED, 0, m, NULL)
#define B(name)        F(name, AZM_BOOLEAN, 0, 0, NULL)
#define O(name, of)    F(name, AZM_OBJECT, 0, 0, &(of))
#define OR(name, of)   F(name, AZM_OBJECT | AZM_REQUIRED, 0, 0, &(of))
#define A(name, of)    F(name, AZM_ARRAY, 0, 0, &(of))
#define OBJ(name)      F(name, AZM_OBJECT, 0, 0, NULL)
#define KI(name)       F(name, AZM_STRING | AZM_INTEGER, 1024, 0, NULL)
#define TIME(name)     F(name, AZM_INTEGER | AZM_STRING, 0, 0, NULL)
#define OUTCOME        F("outcome", AZM_STRING | AZM_OUTCOME, 0, 0, NULL)
/* clang-format on */

#define FIELDS(list) .fields = (list), .count = AZM_COUNT(list)
/* An object whose fields are the arguments. */
#define SHAPE(name, ...)                                                                                               \
    static const struct azm_field name##_fields[] = {__VA_ARGS__};                                                     \
    static const struct azm_shape name = {FIELDS(name##_fields)}
/* The same, and one of two keys must be there. */
#define SHAPE_EITHER(name, a, b, ...)                                                                                  \
    static const struct azm_field name##_fields[] = {__VA_ARGS__};                                                     \
    static const struct azm_shape name = {FIELDS(name##_fields), .either = a, .or_else = b}
/* A map, or an array, whose values all look like the argument. */
#define SHAPE_EACH(name, ...)                                                                                          \
    static const struct azm_field name##_each = __VA_ARGS__;                                                           \
    static const struct azm_shape name = {.each = &name##_each}

SHAPE_EACH(strings, {NULL, AZM_STRING, 0, 0, NULL});
SHAPE_EACH(keywords, {NULL, AZM_STRING, 1024, 0, NULL});
SHAPE_EACH(headers, {NULL, AZM_STRING | AZM_ARRAY, 0, 0, &strings});
SHAPE_EACH(labels, {NULL, AZM_STRING | AZM_NUMBER | AZM_BOOLEAN, 1024, 0, NULL});
SHAPE_EACH(mark_group, {NULL, AZM_NUMBER, 0, 0, NULL});
SHAPE_EACH(marks, {NULL, AZM_OBJECT, 0, 0, &mark_group});

SHAPE(only_name, K("name"));
SHAPE(only_type, K("type"));
SHAPE(only_any_id, S("id"));
SHAPE(only_any_name, S("name"));
SHAPE(id_and_name, K("id"), K("name"));
SHAPE(name_and_version, K("name"), K("version"));
SHAPE(user, K("domain"), K("email"), KI("id"), K("username"));

/* service, in metadata and (all optional) in an event */
SHAPE(node, K("configured_name"));
SHAPE(agent, K("activation_method"), K("ephemeral_id"), {"name", AZM_STRING | AZM_REQUIRED | AZM_FILLED, 1024, 0, NULL},
      KR("version"));
SHAPE(language, KR("name"), K("version"));
SHAPE(runtime, KR("name"), KR("version"));
SHAPE(service, OR("agent", agent), K("environment"), O("framework", name_and_version), S("id"), O("language", language),
      {"name", AZM_STRING | AZM_REQUIRED | AZM_FILLED | AZM_WORD, 1024, 0, NULL}, O("node", node),
      O("runtime", runtime), K("version"));
SHAPE(event_agent, K("ephemeral_id"), K("name"), K("version"));
SHAPE(origin, S("id"), S("name"), S("version"));
SHAPE_EITHER(target, "type", "name", S("name"), S("type"));
SHAPE(event_service, O("agent", event_agent), K("environment"), O("framework", name_and_version), S("id"),
      O("language", name_and_version), {"name", AZM_STRING | AZM_WORD, 1024, 0, NULL}, O("node", node),
      O("origin", origin), O("runtime", name_and_version), O("target", target), K("version"));

/* metadata */
SHAPE(cloud, O("account", id_and_name), K("availability_zone"), O("instance", id_and_name), O("machine", only_type),
      O("project", id_and_name), KR("provider"), K("region"), O("service", only_name));
SHAPE(network, O("connection", only_type));
SHAPE(process, A("argv", strings), IR("pid"), I("ppid"), K("title"));
SHAPE(container, K("id"));
SHAPE(pod, K("name"), K("uid"));
SHAPE(kubernetes, K("namespace"), O("node", only_name), O("pod", pod));
SHAPE(system_info, K("architecture"), K("configured_hostname"), O("container", container), K("detected_hostname"),
      K("host_id"), K("hostname"), O("kubernetes", kubernetes), K("platform"));
static const struct azm_field metadata_fields[] = {
    O("cloud", cloud),      O("labels", labels),      O("network", network), O("process", process),
    OR("service", service), O("system", system_info), O("user", user)};
const struct azm_shape azm_shape_metadata = {FIELDS(metadata_fields)};

/* context */
SHAPE(cloud_origin, O("account", only_any_id), S("provider"), S("region"), O("service", only_any_name));
SHAPE(event_cloud, O("origin", cloud_origin));
SHAPE(age, I("ms"));
SHAPE(message, O("age", age), S("body"), O("headers", headers), O("queue", only_name), S("routing_key"));
SHAPE(page, S("referer"), S("url"));
SHAPE(socket_info, B("encrypted"), S("remote_address"));
SHAPE(url, K("full"), K("hash"), K("hostname"), K("pathname"), KI("port"), K("protocol"), K("raw"), K("search"));
SHAPE(request, {"body", AZM_STRING | AZM_OBJECT, 0, 0, NULL}, OBJ("cookies"), OBJ("env"), O("headers", headers),
      K("http_version"), KR("method"), O("socket", socket_info), O("url", url));
SHAPE(response, I("decoded_body_size"), I("encoded_body_size"), B("finished"), O("headers", headers), B("headers_sent"),
      I("status_code"), I("transfer_size"));
SHAPE(context, O("cloud", event_cloud), OBJ("custom"), O("message", message), O("page", page), O("request", request),
      O("response", response), O("service", event_service), O("tags", labels), O("user", user));

/* what transactions and spans share */
SHAPE(trigger, S("request_id"), S("type"));
SHAPE(faas, B("coldstart"), S("execution"), S("id"), S("name"), O("trigger", trigger), S("version"));
SHAPE(link, KR("span_id"), KR("trace_id"));
SHAPE(otel, OBJ("attributes"), S("span_kind"));
SHAPE_EITHER(frame, "classname", "filename", S("abs_path"), S("classname"), I("colno"), S("context_line"),
             S("filename"), S("function"), B("library_frame"), I("lineno"), S("module"), A("post_context", strings),
             A("pre_context", strings), OBJ("vars"));

/* transaction */
SHAPE(sum_us, IMIN("us", 0));
SHAPE(dropped_duration, IMIN("count", 1), O("sum", sum_us));
SHAPE(dropped, K("destination_service_resource"), O("duration", dropped_duration), OUTCOME,
      {"service_target_name", AZM_STRING, 512, 0, NULL}, {"service_target_type", AZM_STRING, 512, 0, NULL});
SHAPE(longtask, IMINR("count", 0), NPR("max"), NPR("sum"));
SHAPE(experience, NP("cls"), NP("fid"), O("longtask", longtask), NP("tbt"));
SHAPE(session, KR("id"), IMIN("sequence", 1));
SHAPE(span_count, I("dropped"), IR("started"));
static const struct azm_field transaction_fields[] = {
    ID("id"),
    ID("trace_id"),
    KR("type"),
    NPR("duration"),
    OR("span_count", span_count),
    O("context", context),
    A("dropped_spans_stats", dropped),
    O("experience", experience),
    O("faas", faas),
    A("links", link),
    O("marks", marks),
    K("name"),
    O("otel", otel),
    OUTCOME,
    K("parent_id"),
    K("result"),
    N("sample_rate"),
    B("sampled"),
    O("session", session),
    TIME("timestamp"),
};
const struct azm_shape azm_shape_transaction = {FIELDS(transaction_fields)};

/* span */
SHAPE(composite, SR("compression_strategy"), IMINR("count", 2), NPR("sum"));
SHAPE(db, S("instance"), K("link"), I("rows_affected"), S("statement"), S("type"), S("user"));
SHAPE(destination_service, K("name"), KR("resource"), K("type"));
SHAPE(destination, K("address"), I("port"), O("service", destination_service));
SHAPE(http_response, I("decoded_body_size"), I("encoded_body_size"), O("headers", headers), I("status_code"),
      I("transfer_size"));
SHAPE(http, K("method"), O("request", only_any_id), O("response", http_response), I("status_code"), S("url"));
SHAPE(span_context, O("db", db), O("destination", destination), O("http", http), O("message", message),
      O("service", event_service), O("tags", labels));
static const struct azm_field span_fields[] = {
    ID("id"),
    ID("trace_id"),
    KR("parent_id"),
    KR("name"),
    KR("type"),
    NPR("duration"),
    K("action"),
    A("child_ids", keywords),
    O("composite", composite),
    O("context", span_context),
    A("links", link),
    O("otel", otel),
    OUTCOME,
    N("sample_rate"),
    A("stacktrace", frame),
    N("start"),
    K("subtype"),
    B("sync"),
    TIME("timestamp"),
    K("transaction_id"),
};
const struct azm_shape azm_shape_span = {FIELDS(span_fields), .either = "timestamp", .or_else = "start"};

/* error */
SHAPE_EACH(objects, {NULL, AZM_OBJECT, 0, 0, NULL});
SHAPE_EITHER(exception, "message", "type", OBJ("attributes"), A("cause", objects), KI("code"), B("handled"),
             S("message"), K("module"), A("stacktrace", frame), K("type"));
SHAPE(error_log, K("level"), K("logger_name"), SR("message"), K("param_message"), A("stacktrace", frame));
SHAPE(error_transaction, K("name"), B("sampled"), K("type"));
static const struct azm_field error_fields[] = {
    ID("id"),       O("context", context), K("culprit"),  O("exception", exception),           O("log", error_log),
    K("parent_id"), TIME("timestamp"),     K("trace_id"), O("transaction", error_transaction), K("transaction_id"),
};
const struct azm_shape azm_shape_error = {FIELDS(error_fields), .either = "exception", .or_else = "log",
                                          .joined = true};

/* metricset */
SHAPE_EACH(numbers, {NULL, AZM_NUMBER, 0, 0, NULL});
SHAPE_EACH(counts, {NULL, AZM_INTEGER | AZM_POSITIVE, 0, 0, NULL});
static const struct azm_field sample_fields[] = {A("counts", counts), S("type"), S("unit"), N("value"),
                                                 A("values", numbers)};
static const struct azm_shape sample = {FIELDS(sample_fields), .either = "value", .or_else = "values",
                                        .with = {"values", "counts"}};
static const struct azm_field any_sample = O(NULL, sample);
static const struct azm_shape samples = {.each = &any_sample, .keys_without = "*\""};
SHAPE(metric_service, K("name"), K("version"));
SHAPE(metric_span, K("subtype"), K("type"));
SHAPE(metric_transaction, K("name"), K("type"));
static const struct azm_field metricset_fields[] = {
    O("faas", faas),   OR("samples", samples), O("service", metric_service),         O("span", metric_span),
    O("tags", labels), TIME("timestamp"),      O("transaction", metric_transaction),
};
const struct azm_shape azm_shape_metricset = {FIELDS(metricset_fields)};

/* log: no schema is published. Its keys come flat ("trace.id") or nested; only the flat ones are looked at. */
static const struct azm_field log_fields[] = {
    TIME("@timestamp"), K("trace.id"), K("transaction.id"), K("span.id"),        K("log.level"),
    K("log.logger"),    S("message"),  O("faas", faas),     O("labels", labels),
};
const struct azm_shape azm_shape_log = {FIELDS(log_fields)};
