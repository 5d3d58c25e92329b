#include "trace/settings_show.h"

#include <stdio.h>

#include "trace/redact.h"

/* --- values --- */

static size_t until(azm_slice text, const char *ends)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr(ends, text.ptr[i]) && text.ptr[i])
            return i;
    return text.len;
}

/* Without user and password, whether or not there is a scheme, and without query. */
static void show_url(struct azm_buf *out, azm_slice url)
{
    size_t scheme = azm_slice_search(url, AZM_S("://"));
    if (scheme < url.len) {
        azm_buf_add(out, azm_slice_take(url, scheme + 3));
        url = azm_slice_drop(url, scheme + 3);
    }
    azm_slice authority = azm_slice_take(url, until(url, "/?#"));
    size_t user = azm_slice_rfind(url, '@'); /* a password may hold a '/' that should have been escaped */
    if (user < url.len && azm_slice_find(authority, '@') == authority.len && until(url, "?#") < user)
        user = url.len; /* in the query, which is not shown */
    if (user < url.len)
        url = azm_slice_drop(url, user + 1);
    azm_buf_add(out, azm_slice_take(url, until(url, "?#")));
    if (until(url, "?#") < url.len) {
        azm_buf_add_byte(out, '?');
        azm_buf_add(out, AZM_REDACTED);
    }
}

static void show_each(struct azm_buf *out, azm_slice list, char separator,
                      void (*show)(struct azm_buf *out, azm_slice part))
{
    azm_slice part;
    for (bool first = true; azm_slice_split(&list, separator, &part); first = false) {
        if (!first)
            azm_buf_add_byte(out, (uint8_t)separator);
        show(out, part);
    }
}

static void show_pair(struct azm_buf *out, azm_slice pair)
{
    size_t equals = azm_slice_find(pair, '=');
    azm_slice key = azm_slice_trim(azm_slice_take(pair, equals));
    azm_redact_url(out, azm_slice_take(pair, equals)); /* which may be the beginning of an address */
    azm_buf_add(out, azm_slice_take(azm_slice_drop(pair, equals), 1));
    if (azm_redact_is_secret(key, AZM_S(AZM_SANITIZE_DEFAULT)))
        azm_buf_add(out, AZM_REDACTED);
    else
        azm_redact_url(out, azm_slice_drop(pair, equals + 1));
}

static void show(struct azm_buf *out, enum azm_setting_kind kind, azm_slice value)
{
    switch (kind) {
    case AZM_SETTING_SECRET:
    case AZM_SETTING_HEADERS: azm_buf_add(out, AZM_REDACTED); return;
    case AZM_SETTING_URL: show_url(out, value); return;
    case AZM_SETTING_URLS: show_each(out, value, ';', show_url); return;
    case AZM_SETTING_MAPPING:
    case AZM_SETTING_RESOURCE: show_each(out, value, ',', show_pair); return;
    case AZM_SETTING_TEXT:
    case AZM_SETTING_PATTERNS:
    case AZM_SETTING_LEVEL:
    case AZM_SETTING_BOOL:
    case AZM_SETTING_SWITCH:
    case AZM_SETTING_OTEL:
    case AZM_SETTING_RATE:
    case AZM_SETTING_TIMEOUT:
    case AZM_SETTING_DURATION:
    case AZM_SETTING_SIZE:
    case AZM_SETTING_MS:
    case AZM_SETTING_PROTOCOL:
    case AZM_SETTING_GZIP:
    case AZM_SETTING_CONTINUATION:
    case AZM_SETTING_BODY:
    case AZM_SETTING_EXPORTER:
    case AZM_SETTING_SAMPLER:
    case AZM_SETTING_TRACE_CONTEXT: azm_redact_url(out, value); return;
    }
}

void azm_setting_show(struct azm_buf *out, const struct azm_setting *setting, azm_slice value)
{
    size_t begin = out->len;
    if (value.len)
        show(out, setting->kind, value);
    for (size_t i = begin; i < out->len; i++)
        if ((unsigned char)out->ptr[i] < ' ' || out->ptr[i] == 0x7f)
            out->ptr[i] = ' ';
}

/* Of the names of a setting, which stand together, the last one that is set well. */
static const struct azm_setting *winner(const struct azm_setting *setting, const struct azm_env *env)
{
    const struct azm_setting *found = NULL, *end = azm_setting_table + azm_setting_count;
    const struct azm_setting *general = azm_setting_general(setting);
    size_t offset = setting->offset;
    while (setting > azm_setting_table && setting[-1].offset == offset)
        setting--;
    for (; setting < end && setting->offset == offset; setting++) {
        azm_slice value = azm_env_get(env, setting->name);
        if (value.len && azm_setting_is_valid(setting, value))
            found = setting;
    }
    if (found || !general)
        return found;
    azm_slice value = azm_env_get(env, general->name);
    return value.len && azm_setting_is_valid(general, value) ? general : NULL;
}

