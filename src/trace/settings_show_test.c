#include "trace/settings_show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static char told[65536];

static void tell(void *self, azm_slice line)
{
    (void)self;
    size_t len = strlen(told);
    len += azm_slice_copy(line, told + len, sizeof told - len - 1);
    snprintf(told + len, sizeof told - len, "\n");
}

static const struct azm_setting *find(const char *name)
{
    for (size_t i = 0; i < azm_setting_count; i++)
        if (strcmp(azm_setting_table[i].name, name) == 0)
            return &azm_setting_table[i];
    fail_msg("no setting %s", name);
    return NULL;
}

static const struct {
    const char *name, *value, *shown;
} shows[] = {
    {"ELASTIC_APM_API_KEY", "abc", "[REDACTED]"},
    {"ELASTIC_APM_SECRET_TOKEN", "abc", "[REDACTED]"},
    {"AZIMUTH_HUB_TOKEN", "abc", "[REDACTED]"},
    {"OTEL_EXPORTER_OTLP_HEADERS", "a=b,c=d", "[REDACTED]"},
    {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=b", "[REDACTED]"},
    {"ELASTIC_APM_SERVER_URL", "http://s:8200/x", "http://s:8200/x"},
    {"ELASTIC_APM_SERVER_URL", "http://u:p@s/x?token=t#f", "http://s/x?[REDACTED]"},
    {"ELASTIC_APM_SERVER_URL", "u:p@s:8200", "s:8200"},
    {"ELASTIC_APM_SERVER_URL", "http://u:p/p@s/x", "http://s/x"}, /* a slash that was not escaped */
    {"ELASTIC_APM_SERVER_URL", "http://u:p@q@s/x", "http://s/x"},
    {"ELASTIC_APM_SERVER_URL", "http://s/x?mail=a@b", "http://s/x?[REDACTED]"},
    {"ELASTIC_APM_SERVER_URL", "http://u:p?p@s/x", "http://u:p?[REDACTED]"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT", "https://u:p@o", "https://o"},
    {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://o/v1?api-key=1", "https://o/v1?[REDACTED]"},
    {"DT_CONNECTION_POINT", "https://u:p@a/b;https://v:q@c", "https://a/b;https://c"},
    {"ELASTIC_APM_GLOBAL_LABELS", "team=a, apikey=b,c=http://u:p@h", "team=a, apikey=[REDACTED],c=http://h"},
    {"OTEL_RESOURCE_ATTRIBUTES", "auth.header=a,b=c", "auth.header=[REDACTED],b=c"},
    {"ELASTIC_APM_SERVICE_NAME", "a\nb\x1b", "a b "},
    {"ELASTIC_APM_SERVER_CA_CERT_FILE", "/a/b.pem", "/a/b.pem"},
    {"ELASTIC_APM_SERVICE_VERSION", "", ""},
};

static void secrets_are_not_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(shows); i++) {
        char text[256];
        struct azm_buf out;
        azm_buf_init_fixed(&out, text, sizeof text);
        azm_setting_show(&out, find(shows[i].name), azm_slice_str(shows[i].value));
        if (!azm_slice_eq(azm_buf_slice(&out), azm_slice_str(shows[i].shown)))
            fail_msg("%s=%s is shown as %.*s", shows[i].name, shows[i].value, AZM_FMT(azm_buf_slice(&out)));
    }
}

static const struct {
    const char *pairs[4], *name;
    enum azm_setting_origin origin;
    const char *value;
} origins[] = {
    {{NULL}, "ELASTIC_APM_LOG_LEVEL", AZM_SETTING_DEFAULT, ""},
    {{"ELASTIC_APM_LOG_LEVEL="}, "ELASTIC_APM_LOG_LEVEL", AZM_SETTING_DEFAULT, ""},
    {{"ELASTIC_APM_LOG_LEVEL=debug"}, "ELASTIC_APM_LOG_LEVEL", AZM_SETTING_GIVEN, "debug"},
    {{"ELASTIC_APM_LOG_LEVEL=loud"}, "ELASTIC_APM_LOG_LEVEL", AZM_SETTING_INVALID, ""},
    {{"OTEL_SERVICE_NAME=o"}, "OTEL_SERVICE_NAME", AZM_SETTING_GIVEN, "o"},
    {{"OTEL_SERVICE_NAME=o"}, "ELASTIC_APM_SERVICE_NAME", AZM_SETTING_INHERITED, "o"},
    {{"OTEL_SERVICE_NAME=o", "ELASTIC_APM_SERVICE_NAME=e"}, "OTEL_SERVICE_NAME", AZM_SETTING_OVERRULED, "e"},
    {{"OTEL_EXPORTER_OTLP_TIMEOUT=1", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=x"},
     "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
     AZM_SETTING_INVALID,
     "1"},
    {{"OTEL_EXPORTER_OTLP_TIMEOUT=1", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=2"},
     "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
     AZM_SETTING_INHERITED,
     "1"},
    {{"OTEL_EXPORTER_OTLP_TIMEOUT=1", "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT=3"},
     "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
     AZM_SETTING_GIVEN,
     "3"},
    {{"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT=3"}, "OTEL_EXPORTER_OTLP_TIMEOUT", AZM_SETTING_DEFAULT, ""},
    {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://t"}, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", AZM_SETTING_DEFAULT, ""},
};

static void where_a_value_is_from(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(origins); i++) {
        struct azm_env env = azm_env_of(origins[i].pairs);
        azm_slice value;
        assert_int_equal(azm_setting_origin(find(origins[i].name), &env, &value), origins[i].origin);
        assert_true(azm_slice_eq(value, azm_slice_str(origins[i].value)));
    }
}

/* Whatever is put into whatever setting: no secret of those is told. */
static void no_secret_in_any_setting_is_told(void **state)
{
    static const char *const values[] = {"http://user:hunter2@host/path?key=hunter2", "user:hunter2@host",
                                         "password=hunter2,x=y", "api_key=hunter2,"};
    (void)state;
    for (size_t i = 0; i < azm_setting_count; i++)
        for (size_t v = 0; v < AZM_COUNT(values); v++) {
            char pair[256];
            const char *pairs[] = {pair, NULL};
            struct azm_settings settings;
            enum azm_setting_kind kind = azm_setting_table[i].kind;
            if (kind == AZM_SETTING_TEXT || kind == AZM_SETTING_PATTERNS) /* names and patterns: shown as they are */
                continue;
            if (v >= 2 && (kind == AZM_SETTING_URL || kind == AZM_SETTING_URLS)) /* no address at all */
                continue;
            snprintf(pair, sizeof pair, "%s=%s", azm_setting_table[i].name, values[v]);
            struct azm_env env = azm_env_of(pairs);
            told[0] = '\0';
            azm_settings_read(&settings, &env, tell, NULL);
            azm_settings_tell(&env, tell, NULL);
            azm_settings_warn_unused(&env, tell, NULL);
            if (strstr(told, "hunter2"))
                fail_msg("%s tells %s", pair, told);
        }
}

static void what_is_always_told(void **state)
{
    const char *none[] = {NULL}, *some[] = {"ELASTIC_APM_LOG_LEVEL=debug", "ELASTIC_APM_RECORDING=true",
                                            "ELASTIC_APM_CAPTURE_HEADERS=false", "ELASTIC_APM_API_KEY=k", NULL};
    struct azm_env env = azm_env_of(none);
    (void)state;
    told[0] = '\0';
    azm_settings_tell(&env, tell, NULL);
    assert_string_equal(told, "ELASTIC_APM_SERVER_URL= (default)\nELASTIC_APM_SERVICE_NAME= (default)\n"
                              "ELASTIC_APM_SERVICE_VERSION= (default)\nELASTIC_APM_LOG_LEVEL=info (default)\n");
    env = azm_env_of(some);
    told[0] = '\0';
    azm_settings_tell(&env, tell, NULL);
    assert_non_null(strstr(told, "ELASTIC_APM_LOG_LEVEL=debug (environment)\n"));
    assert_non_null(strstr(told, "ELASTIC_APM_CAPTURE_HEADERS=false (environment)\n"));
    assert_non_null(strstr(told, "ELASTIC_APM_API_KEY=[REDACTED] (environment)\n"));
    assert_null(strstr(told, "RECORDING")); /* the default, though it was set */
}

static void options_without_effect(void **state)
{
    const char *pairs[] = {"ELASTIC_APM_METRICS_INTERVAL=30s", "ELASTIC_APM_CENTRAL_CONFIG=false",
                           "ELASTIC_APM_HOSTNAME=h", "ELASTIC_APM_SPAN_COMPRESSION_ENABLED=", NULL};
    struct azm_env env = azm_env_of(pairs);
    (void)state;
    told[0] = '\0';
    azm_settings_warn_unused(&env, tell, NULL);
    assert_non_null(strstr(told, "ELASTIC_APM_METRICS_INTERVAL has no effect: metrics"));
    assert_non_null(strstr(told, "ELASTIC_APM_HOSTNAME has no effect"));
    assert_null(strstr(told, "CENTRAL_CONFIG")); /* as it is anyhow */
    assert_null(strstr(told, "COMPRESSION"));    /* not set */
}

static void the_tables_are_whole(void **state)
{
    (void)state;
    assert_non_null(azm_setting_title(&azm_setting_table[0]));
    for (size_t i = 0; i < azm_setting_group_count; i++)
        find(azm_setting_groups[i].first);
    for (size_t i = 0; i < azm_setting_count; i++) {
        const struct azm_setting *setting = &azm_setting_table[i];
        assert_non_null(azm_setting_type(setting));
        if (setting->standard[0] && !azm_setting_is_valid(setting, azm_slice_str(setting->standard)))
            fail_msg("%s: its default is not of its type", setting->name);
    }
    for (size_t i = 0; i < azm_setting_unused_count; i++)
        for (size_t j = 0; j < azm_setting_count; j++)
            assert_string_not_equal(azm_setting_unused[i].name, azm_setting_table[j].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_not_shown),
        cmocka_unit_test(where_a_value_is_from),
        cmocka_unit_test(no_secret_in_any_setting_is_told),
        cmocka_unit_test(what_is_always_told),
        cmocka_unit_test(options_without_effect),
        cmocka_unit_test(the_tables_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
