#include "trace/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static char warned[1024];

static void warn(void *self, azm_slice line)
{
    (void)self;
    azm_slice_copy(line, warned, sizeof warned);
}

static struct azm_settings read_pairs(const char *const *pairs)
{
    static struct azm_env env;
    struct azm_settings settings;
    env = azm_env_of(pairs);
    warned[0] = '\0';
    azm_settings_read(&settings, &env, warn, NULL);
    return settings;
}

static const struct {
    const char *pairs[4];
    bool enabled;
    enum azm_destination_kind kind;
    const char *url;
} switches[] = {
    {{NULL}, true, AZM_DESTINATION_NONE, ""},
    {{"ELASTIC_APM_SERVER_URL=http://s"}, true, AZM_DESTINATION_ELASTIC, "http://s"},
    {{"ELASTIC_APM_SERVER_URL=http://s", "OTEL_EXPORTER_OTLP_ENDPOINT=http://o"},
     true,
     AZM_DESTINATION_ELASTIC,
     "http://s"},
    {{"OTEL_EXPORTER_OTLP_ENDPOINT=http://o", "DT_CONNECTION_POINT=http://d"}, true, AZM_DESTINATION_OTLP, "http://o"},
    {{"OTEL_EXPORTER_OTLP_ENDPOINT=http://o", "OTEL_TRACES_EXPORTER=none"}, true, AZM_DESTINATION_NONE, ""},
    {{"OTEL_EXPORTER_OTLP_ENDPOINT=http://o", "OTEL_TRACES_EXPORTER=None", "DT_CONNECTION_POINT=http://d"},
     true,
     AZM_DESTINATION_ELASTIC,
     "http://d"},
    {{"DT_CONNECTION_POINT=https://a/communication ;https://b"},
     true,
     AZM_DESTINATION_ELASTIC,
     "https://a/communication"},
    {{"DT_CONNECTION_POINT= ;; https://b;https://a"}, true, AZM_DESTINATION_ELASTIC, "https://b"},
    {{"DT_CONNECTION_POINT= ; "}, true, AZM_DESTINATION_NONE, ""},
    {{"ELASTIC_APM_SERVER_URL=", "DT_CONNECTION_POINT=https://b"}, true, AZM_DESTINATION_ELASTIC, "https://b"},
    {{"ELASTIC_APM_ENABLED=false"}, false, AZM_DESTINATION_NONE, ""},
    {{"AZIMUTH_ENABLED=0"}, false, AZM_DESTINATION_NONE, ""},
    {{"AZIMUTH_ENABLED=False"}, false, AZM_DESTINATION_NONE, ""},
    {{"AZIMUTH_ENABLED=1"}, true, AZM_DESTINATION_NONE, ""},
    {{"OTEL_SDK_DISABLED=true"}, false, AZM_DESTINATION_NONE, ""},
    {{"AZIMUTH_ENABLED=TRUE"}, true, AZM_DESTINATION_NONE, ""},
    {{"AZIMUTH_ENABLED=no"}, true, AZM_DESTINATION_NONE, ""},
    {{"AZIMUTH_ENABLED=true", "ELASTIC_APM_ENABLED=false"}, false, AZM_DESTINATION_NONE, ""},
    {{"OTEL_SDK_DISABLED=True"}, false, AZM_DESTINATION_NONE, ""},
    {{"OTEL_SDK_DISABLED=1"}, true, AZM_DESTINATION_NONE, ""},
    {{"OTEL_SDK_DISABLED=false"}, true, AZM_DESTINATION_NONE, ""},
};

static void switches_and_destinations(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(switches); i++) {
        struct azm_settings settings = read_pairs(switches[i].pairs);
        assert_int_equal(settings.enabled, switches[i].enabled);
        assert_int_equal(settings.destination.kind, switches[i].kind);
        assert_true(azm_slice_eq(settings.destination.url, azm_slice_str(switches[i].url)));
    }
}

