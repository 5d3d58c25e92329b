#include "program/azure_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "program/azure_print.h"

#define SENDS "ELASTIC_APM_SERVER_URL ELASTIC_APM_SECRET_TOKEN "
static const struct {
    const char *language, *plan, *os, *to, *worker, *names;
} rows[] = {
    {"node", NULL, NULL, NULL, NULL, "languageWorkers__node__defaultExecutablePath " SENDS},
    {"node", "premium", "windows", NULL, NULL, "languageWorkers__node__defaultExecutablePath " SENDS},
    {"java", "consumption", "windows", "elastic", NULL,
     "languageWorkers__java__defaultExecutablePath WEBSITE_USE_PLACEHOLDER " SENDS},
    {"powershell", "flex", "linux", NULL, NULL,
     "languageWorkers__powershell__defaultExecutablePath WEBSITE_USE_PLACEHOLDER " SENDS},
    {"python", "dedicated", "linux", "otlp", "python3",
     "languageWorkers__python__defaultExecutablePath AZIMUTH_WORKER_EXECUTABLE OTEL_EXPORTER_OTLP_ENDPOINT "
     "OTEL_EXPORTER_OTLP_HEADERS "},
    {"custom", "consumption", "windows", NULL, NULL,
     "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath " SENDS},
    {"dotnet-isolated", "dedicated", NULL, NULL, "x", SENDS},
    {"dotnet-isolated", "flex", NULL, NULL, NULL, "WEBSITE_USE_PLACEHOLDER_DOTNETISOLATED " SENDS},
    {"dotnet-isolated", "premium", "windows", NULL, NULL, "WEBSITE_USE_PLACEHOLDER_DOTNETISOLATED " SENDS},
};

static void settings(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_azure_app app;
        struct azm_azure_plan_result plan;
        struct azm_error err;
        struct azm_buf names;
        char text[1024];
        assert_int_equal(azm_azure_app_read(&app, rows[i].language, rows[i].plan, rows[i].os, rows[i].to, &err),
                         AZM_OK);
        app.worker = rows[i].worker;
        azm_azure_plan(&app, &plan);
        azm_buf_init_fixed(&names, text, sizeof text - 1);
        for (size_t s = 0; s < plan.setting_count; s++)
            azm_buf_addf(&names, "%s ", plan.settings[s].name);
        text[names.len] = '\0';
        assert_string_equal(text, rows[i].names);
        assert_true(plan.note_count > 0 && plan.note_count <= AZM_AZURE_NOTES_MAX);
    }
}

static const struct {
    const char *language, *plan, *os, *to, *says;
} bad[] = {
    {"ruby", NULL, NULL, NULL, "--azure ruby: expected node, python"},
    {"Node", NULL, NULL, NULL, "--azure Node: expected"},
    {"", NULL, NULL, NULL, "expected node"},
    {"dotnet", NULL, NULL, NULL, "in-process"},
    {"node", "basic", NULL, NULL, "--plan basic: expected dedicated"},
    {"node", NULL, "macos", NULL, "--os macos: expected linux"},
    {"node", NULL, NULL, "jaeger", "--to jaeger: expected elastic"},
    {"node", "flex", "windows", NULL, "Linux only"},
    {"python", NULL, "windows", NULL, "Linux only"},
};

static void errors_say_what_there_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(bad); i++) {
        struct azm_azure_app app;
        struct azm_error err;
        assert_int_equal(azm_azure_app_read(&app, bad[i].language, bad[i].plan, bad[i].os, bad[i].to, &err),
                         AZM_BAD_USAGE);
        if (!strstr(err.text, bad[i].says))
            fail_msg("%s", err.text);
    }
}

static const struct {
    const char *text, *shell, *bicep;
} quotes[] = {
    {"", "''", "''"},
    {"/a/b c", "'/a/b c'", "'/a/b c'"},
    {"it's", "'it'\\''s'", "'it\\'s'"},
    {"C:\\home\\x", "'C:\\home\\x'", "'C:\\\\home\\\\x'"},
    {"$HOME ${x} $(y) `z`", "'$HOME ${x} $(y) `z`'", "'$HOME \\${x} $(y) `z`'"},
};

static void quoting(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(quotes); i++) {
        char text[256];
        struct azm_buf out;
        azm_buf_init_fixed(&out, text, sizeof text);
        azm_shell_quote(&out, quotes[i].text);
        assert_true(azm_slice_eq(azm_buf_slice(&out), azm_slice_str(quotes[i].shell)));
        azm_buf_clear(&out);
        azm_bicep_quote(&out, quotes[i].text);
        assert_true(azm_slice_eq(azm_buf_slice(&out), azm_slice_str(quotes[i].bicep)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(settings), cmocka_unit_test(errors_say_what_there_is),
                                       cmocka_unit_test(quoting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