enum azm_setting_origin azm_setting_origin(const struct azm_setting *setting, const struct azm_env *env,
                                           azm_slice *value)
{
    azm_slice own = azm_env_get(env, setting->name);
    const struct azm_setting *wins = winner(setting, env);
    *value = wins ? azm_env_get(env, wins->name) : (azm_slice){NULL, 0};
    if (own.len && !azm_setting_is_valid(setting, own))
        return AZM_SETTING_INVALID;
    if (!wins)
        return AZM_SETTING_DEFAULT;
    if (wins == setting)
        return AZM_SETTING_GIVEN;
    return own.len ? AZM_SETTING_OVERRULED : AZM_SETTING_INHERITED;
}

const char *azm_setting_type(const struct azm_setting *setting)
{
    static const char *const types[] = {
        [AZM_SETTING_TEXT] = "text",
        [AZM_SETTING_SECRET] = "text, a secret",
        [AZM_SETTING_URL] = "a URL",
        [AZM_SETTING_URLS] = "URLs, parted by semicolons",
        [AZM_SETTING_PATTERNS] = "patterns with *, parted by commas",
        [AZM_SETTING_LEVEL] = "trace, debug, info, warning, error, critical or off",
        [AZM_SETTING_MAPPING] = "key=value,key=value",
        [AZM_SETTING_BOOL] = "true or false",
        [AZM_SETTING_SWITCH] = "true or false (or 1 or 0), in any case",
        [AZM_SETTING_OTEL] = "true or false, in any case",
        [AZM_SETTING_RATE] = "a number from 0 to 1",
        [AZM_SETTING_DURATION] = "a number with ms, s or m",
        [AZM_SETTING_SIZE] = "a number with b, kb, mb or gb",
        [AZM_SETTING_TIMEOUT] = "a number with ms, s or m",
        [AZM_SETTING_MS] = "a number of milliseconds",
        [AZM_SETTING_HEADERS] = "key=value,key=value, percent-encoded (no more than 128, 16 KiB)",
        [AZM_SETTING_RESOURCE] = "key=value,key=value, percent-encoded (no more than 128, 16 KiB)",
        [AZM_SETTING_PROTOCOL] = "http/protobuf or http/json",
        [AZM_SETTING_GZIP] = "gzip or none",
        [AZM_SETTING_EXPORTER] = "otlp or none",
        [AZM_SETTING_SAMPLER] = "always_on, always_off or traceidratio, or one of them behind parentbased_",
        [AZM_SETTING_TRACE_CONTEXT] = "adopt, rewrite or off",
        [AZM_SETTING_CONTINUATION] = "continue, restart or restart_external",
        [AZM_SETTING_BODY] = "off, errors, transactions or all",
    };
    return types[setting->kind];
}

/* --- the table's chapters --- */

const struct azm_setting_group azm_setting_groups[] = {
    {"ELASTIC_APM_ENABLED", "Switches"},         {"ELASTIC_APM_SERVER_URL", "Where events go"},
    {"OTEL_SERVICE_NAME", "Who the app is"},     {"ELASTIC_APM_TRANSACTION_SAMPLE_RATE", "What is recorded"},
    {"ELASTIC_APM_LOG_LEVEL", "Azimuth itself"},
};
const size_t azm_setting_group_count = AZM_COUNT(azm_setting_groups);

const char *azm_setting_title(const struct azm_setting *setting)
{
    for (size_t i = 0; i < azm_setting_group_count; i++)
        if (strcmp(azm_setting_groups[i].first, setting->name) == 0)
            return azm_setting_groups[i].title;
    return NULL;
}

/* --- known options without effect --- */

#define NO_SPANS   "no spans are made, only transactions"
#define QUEUE      "what waits is limited by the size of the ring and of the spool (AZIMUTH_SPOOL_SIZE)"
#define ENDS       "events leave when an invocation ends, half a second later at most"
#define NO_METRICS "metrics are off in Functions"
#define NO_SYSTEM  "cloud and system metadata are not looked for in Functions; they come from the app's own variables"