static const struct {
    const char *pair;
    bool good;
} values[] = {
    {"ELASTIC_APM_ENABLED=TRUE", false},
    {"ELASTIC_APM_CAPTURE_HEADERS=false", true},
    {"ELASTIC_APM_TRANSACTION_SAMPLE_RATE=0.5", true},
    {"ELASTIC_APM_TRANSACTION_SAMPLE_RATE=1.01", false},
    {"ELASTIC_APM_TRANSACTION_SAMPLE_RATE=-0.1", false},
    {"ELASTIC_APM_TRANSACTION_SAMPLE_RATE=nan", false},
    {"ELASTIC_APM_TRANSACTION_SAMPLE_RATE=half", false},
    {"ELASTIC_APM_TRANSACTION_SAMPLE_RATE=0x1", false},
    {"ELASTIC_APM_RECORDING=0", false},
    {"ELASTIC_APM_GLOBAL_LABELS=team=a, tier = b", true},
    {"ELASTIC_APM_GLOBAL_LABELS=team=", true},
    {"ELASTIC_APM_GLOBAL_LABELS=team", false},
    {"ELASTIC_APM_GLOBAL_LABELS=team=a,=b", false},
    {"ELASTIC_APM_GLOBAL_LABELS=team=a, ,", true},
    {"AZIMUTH_ENABLED=yes", false},
    {"AZIMUTH_ENABLED=FALSE", true},
    {"OTEL_SDK_DISABLED=1", false},
    {"OTEL_SDK_DISABLED=TRUE", true},
    {"ELASTIC_APM_SERVER_TIMEOUT=5s", true},
    {"ELASTIC_APM_SERVER_TIMEOUT=5", false},
    {"ELASTIC_APM_SERVER_TIMEOUT=5S", false},
    {"ELASTIC_APM_SERVER_TIMEOUT=100ms", true},
    {"ELASTIC_APM_SERVER_TIMEOUT=2m", true},
    {"ELASTIC_APM_SERVER_TIMEOUT=5us", false},
    {"ELASTIC_APM_SERVER_TIMEOUT=-5s", false},
    {"ELASTIC_APM_SERVER_TIMEOUT=1.5s", false},
    {"ELASTIC_APM_LOG_LEVEL=critical", true},
    {"ELASTIC_APM_LOG_LEVEL=off", true},
    {"ELASTIC_APM_LOG_LEVEL=verbose", false},
    {"ELASTIC_APM_LOG_LEVEL=a very long word for a level", false},
    {"ELASTIC_APM_API_REQUEST_SIZE=10KB", true},
    {"ELASTIC_APM_API_REQUEST_SIZE=10 kb", false},
    {"ELASTIC_APM_API_REQUEST_TIME=100ms", true},
    {"ELASTIC_APM_DISABLE_SEND=yes", false},
    {"ELASTIC_APM_IGNORE_MESSAGE_QUEUES=a*, *b", true},
    {"OTEL_EXPORTER_OTLP_TIMEOUT=2500", true},
    {"OTEL_EXPORTER_OTLP_TIMEOUT=2500ms", false},
    {"OTEL_EXPORTER_OTLP_TIMEOUT=4294967296", false},
    {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=-1", false},
    {"OTEL_EXPORTER_OTLP_COMPRESSION=GZIP", true},
    {"OTEL_EXPORTER_OTLP_COMPRESSION=none", true},
    {"OTEL_EXPORTER_OTLP_COMPRESSION=zstd", false},
    {"OTEL_EXPORTER_OTLP_PROTOCOL=HTTP/json", true},
    {"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", true}, /* no warning where nothing is sent as OTLP */
    {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=thrift", false},
    {"OTEL_EXPORTER_OTLP_INSECURE=True", true},
    {"OTEL_EXPORTER_OTLP_INSECURE=1", false},
    {"OTEL_EXPORTER_OTLP_HEADERS=authorization=Basic%20eA==,b=c", true},
    {"OTEL_EXPORTER_OTLP_HEADERS=authorization=%zz", false},
    {"OTEL_EXPORTER_OTLP_TRACES_HEADERS=a=b%0dc", false},
    {"OTEL_RESOURCE_ATTRIBUTES=service.name=a%2Cb,team=c", true},
    {"OTEL_RESOURCE_ATTRIBUTES=service.name=a,team", false},
    {"OTEL_TRACES_EXPORTER=none", true},
    {"OTEL_TRACES_EXPORTER=OTLP", true},
    {"OTEL_TRACES_EXPORTER=zipkin", false},
    {"OTEL_TRACES_SAMPLER=always_on", true},
    {"OTEL_TRACES_SAMPLER=ParentBased_TraceIdRatio", true},
    {"OTEL_TRACES_SAMPLER=xray", false},
    {"OTEL_TRACES_SAMPLER=parentbased_", false},
    {"OTEL_TRACES_SAMPLER_ARG=0.1", true},
    {"OTEL_TRACES_SAMPLER_ARG=10", false},
    {"AZIMUTH_TRACE_CONTEXT=off", true},
    {"AZIMUTH_TRACE_CONTEXT=rewrite", true},
    {"AZIMUTH_TRACE_CONTEXT=Rewrite", false},
    {"ELASTIC_APM_TRACE_CONTINUATION_STRATEGY=continue", true},
    {"ELASTIC_APM_TRACE_CONTINUATION_STRATEGY=restart", true},
    {"ELASTIC_APM_TRACE_CONTINUATION_STRATEGY=restart_external", true},
    {"ELASTIC_APM_TRACE_CONTINUATION_STRATEGY=never", false},
    {"AZIMUTH_TRACE_CONTEXT=Adopt", false},
};

static void invalid_values_are_warned_about_and_ignored(void **state)
{
    (void)state;
    const char *none[] = {NULL};
    struct azm_settings standard = read_pairs(none);
    for (size_t i = 0; i < AZM_COUNT(values); i++) {
        const char *pairs[] = {values[i].pair, NULL};
        struct azm_settings settings = read_pairs(pairs);
        if ((warned[0] == '\0') != values[i].good)
            fail_msg("%s: %s", values[i].pair, warned);
        if (!values[i].good) {
            assert_true(settings.transaction_sample_rate == standard.transaction_sample_rate);
            assert_int_equal(settings.enabled, standard.enabled);
            assert_int_equal(settings.recording, standard.recording);
            assert_int_equal(settings.global_labels.len, 0);
            assert_int_equal(settings.destination.timeout_ms, standard.destination.timeout_ms);
            assert_int_equal(settings.api_request_size, standard.api_request_size);
            assert_int_equal(settings.trace_context, standard.trace_context);
            assert_memory_equal(&settings.otlp, &standard.otlp, sizeof standard.otlp);
            assert_int_equal(settings.resource_attributes.len, 0);
            assert_int_equal(strncmp(warned, values[i].pair, strcspn(values[i].pair, "=")), 0);
        }
    }
}

static const struct {
    const char *text;
    double rate;
} rates[] = {{"0", 0}, {"1", 1}, {"0.00005", 0.0001}, {"0.00004", 0.0001}, {"0.12345", 0.1235}, {"0.5", 0.5}};

static void rates_have_four_decimals(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rates); i++) {
        char pair[64];
        const char *pairs[] = {pair, NULL};
        snprintf(pair, sizeof pair, "ELASTIC_APM_TRANSACTION_SAMPLE_RATE=%s", rates[i].text);
        double got = read_pairs(pairs).transaction_sample_rate;
        assert_true(got > rates[i].rate - 1e-9 && got < rates[i].rate + 1e-9);
    }
}

