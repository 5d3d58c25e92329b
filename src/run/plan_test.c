#include "run/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define TAP   "/opt/azimuth/azimuth-tap"
#define NODE  "languageWorkers__node__defaultExecutablePath=" TAP "\n"
#define JAVA  "languageWorkers__java__defaultExecutablePath=" TAP "\n"
#define POWER "languageWorkers__powershell__defaultExecutablePath=" TAP "\n"
#define PY                                                                                                             \
    "languageWorkers__python__defaultExecutablePath=" TAP "\nlanguageWorkers:python:defaultExecutablePath=" TAP "\n"
#define CHAIN   "AZIMUTH_WORKER_EXECUTABLE="
#define HANDLER "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath"
#define HUB                                                                                                            \
    "ELASTIC_APM_SERVER_URL=http://127.0.0.1:8200\n"                                                                   \
    "ELASTIC_APM_LOG_SENDING=true\n"

static const struct {
    const char *env[8];
    const char *shims, *python, *hub;
    const char *changes; /* a line each */
} cases[] = {
    {{"FUNCTIONS_WORKER_RUNTIME=node"}, NULL, "python3", "http://127.0.0.1:8200", NODE JAVA POWER HUB},
    {{"FUNCTIONS_WORKER_RUNTIME=node"}, NULL, NULL, NULL, NODE JAVA POWER},
    {{"A=1"}, NULL, "python3", NULL, NODE JAVA POWER},
    /* Python: the chain is what Core Tools would have found, what the user had, or what was chained already */
    {{"FUNCTIONS_WORKER_RUNTIME=python"}, NULL, "python3", NULL, NODE CHAIN "python3\n" PY JAVA POWER},
    {{"FUNCTIONS_WORKER_RUNTIME=python"}, NULL, NULL, NULL, NODE JAVA POWER},
    {{"FUNCTIONS_WORKER_RUNTIME=python", CHAIN "/my/python"}, NULL, "python3", NULL, NODE PY JAVA POWER},
    {{"FUNCTIONS_WORKER_RUNTIME=python", "languageWorkers:python:defaultExecutablePath=/venv/bin/python"},
     NULL,
     "python3",
     NULL,
     NODE CHAIN "/venv/bin/python\n" PY JAVA POWER},
    {{"FUNCTIONS_WORKER_RUNTIME=python", "languageWorkers__python__defaultExecutablePath=/venv/bin/python"},
     NULL,
     NULL,
     NULL,
     NODE CHAIN "/venv/bin/python\n" PY JAVA POWER},
    /* what is the user's and not the app's language is left alone */
    {{"FUNCTIONS_WORKER_RUNTIME=node", "languageWorkers__java__defaultExecutablePath=/jdk/java"},
     NULL,
     NULL,
     NULL,
     NODE POWER},
    {{"FUNCTIONS_WORKER_RUNTIME=Java", "languageWorkers__java__defaultExecutablePath=/jdk/java"},
     NULL,
     NULL,
     NULL,
     NODE CHAIN "/jdk/java\n" JAVA POWER},
    {{"languageWorkers__java__defaultExecutablePath=/jdk/java"}, NULL, NULL, NULL, NODE POWER},
    {{"FUNCTIONS_WORKER_RUNTIME=java", "languageWorkers:java:defaultExecutablePath=/jdk/java"},
     NULL,
     NULL,
     NULL,
     NODE CHAIN "/jdk/java\n" JAVA "languageWorkers:java:defaultExecutablePath=" TAP "\n" POWER},
    /* a run inside a run chains to nothing new */
    {{"FUNCTIONS_WORKER_RUNTIME=node", "languageWorkers__node__defaultExecutablePath=" TAP, "PATH=/shims:/bin"},
     "/shims",
     NULL,
     NULL,
     NODE JAVA POWER},
    {{"PATH=/usr/bin:/bin"}, "/shims", NULL, NULL, NODE JAVA POWER "PATH=/shims:/usr/bin:/bin\n"},
    {{"PATH=/shims2:/bin"}, "/shims", NULL, NULL, NODE JAVA POWER "PATH=/shims:/shims2:/bin\n"},
    {{"A=1"}, "/shims", NULL, NULL, NODE JAVA POWER},
    {{"AZIMUTH_HUB_TOKEN=secret"},
     NULL,
     NULL,
     "http://127.0.0.1:8200",
     NODE JAVA POWER HUB "ELASTIC_APM_SECRET_TOKEN=secret\n"},
    /* somebody's own server is not replaced */
    {{"ELASTIC_APM_SERVER_URL=https://apm"}, NULL, NULL, "http://127.0.0.1:8200", NODE JAVA POWER},
    {{"ELASTIC_APM_LOG_SENDING=false"},
     NULL,
     NULL,
     "http://127.0.0.1:8200",
     NODE JAVA POWER "ELASTIC_APM_SERVER_URL=http://127.0.0.1:8200\n"},
    {{"ELASTIC_APM_SERVER_URL= "}, NULL, NULL, "http://127.0.0.1:8200", NODE JAVA POWER HUB},
};

