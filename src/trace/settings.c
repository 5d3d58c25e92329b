#include "trace/settings.h"

#include <stddef.h>
#include <stdio.h>

#include "base/log.h"
#include "trace/otel_list.h"
#include "trace/redact.h"
#include "trace/sampling.h"
#include "trace/settings_show.h"

#define SHOWN_MAX  12u
#define AT(member) offsetof(struct azm_settings, member)

const struct azm_setting azm_setting_table[] = {
    {"ELASTIC_APM_ENABLED", AZM_SETTING_BOOL, AT(enabled), "true", "false: no effect at all"},
    {"AZIMUTH_ENABLED", AZM_SETTING_SWITCH, AT(own_switch), "true", "false: no effect at all"},
    {"OTEL_SDK_DISABLED", AZM_SETTING_OTEL, AT(otel_is_off), "false", "true: no effect at all"},
    {"ELASTIC_APM_RECORDING", AZM_SETTING_BOOL, AT(recording), "true", "false: nothing is recorded"},
    {"ELASTIC_APM_DISABLE_SEND", AZM_SETTING_BOOL, AT(disable_send), "false",
     "true: nothing is sent, and so nothing recorded"},
    {"ELASTIC_APM_SERVER_URL", AZM_SETTING_URL, AT(destination.url), "", "where events go, as Elastic intake v2"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT", AZM_SETTING_URL, AT(otlp.url), "",
     "or, where that is not set, as OTLP; v1/traces is added"},
    {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", AZM_SETTING_URL, AT(otlp.full_url), "",
     "the whole address for traces; goes before the one above"},
    {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", AZM_SETTING_URL, AT(otlp_logs.full_url), "",
     "the whole address for logs, where traces go to an OTLP server; else v1/logs below the first one"},
    {"OTEL_EXPORTER_OTLP_PROTOCOL", AZM_SETTING_PROTOCOL, AT(otlp.protocol), "http/protobuf",
     "or http/json; grpc is not spoken: HTTP is used"},
    {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", AZM_SETTING_PROTOCOL, AT(otlp.protocol), "http/protobuf",
     "goes before the one above, as the following ones with TRACES do"},
    {"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", AZM_SETTING_PROTOCOL, AT(otlp_logs.protocol), "http/protobuf",
     "for logs, in place of the one for all, as the following ones with LOGS"},
    {"OTEL_EXPORTER_OTLP_HEADERS", AZM_SETTING_HEADERS, AT(otlp.headers), "",
     "of each request: key=value,key=value, percent-encoded"},
    {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", AZM_SETTING_HEADERS, AT(otlp.headers), "", "for traces, in place of those"},
    {"OTEL_EXPORTER_OTLP_LOGS_HEADERS", AZM_SETTING_HEADERS, AT(otlp_logs.headers), "", "for logs"},
    {"OTEL_EXPORTER_OTLP_COMPRESSION", AZM_SETTING_GZIP, AT(otlp.gzip), "none", "or gzip"},
    {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", AZM_SETTING_GZIP, AT(otlp.gzip), "none", "for traces"},
    {"OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", AZM_SETTING_GZIP, AT(otlp_logs.gzip), "none", "for logs"},
    {"OTEL_EXPORTER_OTLP_TIMEOUT", AZM_SETTING_MS, AT(otlp.timeout_ms), "10000", "for one request, in milliseconds"},
    {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", AZM_SETTING_MS, AT(otlp.timeout_ms), "10000", "for traces"},
    {"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", AZM_SETTING_MS, AT(otlp_logs.timeout_ms), "10000", "for logs"},
    {"OTEL_EXPORTER_OTLP_CERTIFICATE", AZM_SETTING_TEXT, AT(otlp.ca_file), "",
     "PEM file of certificates to trust beside the system's"},
    {"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", AZM_SETTING_TEXT, AT(otlp.ca_file), "", "for traces"},
    {"OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", AZM_SETTING_TEXT, AT(otlp_logs.ca_file), "", "for logs"},
    {"OTEL_EXPORTER_OTLP_CLIENT_KEY", AZM_SETTING_TEXT, AT(otlp.client_key_file), "",
     "PEM file of the private key that belongs to"},
    {"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", AZM_SETTING_TEXT, AT(otlp.client_key_file), "", "for traces"},
    {"OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", AZM_SETTING_TEXT, AT(otlp_logs.client_key_file), "", "for logs"},
    {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", AZM_SETTING_TEXT, AT(otlp.client_cert_file), "",
     "the PEM file of the certificate that is shown to the server"},
    {"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", AZM_SETTING_TEXT, AT(otlp.client_cert_file), "", "for traces"},
    {"OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE", AZM_SETTING_TEXT, AT(otlp_logs.client_cert_file), "", "for logs"},
    {"OTEL_EXPORTER_OTLP_INSECURE", AZM_SETTING_OTEL, AT(otlp.insecure), "false",
     "true: an endpoint without a scheme is http, not https"},
    {"OTEL_EXPORTER_OTLP_TRACES_INSECURE", AZM_SETTING_OTEL, AT(otlp.insecure), "false", "for traces"},
    {"OTEL_EXPORTER_OTLP_LOGS_INSECURE", AZM_SETTING_OTEL, AT(otlp_logs.insecure), "false", "for logs"},
    {"OTEL_TRACES_EXPORTER", AZM_SETTING_EXPORTER, AT(otlp_is_off), "otlp", "none: the endpoints above do not count"},
    {"OTEL_LOGS_EXPORTER", AZM_SETTING_EXPORTER, AT(otlp_logs_are_off), "otlp",
     "none: what is no trace (logs, workers that die, functions that cannot be loaded) is not sent to an OTLP server"},
    {"DT_CONNECTION_POINT", AZM_SETTING_URLS, AT(connection_points), "",
     "or, where neither is set, as Elastic intake v2 below the first of these endpoints that answers, parted by "
     "semicolons"},
    {"ELASTIC_APM_API_KEY", AZM_SETTING_SECRET, AT(destination.api_key), "", "goes before the secret token"},
    {"ELASTIC_APM_SECRET_TOKEN", AZM_SETTING_SECRET, AT(destination.secret_token), "", "for the server"},
    {"ELASTIC_APM_VERIFY_SERVER_CERT", AZM_SETTING_BOOL, AT(destination.verify_server_cert), "true",
     "false: any certificate will do"},
    {"ELASTIC_APM_SERVER_CA_CERT_FILE", AZM_SETTING_TEXT, AT(destination.ca_file), "",
     "PEM file of certificates to trust beside the system's"},
    {"ELASTIC_APM_SERVER_TIMEOUT", AZM_SETTING_TIMEOUT, AT(destination.timeout_ms), "30s", "for one request"},
    {"OTEL_SERVICE_NAME", AZM_SETTING_TEXT, AT(service_name), "", "as ELASTIC_APM_SERVICE_NAME, which goes first"},
    {"ELASTIC_APM_SERVICE_NAME", AZM_SETTING_TEXT, AT(service_name), "", "the default is the site's name"},
    {"OTEL_RESOURCE_ATTRIBUTES", AZM_SETTING_RESOURCE, AT(resource_attributes), "",
     "key=value,key=value, percent-encoded; service.name, service.version and deployment.environment.name count for "
     "every server, where nothing else names them"},
    {"ELASTIC_APM_SERVICE_VERSION", AZM_SETTING_TEXT, AT(service_version), "",
     "of the app, for releases to be told apart"},
    {"ELASTIC_APM_ENVIRONMENT", AZM_SETTING_TEXT, AT(environment), "", "\"production\", say"},
    {"ELASTIC_APM_SERVICE_NODE_NAME", AZM_SETTING_TEXT, AT(service_node_name), "",
     "ignored in Functions: the instance's id is used"},
    {"ELASTIC_APM_GLOBAL_LABELS", AZM_SETTING_MAPPING, AT(global_labels), "", "on all events: key=value,key=value"},
    {"ELASTIC_APM_TRANSACTION_SAMPLE_RATE", AZM_SETTING_RATE, AT(transaction_sample_rate), "1.0",
     "share of traces that begin here and are kept"},
    {"OTEL_TRACES_SAMPLER", AZM_SETTING_SAMPLER, AT(otel_sampler), "",
     "the same, where the one above is not set; a caller's own decision is always obeyed"},
    {"OTEL_TRACES_SAMPLER_ARG", AZM_SETTING_RATE, AT(otel_sampler_arg), "1.0", "share, for traceidratio"},
    {"ELASTIC_APM_CAPTURE_HEADERS", AZM_SETTING_BOOL, AT(capture_headers), "true", "false: no header fields are kept"},
    {"ELASTIC_APM_CAPTURE_BODY", AZM_SETTING_BODY, AT(capture_body), "off",
     "errors: the text of an HTTP request is kept where the invocation failed; transactions or all: always, and so is "
     "that of a message. Not what comes by HTTP proxying or to a custom handler"},
    {"ELASTIC_APM_SANITIZE_FIELD_NAMES", AZM_SETTING_PATTERNS, AT(sanitize_field_names), AZM_SANITIZE_DEFAULT,
     "header fields, and fields of forms in bodies, whose values are not kept"},
    {"ELASTIC_APM_TRANSACTION_IGNORE_URLS", AZM_SETTING_PATTERNS, AT(transaction_ignore_urls), "",
     "HTTP requests to such paths are not recorded: /api/health*, *.png"},
    {"ELASTIC_APM_TRANSACTION_IGNORE_USER_AGENTS", AZM_SETTING_PATTERNS, AT(transaction_ignore_user_agents), "",
     "nor HTTP requests of such callers: curl*, *ReadyForRequest*"},
    {"ELASTIC_APM_IGNORE_MESSAGE_QUEUES", AZM_SETTING_PATTERNS, AT(ignore_message_queues), "",
     "nor messages from such queues, topics and hubs"},
    {"ELASTIC_APM_TRANSACTION_NAME_GROUPS", AZM_SETTING_PATTERNS, AT(transaction_name_groups), "",
     "a transaction whose name fits is called as the first pattern that fits: GET /api/{*"},
    {"ELASTIC_APM_TRACE_CONTINUATION_STRATEGY", AZM_SETTING_CONTINUATION, AT(trace_continuation), "continue",
     "continue: a caller's trace goes on here; restart: a new trace begins, with a link to the caller's; "
     "restart_external: so only where the caller is not watched by Elastic's agents or Azimuth"},
    {"AZIMUTH_TRACE_CONTEXT", AZM_SETTING_TRACE_CONTEXT, AT(trace_context), "adopt",
     "adopt: spans made inside the worker become our children; rewrite: also where the host makes spans of its own, "
     "and recorded when ours are, for which the traceparent values that the worker gets are overwritten; off: neither"},
    {"ELASTIC_APM_LOG_LEVEL", AZM_SETTING_LEVEL, AT(log_level), "info", "of the agent's own log"},
    {"ELASTIC_APM_LOG_SENDING", AZM_SETTING_BOOL, AT(log_sending), "false",
     "true: what functions log is sent beside their transactions; azimuth run sets it"},
    {"AZIMUTH_LOG_SENDING_LEVEL", AZM_SETTING_LEVEL, AT(log_sending_level), "info", "and from which level on"},
    {"ELASTIC_APM_API_REQUEST_SIZE", AZM_SETTING_SIZE, AT(api_request_size), "768kb",
     "a request ends after so much, before it is compressed (1kb to 16mb),"},
    {"ELASTIC_APM_API_REQUEST_TIME", AZM_SETTING_DURATION, AT(api_request_time_ms), "10s",
     "or after so long; half a second at most, since events leave at the end of an invocation"},
    {"AZIMUTH_SPOOL_SIZE", AZM_SETTING_SIZE, AT(spool_size), "64mb",
     "most that waits on disk while servers do not answer, for all apps together; the oldest is dropped first. 0b: "
     "nothing waits there"},
    {"AZIMUTH_RUN_DIR", AZM_SETTING_TEXT, AT(run_dir), "", "an absolute path: where rings, spool, status and logs are"},
    {"AZIMUTH_WORKER_EXECUTABLE", AZM_SETTING_TEXT, AT(worker_executable), "",
     "the true worker's executable, where the worker.config.json that the host used does not say"},
    {"AZIMUTH_HUB_TOKEN", AZM_SETTING_SECRET, AT(hub_token), "", "of a hub that demands one, for azimuth traces"},
    {"AZIMUTH_HUB_STORE", AZM_SETTING_SECRET, AT(hub_store), "",
     "where azimuth hub keeps its data, instead of a file: clickhouse://USER:PASSWORD@HOST:8123/DATABASE"},
    {"AZIMUTH_HUB_TLS_CERT", AZM_SETTING_TEXT, AT(hub_tls_cert), "",
     "PEM file of the certificate that azimuth hub shows"},
    {"AZIMUTH_HUB_TLS_KEY", AZM_SETTING_TEXT, AT(hub_tls_key), "", "and of its private key"},
};
const size_t azm_setting_count = AZM_COUNT(azm_setting_table);

/* A number with a unit from a list; the whole text must be used. */
static bool with_unit(azm_slice text, const char *const *units, const uint64_t *factors, uint64_t *out)
{
    size_t digits = 0;
    uint64_t number;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    if (azm_slice_to_u64(azm_slice_take(text, digits), &number) != AZM_OK || number > UINT32_MAX)
        return false;
    for (size_t i = 0; units[i]; i++)
        if (azm_slice_eq(azm_slice_drop(text, digits), azm_slice_str(units[i]))) {
            *out = number * factors[i];
            return true;
        }
    return false;
}

static bool duration(azm_slice text, uint64_t *ms)
{
    static const char *const units[] = {"ms", "s", "m", NULL};
    static const uint64_t factors[] = {1, 1000, 60000};
    return with_unit(text, units, factors, ms);
}

static bool size(azm_slice text, uint64_t *bytes)
{
    static const char *const units[] = {"b", "kb", "mb", "gb", NULL};
    static const uint64_t factors[] = {1, 1024, 1048576, 1073741824};
    char lower[24];
    size_t n = azm_slice_copy(text, lower, sizeof lower);
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] + 32 : lower[i]);
    return with_unit((azm_slice){lower, n}, units, factors, bytes);
}

static bool rate(azm_slice text, double *out)
{
    double value;
    if (!azm_sample_rate_parse(text, &value))
        return false;
    *out = azm_sample_rate_round(value);
    return true;
}

static bool is_mapping(azm_slice text)
{
    azm_slice part;
    while (azm_slice_split(&text, ',', &part)) {
        size_t equals = azm_slice_find(part, '=');
        if (!azm_slice_trim(part).len)
            continue; /* a comma too many */
        if (equals == part.len || !azm_slice_trim(azm_slice_take(part, equals)).len)
            return false;
    }
    return true;
}

static bool otel_bool(azm_slice text, bool *out)
{
    *out = azm_slice_eq_nocase(text, AZM_S("true"));
    return *out || azm_slice_eq_nocase(text, AZM_S("false"));
}

static bool own_switch(azm_slice text, bool *out)
{
    if (azm_slice_eq(text, AZM_S("1")) || azm_slice_eq(text, AZM_S("0"))) {
        *out = text.ptr[0] == '1';
        return true;
    }
    return otel_bool(text, out);
}

static bool trace_context(azm_slice text, enum azm_trace_context_mode *out)
{
    static const char *const names[] = {"adopt", "rewrite", "off"};
    for (size_t i = 0; i < AZM_COUNT(names); i++)
        if (azm_slice_eq(text, azm_slice_str(names[i]))) {
            *out = (enum azm_trace_context_mode)i;
            return true;
        }
    return false;
}

static bool continuation(azm_slice text, enum azm_trace_continuation *out)
{
    static const char *const names[] = {"continue", "restart", "restart_external"};
    for (size_t i = 0; i < AZM_COUNT(names); i++)
        if (azm_slice_eq(text, azm_slice_str(names[i]))) {
            *out = (enum azm_trace_continuation)i;
            return true;
        }
    return false;
}

static bool capture_body(azm_slice text, enum azm_capture_body *out)
{
    static const char *const names[] = {"off", "errors", "transactions", "all"};
    for (size_t i = 0; i < AZM_COUNT(names); i++)
        if (azm_slice_eq(text, azm_slice_str(names[i]))) {
            *out = (enum azm_capture_body)i;
            return true;
        }
    return false;
}

static bool protocol(azm_slice text, enum azm_otlp_protocol *out)
{
    static const char *const names[] = {"http/protobuf", "http/json", "grpc"};
    for (size_t i = 0; i < AZM_COUNT(names); i++)
        if (azm_slice_eq_nocase(text, azm_slice_str(names[i]))) {
            *out = (enum azm_otlp_protocol)i;
            return true;
        }
    return false;
}

static bool gzip(azm_slice text, bool *out)
{
    bool wanted = azm_slice_eq_nocase(text, AZM_S("gzip"));
    if (!wanted && !azm_slice_eq_nocase(text, AZM_S("none")))
        return false;
    *out = wanted;
    return true;
}

static bool exporter(azm_slice text, bool *is_off)
{
    *is_off = azm_slice_eq_nocase(text, AZM_S("none"));
    return *is_off || azm_slice_eq_nocase(text, AZM_S("otlp"));
}

static bool sampler(azm_slice text, azm_slice *out)
{
    static const char *const names[] = {"always_on", "always_off", "traceidratio"};
    azm_slice name = text;
    *out = text;
    if (azm_slice_starts_nocase(text, AZM_S("parentbased_")))
        name = azm_slice_drop(text, sizeof "parentbased_" - 1);
    for (size_t i = 0; i < AZM_COUNT(names); i++)
        if (azm_slice_eq_nocase(name, azm_slice_str(names[i])))
            return true;
    return text.len == 0;
}

static bool milliseconds(azm_slice text, bool unit, uint32_t *out)
{
    uint64_t number;
    if (!(unit ? duration(text, &number) : azm_slice_to_u64(text, &number) == AZM_OK) || number > UINT32_MAX)
        return false;
    *out = (uint32_t)number;
    return true;
}

static uint32_t at_most_32(uint64_t number)
{
    return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

static bool level(azm_slice text, azm_slice *out)
{
    char name[16];
    enum azm_log_level number;
    *out = text;
    return azm_slice_copy(text, name, sizeof name) == text.len && azm_log_level_parse(name, &number);
}

static bool list(bool good, azm_slice text, azm_slice *out)
{
    if (good)
        *out = text;
    return good;
}

/* Writes the value to its place. False: not of its kind; what was written then is overwritten by the default. */
static bool set(const struct azm_setting *setting, azm_slice text, struct azm_settings *out)
{
    void *at = (char *)out + setting->offset;
    switch (setting->kind) {
    case AZM_SETTING_TEXT:
    case AZM_SETTING_URL:
    case AZM_SETTING_URLS:
    case AZM_SETTING_PATTERNS:
    case AZM_SETTING_SECRET: *(azm_slice *)at = text; return true;
    case AZM_SETTING_LEVEL: return level(text, at);
    case AZM_SETTING_MAPPING: *(azm_slice *)at = text; return is_mapping(text);
    case AZM_SETTING_SWITCH: return own_switch(text, at);
    case AZM_SETTING_OTEL: return otel_bool(text, at);
    case AZM_SETTING_BOOL:
        *(bool *)at = azm_slice_eq(text, AZM_S("true"));
        return *(bool *)at || azm_slice_eq(text, AZM_S("false"));
    case AZM_SETTING_RATE: return rate(text, at);
    case AZM_SETTING_DURATION: return duration(text, at);
    case AZM_SETTING_SIZE: return size(text, at);
    case AZM_SETTING_TIMEOUT: return milliseconds(text, true, at);
    case AZM_SETTING_MS: return milliseconds(text, false, at);
    case AZM_SETTING_HEADERS: return list(azm_otel_headers_are_valid(text), text, at);
    case AZM_SETTING_RESOURCE: return list(azm_otel_list_is_valid(text), text, at);
    case AZM_SETTING_PROTOCOL: return protocol(text, at);
    case AZM_SETTING_GZIP: return gzip(text, at);
    case AZM_SETTING_EXPORTER: return exporter(text, at);
    case AZM_SETTING_SAMPLER: return sampler(text, at);
    case AZM_SETTING_TRACE_CONTEXT: return trace_context(text, at);
    case AZM_SETTING_CONTINUATION: return continuation(text, at);
    case AZM_SETTING_BODY: return capture_body(text, at);
    }
    return false;
}

bool azm_setting_is_valid(const struct azm_setting *setting, azm_slice value)
{
    struct azm_settings scratch;
    return set(setting, value, &scratch);
}

#define OF_ALL  "OTEL_EXPORTER_OTLP_"
#define OF_LOGS OF_ALL "LOGS_"

const struct azm_setting *azm_setting_general(const struct azm_setting *setting)
{
    azm_slice name = azm_slice_str(setting->name);
    if (!azm_slice_starts(name, AZM_S(OF_LOGS)))
        return NULL;
    for (size_t i = 0; i < azm_setting_count; i++) {
        const struct azm_setting *other = &azm_setting_table[i];
        azm_slice prefix = azm_slice_take(azm_slice_str(other->name), sizeof OF_ALL - 1);
        bool same_name = azm_slice_eq(prefix, AZM_S(OF_ALL)) &&
                         azm_slice_eq(azm_slice_drop(azm_slice_str(other->name), sizeof OF_ALL - 1),
                                      azm_slice_drop(name, sizeof OF_LOGS - 1));
        if (same_name && setting->offset - other->offset == AT(otlp_logs) - AT(otlp)) /* an endpoint is another thing */
            return other;
    }
    return NULL;
}

static bool set_general(const struct azm_setting *setting, const struct azm_env *env, struct azm_settings *out)
{
    const struct azm_setting *general = azm_setting_general(setting);
    azm_slice text = general ? azm_env_get(env, general->name) : (azm_slice){NULL, 0};
    return text.len && set(setting, text, out);
}

/* A value that is longer than any right one, or looks like more than one word, may be a secret in the wrong place. */
static bool may_be_shown(const struct azm_setting *setting, azm_slice value)
{
    bool free_text = setting->kind == AZM_SETTING_SECRET || setting->kind == AZM_SETTING_HEADERS ||
                     setting->kind == AZM_SETTING_RESOURCE || setting->kind == AZM_SETTING_MAPPING;
    return !free_text && value.len <= SHOWN_MAX && azm_slice_find(value, '@') == value.len &&
           azm_slice_find(value, '=') == value.len;
}

static void warn_of(const struct azm_setting *setting, azm_slice text, azm_settings_warn *warn, void *self)
{
    char line[320];
    azm_slice shown = may_be_shown(setting, text) ? text : AZM_REDACTED;
    int n = snprintf(line, sizeof line, "%s=\"%.*s\" is ignored: expected %s; %s is used", setting->name,
                     AZM_FMT(shown), azm_setting_type(setting), setting->standard[0] ? setting->standard : "nothing");
    size_t len = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < ' ') /* one setting, one line */
            line[i] = ' ';
    if (warn && len)
        warn(self, (azm_slice){line, len});
}

/* The first of a list parted by semicolons; rest: what is behind it. */
static azm_slice first_endpoint(azm_slice list, azm_slice *rest)
{
    azm_slice endpoint;
    *rest = list;
    while (azm_slice_split(rest, ';', &endpoint)) {
        endpoint = azm_slice_trim(endpoint);
        if (endpoint.len)
            return endpoint;
    }
    return (azm_slice){NULL, 0};
}

/* And nothing of Elastic's: its credentials are for another server. True: gRPC was wanted. */
static bool use_otlp(struct azm_destination *out, const struct azm_destination *otlp)
{
    bool grpc = otlp->protocol == AZM_OTLP_GRPC;
    *out = *otlp;
    out->kind = AZM_DESTINATION_OTLP;
    out->verify_server_cert = true;
    if (grpc)
        out->protocol = AZM_OTLP_PROTOBUF;
    return grpc;
}

static void choose_otlp(struct azm_settings *out, azm_settings_warn *warn, void *self)
{
    bool grpc = use_otlp(&out->destination, &out->otlp);
    if (!out->otlp_logs_are_off && (out->otlp_logs.url.len || out->otlp_logs.full_url.len))
        grpc = use_otlp(&out->logs, &out->otlp_logs) || grpc;
    if (grpc && warn)
        warn(self,
             AZM_S("OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not spoken: http/protobuf is used, so the endpoint has to "
                   "be one for HTTP (usually port 4318)"));
}

static void limit_requests(struct azm_destination *out, const struct azm_settings *settings)
{
    out->request_bytes = at_most_32(settings->api_request_size);
    out->request_time_ms = at_most_32(settings->api_request_time_ms);
}

/* Design section 6, "Where it sends": the first that is set. */
static void choose_destination(struct azm_settings *out, azm_settings_warn *warn, void *self)
{
    struct azm_destination *destination = &out->destination;
    destination->kind = AZM_DESTINATION_ELASTIC;
    if (destination->url.len)
        return;
    if (!out->otlp_is_off && (out->otlp.url.len || out->otlp.full_url.len)) {
        choose_otlp(out, warn, self);
        return;
    }
    destination->url = first_endpoint(out->connection_points, &destination->more_urls);
    if (!destination->url.len)
        destination->kind = AZM_DESTINATION_NONE;
}

/* OpenTelemetry's sampler counts where Elastic's rate is not set, or not valid. */
static void choose_rate(struct azm_settings *out, const struct azm_env *env)
{
    double given;
    if (!out->otel_sampler.len || rate(azm_env_get(env, "ELASTIC_APM_TRANSACTION_SAMPLE_RATE"), &given))
        return;
    out->transaction_sample_rate = out->otel_sampler_arg;
    if (azm_slice_ends_nocase(out->otel_sampler, AZM_S("always_on")))
        out->transaction_sample_rate = 1;
    if (azm_slice_ends_nocase(out->otel_sampler, AZM_S("always_off")))
        out->transaction_sample_rate = 0;
}

void azm_settings_read(struct azm_settings *out, const struct azm_env *env, azm_settings_warn *warn, void *self)
{
    *out = (struct azm_settings){0};
    for (size_t i = 0; i < azm_setting_count; i++) {
        const struct azm_setting *setting = &azm_setting_table[i];
        azm_slice text = azm_env_get(env, setting->name);
        bool again = i > 0 && setting[-1].offset == setting->offset; /* a second name of the setting before */
        if (text.len && set(setting, text, out))
            continue;
        if (text.len)
            warn_of(setting, text, warn, self);
        if (set_general(setting, env, out))
            continue;
        if (!again)
            (void)set(setting, azm_slice_str(setting->standard), out);
    }
    out->enabled = out->enabled && out->own_switch && !out->otel_is_off;
    choose_rate(out, env);
    out->otlp_logs.url = out->otlp.url;
    choose_destination(out, warn, self);
    limit_requests(&out->destination, out);
    if (out->logs.kind != AZM_DESTINATION_NONE)
        limit_requests(&out->logs, out);
}