#define RATE(x)    "ELASTIC_APM_TRANSACTION_SAMPLE_RATE=" x
#define SAMPLER(x) "OTEL_TRACES_SAMPLER=" x
static const struct {
    const char *pairs[4];
    double rate;
} samplers[] = {
    {{SAMPLER("always_off")}, 0},
    {{SAMPLER("parentbased_always_off")}, 0},
    {{SAMPLER("parentbased_always_on"), "OTEL_TRACES_SAMPLER_ARG=0.5"}, 1},
    {{SAMPLER("parentbased_traceidratio"), "OTEL_TRACES_SAMPLER_ARG=0.25"}, 0.25},
    {{SAMPLER("traceidratio")}, 1},
    {{SAMPLER("traceidratio"), "OTEL_TRACES_SAMPLER_ARG=0.25", RATE("0.5")}, 0.5}, /* Elastic's goes first, */
    {{SAMPLER("traceidratio"), "OTEL_TRACES_SAMPLER_ARG=0.25", RATE("5")}, 0.25},  /* when it is valid */
    {{"OTEL_TRACES_SAMPLER_ARG=0.25"}, 1},
    {{SAMPLER("jaeger_remote"), "OTEL_TRACES_SAMPLER_ARG=0.25"}, 1},
};

static void opentelemetry_s_sampler(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(samplers); i++) {
        double got = read_pairs(samplers[i].pairs).transaction_sample_rate;
        assert_true(got > samplers[i].rate - 1e-9 && got < samplers[i].rate + 1e-9);
    }
}