static void check(const struct azm_run_facts *facts, const char *changes)
{
    struct azm_arena arena;
    struct azm_run_plan plan;
    char text[2048] = "";
    size_t len = 0;
    azm_arena_init(&arena, 0);
    azm_run_plan(facts, &arena, &plan);
    for (size_t k = 0; k < plan.count; k++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s=%s\n", plan.changes[k].name, plan.changes[k].value);
    assert_string_equal(text, changes);
    azm_arena_dispose(&arena);
}

static void handlers(void **state)
{
    static const struct {
        const char *env, *section, *changes;
    } rows[] = {
        {"FUNCTIONS_WORKER_RUNTIME=custom", "customHandler", HANDLER "=" TAP "\n"},
        {HANDLER "=bin/mine", "customHandler", CHAIN "bin/mine\n" HANDLER "=" TAP "\n"},
        {HANDLER "=" TAP, "customHandler", HANDLER "=" TAP "\n"},
        {"A=1", "httpWorker", "AzureFunctionsJobHost__httpWorker__description__defaultExecutablePath=" TAP "\n"},
        {"A=1", NULL, ""},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        const char *pairs[] = {rows[i].env, NULL};
        char changes[1024];
        struct azm_env env = azm_env_of(pairs);
        snprintf(changes, sizeof changes, NODE JAVA POWER "%s", rows[i].changes);
        check(&(struct azm_run_facts){.env = &env, .tap = TAP, .handler = rows[i].section}, changes);
    }
}

static void plans(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        struct azm_env env = azm_env_of(cases[i].env);
        const struct azm_run_facts facts = {
            .env = &env, .tap = TAP, .shims = cases[i].shims, .python = cases[i].python, .hub_url = cases[i].hub};
        check(&facts, cases[i].changes);
    }
}

static void applied(void **state)
{
    char a[] = "A=1", b[] = "B=2", ab[] = "AB=3", *envp[] = {a, b, ab, NULL};
    const struct azm_run_plan plan = {.changes = {{"A", "9"}, {"C", ""}}, .count = 2};
    struct azm_arena arena;
    (void)state;
    azm_arena_init(&arena, 0);
    char **out = azm_run_apply(&plan, envp, &arena);
    assert_string_equal(out[0], "B=2");
    assert_string_equal(out[1], "AB=3");
    assert_string_equal(out[2], "A=9");
    assert_string_equal(out[3], "C=");
    assert_null(out[4]);
    azm_arena_dispose(&arena);
}

static void switches(void **state)
{
    static const struct {
        const char *env[3], *off;
    } rows[] = {
        {{"ELASTIC_APM_ENABLED=false"}, "ELASTIC_APM_ENABLED=false"},
        {{"ELASTIC_APM_ENABLED= False "}, "ELASTIC_APM_ENABLED=False"},
        {{"ELASTIC_APM_ENABLED=true"}, NULL},
        {{"OTEL_SDK_DISABLED=true"}, "OTEL_SDK_DISABLED=true"},
        {{"OTEL_SDK_DISABLED=1"}, NULL},
        {{"AZIMUTH_ENABLED=0"}, "AZIMUTH_ENABLED=0"},
        {{"AZIMUTH_ENABLED=false"}, "AZIMUTH_ENABLED=false"},
        {{"AZIMUTH_ENABLED="}, NULL},
        {{"ELASTIC_APM_RECORDING=false"}, "ELASTIC_APM_RECORDING=false"},
        {{"ELASTIC_APM_DISABLE_SEND=true"}, "ELASTIC_APM_DISABLE_SEND=true"},
        {{"ELASTIC_APM_DISABLE_SEND=false"}, NULL},
        {{NULL}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_arena arena;
        struct azm_env env = azm_env_of(rows[i].env);
        azm_arena_init(&arena, 0);
        const char *off = azm_run_switched_off(&env, &arena);
        assert_int_equal(off != NULL, rows[i].off != NULL);
        if (off)
            assert_string_equal(off, rows[i].off);
        azm_arena_dispose(&arena);
    }
}

static void destinations(void **state)
{
    static const char *const both[] = {"OTEL_EXPORTER_OTLP_ENDPOINT=x", "DT_CONNECTION_POINT=y", NULL};
    static const char *const traces[] = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=x", NULL};
    static const char *const no_otlp[] = {"OTEL_EXPORTER_OTLP_ENDPOINT=x", "OTEL_TRACES_EXPORTER=none", NULL};
    static const char *const first[] = {"ELASTIC_APM_SERVER_URL=x", NULL};
    static const char *const empty[] = {"ELASTIC_APM_SERVER_URL=", NULL};
    struct azm_env top = azm_env_of(empty), below = azm_env_of(both), only = azm_env_of(first),
                   traces_only = azm_env_of(traces);
    const struct azm_run_layers layers = {&top, &below}, other = {&below, &only};
    struct azm_env all = azm_run_env_over(&layers), turned = azm_run_env_over(&other);
    (void)state;
    assert_string_equal(azm_run_destination(&all), "OTEL_EXPORTER_OTLP_ENDPOINT");
    assert_string_equal(azm_run_destination(&turned), "ELASTIC_APM_SERVER_URL");
    assert_null(azm_run_destination(&top));
    assert_string_equal(azm_run_destination(&traces_only), "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    assert_string_equal(azm_run_destination(&below), "OTEL_EXPORTER_OTLP_ENDPOINT");
    struct azm_env none = azm_env_of(no_otlp);
    assert_null(azm_run_destination(&none));
}

static void urls(void **state)
{
    static const struct {
        const char *url, *shown;
    } rows[] = {
        {"https://apm.example:8200", "https://apm.example:8200"},
        {"https://user:pass@apm.example/x?key=1", "https://apm.example/x"},
        {"https://a:b@c@apm.example/@", "https://apm.example/@"},
        {"apm.example", "apm.example"},
        {"", ""},
    };
    struct azm_arena arena;
    (void)state;
    azm_arena_init(&arena, 0);
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        assert_string_equal(azm_run_shown_url(azm_slice_str(rows[i].url), &arena), rows[i].shown);
    azm_arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handlers), cmocka_unit_test(plans),        cmocka_unit_test(applied),
        cmocka_unit_test(switches), cmocka_unit_test(destinations), cmocka_unit_test(urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