const struct azm_setting_unused azm_setting_unused[] = {
    {"ELASTIC_APM_METRICS_INTERVAL", "0s", NO_METRICS},
    {"ELASTIC_APM_BREAKDOWN_METRICS", "false", NO_METRICS},
    {"ELASTIC_APM_CENTRAL_CONFIG", "false",
     "central configuration is off in Functions: a changed app setting restarts the app"},
    {"ELASTIC_APM_CLOUD_PROVIDER", "none", NO_SYSTEM},
    {"ELASTIC_APM_HOSTNAME", "", NO_SYSTEM},
    {"ELASTIC_APM_SERVER_CERT", "", "a certificate cannot be pinned; ELASTIC_APM_SERVER_CA_CERT_FILE trusts one more"},
    {"ELASTIC_APM_MAX_QUEUE_SIZE", "", QUEUE},
    {"ELASTIC_APM_LONG_FIELD_MAX_LENGTH", "10000", "the limit is fixed"},
    {"ELASTIC_APM_STACK_TRACE_LIMIT", "50", "the limit is fixed"},
    {"ELASTIC_APM_USE_PATH_AS_TRANSACTION_NAME", "false", "the function's route names the transaction"},
    {"ELASTIC_APM_BAGGAGE_TO_ATTACH", "", "baggage is passed on untouched, and not read"},
    {"ELASTIC_APM_CONTEXT_PROPAGATION_ONLY", "false",
     "trace context is passed on as it came; ELASTIC_APM_RECORDING=false records nothing"},
    {"ELASTIC_APM_TRANSACTION_MAX_SPANS", "", NO_SPANS},
    {"ELASTIC_APM_SPAN_COMPRESSION_ENABLED", "", NO_SPANS},
    {"ELASTIC_APM_SPAN_COMPRESSION_EXACT_MATCH_MAX_DURATION", "", NO_SPANS},
    {"ELASTIC_APM_SPAN_COMPRESSION_SAME_KIND_MAX_DURATION", "", NO_SPANS},
    {"ELASTIC_APM_EXIT_SPAN_MIN_DURATION", "", NO_SPANS},
    {"ELASTIC_APM_SPAN_STACK_TRACE_MIN_DURATION", "", NO_SPANS},
    {"ELASTIC_APM_LOG_ECS_REFORMATTING", "off", "the app's own log is left as it is"},
    {"ELASTIC_APM_OPENTELEMETRY_BRIDGE_ENABLED", "", "there is no code of Azimuth inside the worker"},
    {"ELASTIC_APM_INCLUDE_PROCESS_ARGS", "false", "arguments of processes are never sent"},
    {"OTEL_PROPAGATORS", "tracecontext", "W3C trace context is read, and nothing else"},
    {"OTEL_BSP_SCHEDULE_DELAY", "", ENDS},
    {"OTEL_BSP_EXPORT_TIMEOUT", "", "OTEL_EXPORTER_OTLP_TIMEOUT is the limit of one request"},
    {"OTEL_BSP_MAX_QUEUE_SIZE", "", QUEUE},
    {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "", "ELASTIC_APM_API_REQUEST_SIZE is the limit of one request, for OTLP, too"},
    {"OTEL_BLRP_SCHEDULE_DELAY", "", ENDS},
    {"OTEL_BLRP_EXPORT_TIMEOUT", "", "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT is the limit of one request"},
    {"OTEL_BLRP_MAX_QUEUE_SIZE", "", QUEUE},
    {"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "", "ELASTIC_APM_API_REQUEST_SIZE is the limit of one request, for OTLP, too"},
    {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "", "the limit is fixed"},
    {"OTEL_METRICS_EXPORTER", "none", NO_METRICS},
};
const size_t azm_setting_unused_count = AZM_COUNT(azm_setting_unused);

void azm_settings_warn_unused(const struct azm_env *env, azm_settings_warn *warn, void *self)
{
    char line[320];
    for (size_t i = 0; i < azm_setting_unused_count; i++) {
        const struct azm_setting_unused *option = &azm_setting_unused[i];
        azm_slice value = azm_env_get(env, option->name);
        if (!value.len || azm_slice_eq(value, azm_slice_str(option->accord)))
            continue;
        int n = snprintf(line, sizeof line, "%s has no effect: %s", option->name, option->reason);
        warn(self, (azm_slice){line, n < (int)sizeof line ? (size_t)n : sizeof line - 1});
    }
}

/* --- the start-up log --- */

#define TOLD_MAX 600u /* bytes of one line */

static bool is_always_told(const char *name)
{
    static const char *const names[] = {"ELASTIC_APM_SERVER_URL", "ELASTIC_APM_SERVICE_NAME",
                                        "ELASTIC_APM_SERVICE_VERSION", "ELASTIC_APM_LOG_LEVEL"};
    for (size_t i = 0; i < AZM_COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void tell_one(const struct azm_setting *setting, const struct azm_env *env, azm_settings_warn *tell, void *self)
{
    char storage[TOLD_MAX];
    struct azm_buf value, line;
    azm_slice text;
    enum azm_setting_origin origin = azm_setting_origin(setting, env, &text);
    bool given = origin == AZM_SETTING_GIVEN && !azm_slice_eq(text, azm_slice_str(setting->standard));
    if (!given && !is_always_told(setting->name))
        return;
    azm_buf_init(&value, 64 * 1024);
    azm_setting_show(&value, setting, origin == AZM_SETTING_GIVEN ? text : azm_slice_str(setting->standard));
    azm_buf_init_fixed(&line, storage, sizeof storage);
    azm_buf_addf(&line, "%s=%.*s (%s)", setting->name, AZM_FMT(azm_slice_take(azm_buf_slice(&value), TOLD_MAX - 100)),
                 origin == AZM_SETTING_GIVEN ? "environment" : "default");
    azm_buf_dispose(&value);
    tell(self, azm_buf_slice(&line));
}

void azm_settings_tell(const struct azm_env *env, azm_settings_warn *tell, void *self)
{
    for (size_t i = 0; i < azm_setting_count; i++)
        tell_one(&azm_setting_table[i], env, tell, self);
}