static void elastic_s_service_name_goes_first(void **state)
{
    (void)state;
    const char *both[] = {"OTEL_SERVICE_NAME=o", "ELASTIC_APM_SERVICE_NAME=e", NULL},
               *one[] = {"OTEL_SERVICE_NAME=o", NULL};
    assert_true(azm_slice_eq(read_pairs(both).service_name, AZM_S("e")));
    assert_true(azm_slice_eq(read_pairs(one).service_name, AZM_S("o")));
}

#define OTLP(name) "OTEL_EXPORTER_OTLP_" name
static const struct {
    const char *pairs[4], *url, *full_url, *headers, *ca_file, *cert, *key;
    enum azm_otlp_protocol protocol;
    bool gzip, insecure, warns;
    uint32_t timeout_ms;
} otlp[] = {
    {{OTLP("ENDPOINT=http://o")}, "http://o", "", "", "", "", "", AZM_OTLP_PROTOBUF, false, false, false, 10000},
    {{OTLP("TRACES_ENDPOINT=http://t/x")}, "", "http://t/x", "", "", "", "", .timeout_ms = 10000},
    {{OTLP("ENDPOINT=http://o"), OTLP("TRACES_ENDPOINT=t"), OTLP("INSECURE=true")},
     "http://o",
     "t",
     "",
     "",
     "",
     "",
     .insecure = true,
     .timeout_ms = 10000},
    {{OTLP("ENDPOINT=o"), OTLP("PROTOCOL=http/protobuf"), OTLP("TRACES_PROTOCOL=http/json")},
     "o",
     "",
     "",
     "",
     "",
     "",
     .protocol = AZM_OTLP_JSON,
     .timeout_ms = 10000},
    {{OTLP("ENDPOINT=o"), OTLP("PROTOCOL=grpc")}, "o", "", "", "", "", "", .warns = true, .timeout_ms = 10000},
    {{OTLP("ENDPOINT=o"), OTLP("PROTOCOL=http/json"), OTLP("TRACES_PROTOCOL=grpc")},
     "o",
     "",
     "",
     "",
     "",
     "",
     .warns = true,
     .timeout_ms = 10000},
    {{OTLP("ENDPOINT=o"), OTLP("HEADERS=a=b"), OTLP("TRACES_HEADERS=c=d%20e")},
     "o",
     "",
     "c=d%20e",
     "",
     "",
     "",
     .timeout_ms = 10000},
    {{OTLP("ENDPOINT=o"), OTLP("HEADERS=a=b"), OTLP("TRACES_HEADERS=c")}, /* the bad one leaves the good one */
     "o",
     "",
     "a=b",
     "",
     "",
     "",
     .warns = true,
     .timeout_ms = 10000},
    {{OTLP("ENDPOINT=o"), OTLP("COMPRESSION=gzip"), OTLP("TIMEOUT=1")},
     "o",
     "",
     "",
     "",
     "",
     "",
     .gzip = true,
     .timeout_ms = 1},
    {{OTLP("ENDPOINT=o"), OTLP("TIMEOUT=1"), OTLP("TRACES_TIMEOUT=2")}, "o", "", "", "", "", "", .timeout_ms = 2},
    {{OTLP("ENDPOINT=o"), OTLP("CERTIFICATE=a"), OTLP("TRACES_CERTIFICATE=b")},
     "o",
     "",
     "",
     "b",
     "",
     "",
     .timeout_ms = 10000},
    {{OTLP("ENDPOINT=o"), OTLP("CLIENT_CERTIFICATE=c"), OTLP("TRACES_CLIENT_KEY=k")},
     "o",
     "",
     "",
     "",
     "c",
     "k",
     .timeout_ms = 10000},
    {{OTLP("ENDPOINT=o"), "ELASTIC_APM_API_KEY=k", "ELASTIC_APM_VERIFY_SERVER_CERT=false"}, /* for another server */
     "o",
     "",
     "",
     "",
     "",
     "",
     .timeout_ms = 10000},
};

static void opentelemetry_s_destination(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(otlp); i++) {
        struct azm_settings settings = read_pairs(otlp[i].pairs);
        const struct azm_destination *got = &settings.destination;
        const struct {
            azm_slice got;
            const char *want;
        } texts[] = {{got->url, otlp[i].url},
                     {got->full_url, otlp[i].full_url},
                     {got->headers, otlp[i].headers},
                     {got->ca_file, otlp[i].ca_file},
                     {got->client_cert_file, otlp[i].cert},
                     {got->client_key_file, otlp[i].key},
                     {got->api_key, ""},
                     {got->secret_token, ""}};
        for (size_t t = 0; t < AZM_COUNT(texts); t++)
            assert_true(azm_slice_eq(texts[t].got, azm_slice_str(texts[t].want)));
        assert_int_equal(got->kind, AZM_DESTINATION_OTLP);
        assert_true(got->verify_server_cert);
        assert_int_equal(got->protocol, otlp[i].protocol);
        assert_int_equal(got->gzip, otlp[i].gzip);
        assert_int_equal(got->insecure, otlp[i].insecure);
        assert_int_equal(got->timeout_ms, otlp[i].timeout_ms);
        assert_int_equal(warned[0] != 0, otlp[i].warns);
    }
}

/* What one variable for logs does not say, that for all signals says; that for traces never. */
static void opentelemetry_s_destination_of_logs(void **state)
{
    static const struct {
        const char *pairs[6];
        enum azm_destination_kind kind;
        struct azm_destination want;
    } rows[] = {
        {{OTLP("ENDPOINT=o")}, AZM_DESTINATION_OTLP, {.url = AZM_S_INIT("o"), .timeout_ms = 10000}},
        {{OTLP("TRACES_ENDPOINT=t")}, AZM_DESTINATION_NONE, {.timeout_ms = 0}},
        {{OTLP("LOGS_ENDPOINT=l")}, AZM_DESTINATION_NONE, {.timeout_ms = 0}},
        {{OTLP("TRACES_ENDPOINT=t"), OTLP("LOGS_ENDPOINT=l")},
         AZM_DESTINATION_OTLP,
         {.full_url = AZM_S_INIT("l"), .timeout_ms = 10000}},
        {{OTLP("ENDPOINT=o"), OTLP("LOGS_ENDPOINT=l")},
         AZM_DESTINATION_OTLP,
         {.url = AZM_S_INIT("o"), .full_url = AZM_S_INIT("l"), .timeout_ms = 10000}},
        {{OTLP("ENDPOINT=o"), "OTEL_LOGS_EXPORTER=none"}, AZM_DESTINATION_NONE, {.timeout_ms = 0}},
        {{OTLP("ENDPOINT=o"), "OTEL_TRACES_EXPORTER=none"}, AZM_DESTINATION_NONE, {.timeout_ms = 0}},
        {{OTLP("ENDPOINT=o"), "ELASTIC_APM_SERVER_URL=http://e"}, AZM_DESTINATION_NONE, {.timeout_ms = 0}},
        {{OTLP("ENDPOINT=o"), OTLP("TRACES_HEADERS=a=b"), OTLP("TRACES_COMPRESSION=gzip"), OTLP("TRACES_TIMEOUT=5")},
         AZM_DESTINATION_OTLP,
         {.url = AZM_S_INIT("o"), .timeout_ms = 10000}},
        {{OTLP("ENDPOINT=o"), OTLP("HEADERS=a=b"), OTLP("COMPRESSION=gzip"), OTLP("TIMEOUT=5"), OTLP("PROTOCOL=grpc")},
         AZM_DESTINATION_OTLP,
         {.url = AZM_S_INIT("o"), .headers = AZM_S_INIT("a=b"), .gzip = true, .timeout_ms = 5}},
        {{OTLP("ENDPOINT=o"), OTLP("HEADERS=a=b"), OTLP("LOGS_HEADERS=c=d"), OTLP("COMPRESSION=gzip"),
          OTLP("LOGS_COMPRESSION=none")},
         AZM_DESTINATION_OTLP,
         {.url = AZM_S_INIT("o"), .headers = AZM_S_INIT("c=d"), .timeout_ms = 10000}},
        {{OTLP("ENDPOINT=o"), OTLP("HEADERS=a=b"), OTLP("LOGS_HEADERS=c"), OTLP("LOGS_TIMEOUT=x"), OTLP("TIMEOUT=7")},
         AZM_DESTINATION_OTLP,
         {.url = AZM_S_INIT("o"), .headers = AZM_S_INIT("a=b"), .timeout_ms = 7}},
        {{OTLP("ENDPOINT=o"), OTLP("CERTIFICATE=a"), OTLP("LOGS_CERTIFICATE=b"), OTLP("CLIENT_KEY=k"),
          OTLP("LOGS_CLIENT_CERTIFICATE=c")},
         AZM_DESTINATION_OTLP,
         {.url = AZM_S_INIT("o"),
          .ca_file = AZM_S_INIT("b"),
          .client_key_file = AZM_S_INIT("k"),
          .client_cert_file = AZM_S_INIT("c"),
          .timeout_ms = 10000}},
        {{OTLP("ENDPOINT=o"), OTLP("INSECURE=true"), OTLP("LOGS_INSECURE=false"), OTLP("LOGS_PROTOCOL=http/json")},
         AZM_DESTINATION_OTLP,
         {.url = AZM_S_INIT("o"), .protocol = AZM_OTLP_JSON, .timeout_ms = 10000}},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_settings settings = read_pairs(rows[i].pairs);
        const struct azm_destination *got = &settings.logs, *want = &rows[i].want;
        const azm_slice texts[][2] = {{got->url, want->url},
                                      {got->full_url, want->full_url},
                                      {got->headers, want->headers},
                                      {got->ca_file, want->ca_file},
                                      {got->client_cert_file, want->client_cert_file},
                                      {got->client_key_file, want->client_key_file}};
        assert_int_equal(got->kind, rows[i].kind);
        for (size_t t = 0; t < AZM_COUNT(texts); t++)
            assert_true(azm_slice_eq(texts[t][0], texts[t][1]));
        assert_int_equal(got->protocol, want->protocol);
        assert_int_equal(got->gzip, want->gzip);
        assert_int_equal(got->insecure, want->insecure);
        assert_int_equal(got->timeout_ms, want->timeout_ms);
        assert_int_equal(got->request_bytes, got->kind ? 768 * 1024 : 0);
    }
}

static void headers_are_never_shown(void **state)
{
    (void)state;
    const char *pairs[] = {OTLP("HEADERS=authorization=Bearer%20verysecret,x=%"), NULL};
    read_pairs(pairs);
    assert_non_null(strstr(warned, "[REDACTED]"));
    assert_null(strstr(warned, "secret"));
}

static void a_warning_is_one_line(void **state)
{
    (void)state;
    const char *pairs[] = {"ELASTIC_APM_RECORDING=yes\nno\x1b[1m", NULL};
    assert_true(read_pairs(pairs).recording);
    for (size_t i = 0; warned[i]; i++)
        assert_true((unsigned char)warned[i] >= ' ');
    assert_non_null(strstr(warned, "yes no"));
}

static void limits_of_requests_and_more_servers_go_with_the_destination(void **state)
{
    static const struct {
        const char *pairs[4];
        uint32_t bytes, ms;
        const char *more;
    } rows[] = {
        {{"ELASTIC_APM_SERVER_URL=http://s"}, 768 * 1024, 10000, ""},
        {{"ELASTIC_APM_SERVER_URL=http://s", "ELASTIC_APM_API_REQUEST_SIZE=10kb", "ELASTIC_APM_API_REQUEST_TIME=100ms"},
         10240,
         100,
         ""},
        {{"OTEL_EXPORTER_OTLP_ENDPOINT=http://o", "ELASTIC_APM_API_REQUEST_SIZE=5gb"}, UINT32_MAX, 10000, ""},
        {{"DT_CONNECTION_POINT= ;https://a; https://b ;https://c"}, 768 * 1024, 10000, " https://b ;https://c"},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_settings s = read_pairs(rows[i].pairs);
        assert_int_equal(s.destination.request_bytes, rows[i].bytes);
        assert_int_equal(s.destination.request_time_ms, rows[i].ms);
        assert_true(azm_slice_eq(s.destination.more_urls, azm_slice_str(rows[i].more)));
    }
}

static void defaults(void **state)
{
    (void)state;
    const char *none[] = {NULL};
    struct azm_settings s = read_pairs(none);
    assert_string_equal(warned, "");
    assert_true(s.enabled && s.recording && s.capture_headers && s.destination.verify_server_cert);
    assert_int_equal(s.destination.timeout_ms, 30000);
    assert_int_equal(s.api_request_size, 768 * 1024);
    assert_int_equal(s.api_request_time_ms, 10000);
    assert_int_equal(s.spool_size, 64 << 20);
    assert_true(s.transaction_sample_rate == 1);
    assert_int_equal(s.trace_context, AZM_TRACE_CONTEXT_ADOPT);
    assert_int_equal(s.service_name.len, 0);
}

static void every_setting_says_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < azm_setting_count; i++) {
        if (!azm_setting_table[i].help[0])
            fail_msg("%s has no help", azm_setting_table[i].name);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(azm_setting_table[i].name, azm_setting_table[j].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(switches_and_destinations),
        cmocka_unit_test(invalid_values_are_warned_about_and_ignored),
        cmocka_unit_test(rates_have_four_decimals),
        cmocka_unit_test(elastic_s_service_name_goes_first),
        cmocka_unit_test(a_warning_is_one_line),
        cmocka_unit_test(limits_of_requests_and_more_servers_go_with_the_destination),
        cmocka_unit_test(defaults),
        cmocka_unit_test(every_setting_says_what_it_is),
        cmocka_unit_test(opentelemetry_s_destination),
        cmocka_unit_test(opentelemetry_s_destination_of_logs),
        cmocka_unit_test(headers_are_never_shown),
        cmocka_unit_test(opentelemetry_s_sampler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
