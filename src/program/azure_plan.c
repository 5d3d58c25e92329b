#include "program/azure_plan.h"

#include <string.h>

#include "base/attr.h"

/* By enum. */
static const char *const languages[] = {"node", "python", "java", "powershell", "dotnet-isolated", "custom"};
static const char *const plans[] = {"dedicated", "premium", "consumption", "flex"};
static const char *const systems[] = {"linux", "windows"};
static const char *const targets[] = {"elastic", "otlp"};

/* False: the word is none of them; NULL is the first. */
static bool choose(const char *word, const char *const *words, size_t count, size_t *out)
{
    for (*out = 0; word && *out < count; ++*out)
        if (strcmp(words[*out], word) == 0)
            return true;
    return !word;
}

static enum azm_status check(const struct azm_azure_app *app, struct azm_error *err)
{
    if (app->os != AZM_AZURE_WINDOWS)
        return AZM_OK;
    if (app->plan == AZM_AZURE_FLEX)
        return azm_fail(err, AZM_BAD_USAGE, "--plan flex runs on Linux only");
    if (app->language == AZM_AZURE_PYTHON)
        return azm_fail(err, AZM_BAD_USAGE, "Azure runs Python apps on Linux only");
    return AZM_OK;
}

enum azm_status azm_azure_app_read(struct azm_azure_app *out, const char *language, const char *plan, const char *os,
                                   const char *to, struct azm_error *err)
{
    size_t chosen[4];
    if (strcmp(language, "dotnet") == 0)
        return azm_fail(err, AZM_BAD_USAGE,
                        "--azure dotnet: an in-process .NET app has no worker process before which the tap could "
                        "stand; dotnet-isolated has one");
    if (!choose(language, languages, AZM_COUNT(languages), &chosen[0]))
        return azm_fail(err, AZM_BAD_USAGE,
                        "--azure %.60s: expected node, python, java, powershell, dotnet-isolated or custom (as "
                        "FUNCTIONS_WORKER_RUNTIME says)",
                        language);
    if (!choose(plan, plans, AZM_COUNT(plans), &chosen[1]))
        return azm_fail(err, AZM_BAD_USAGE, "--plan %.60s: expected dedicated, premium, consumption or flex", plan);
    if (!choose(os, systems, AZM_COUNT(systems), &chosen[2]))
        return azm_fail(err, AZM_BAD_USAGE, "--os %.60s: expected linux or windows", os);
    if (!choose(to, targets, AZM_COUNT(targets), &chosen[3]))
        return azm_fail(err, AZM_BAD_USAGE, "--to %.60s: expected elastic or otlp", to);
    *out = (struct azm_azure_app){.language = (enum azm_azure_language)chosen[0],
                                  .plan = (enum azm_azure_plan)chosen[1],
                                  .os = (enum azm_azure_os)chosen[2],
                                  .otlp = chosen[3] == 1};
    return check(out, err);
}

/* --- settings --- */

static void add(struct azm_azure_plan_result *out, const char *name, const char *value, const char *why)
{
    out->settings[out->setting_count++] = (struct azm_azure_setting){.name = name, .value = value, .why = why};
}

static void ask(struct azm_azure_plan_result *out, const char *name, const char *parameter, bool secret,
                const char *why)
{
    out->settings[out->setting_count++] =
        (struct azm_azure_setting){.name = name, .parameter = parameter, .secret = secret, .why = why};
}

static void note(struct azm_azure_plan_result *out, const char *text)
{
    out->notes[out->note_count++] = text;
}

static const char *tap_of(const struct azm_azure_app *app)
{
    if (app->tap)
        return app->tap;
    return app->os == AZM_AZURE_WINDOWS ? "C:\\home\\site\\wwwroot\\azimuth\\azimuth-tap.exe"
                                        : "/home/site/wwwroot/azimuth/azimuth-tap";
}

static const char *setting_of(enum azm_azure_language language)
{
    switch (language) {
    case AZM_AZURE_NODE: return "languageWorkers__node__defaultExecutablePath";
    case AZM_AZURE_PYTHON: return "languageWorkers__python__defaultExecutablePath";
    case AZM_AZURE_JAVA: return "languageWorkers__java__defaultExecutablePath";
    case AZM_AZURE_POWERSHELL: return "languageWorkers__powershell__defaultExecutablePath";
    case AZM_AZURE_CUSTOM: return "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath";
    case AZM_AZURE_DOTNET_ISOLATED: return NULL;
    }
    return NULL;
}

static bool has_placeholders(enum azm_azure_plan plan)
{
    return plan == AZM_AZURE_CONSUMPTION || plan == AZM_AZURE_FLEX;
}

static void add_tap(const struct azm_azure_app *app, struct azm_azure_plan_result *out)
{
    const char *name = setting_of(app->language);
    if (name)
        add(out, name, tap_of(app), "the host starts the tap, and the tap the worker");
    if (name && app->worker)
        add(out, "AZIMUTH_WORKER_EXECUTABLE", app->worker, "what the tap starts as the worker");
    if (!name && app->plan != AZM_AZURE_DEDICATED)
        add(out, "WEBSITE_USE_PLACEHOLDER_DOTNETISOLATED", "0",
            "a placeholder runs the app in its own process, before which no tap can stand");
    else if (name && app->language != AZM_AZURE_CUSTOM && has_placeholders(app->plan))
        add(out, "WEBSITE_USE_PLACEHOLDER", "0",
            "a placeholder's worker was started before the app's settings were known; costs time at a cold start");
}

static void add_destination(const struct azm_azure_app *app, struct azm_azure_plan_result *out)
{
    if (app->otlp) {
        ask(out, "OTEL_EXPORTER_OTLP_ENDPOINT", "otelExporterOtlpEndpoint", false,
            "where events go, as OTLP over HTTP (usually port 4318)");
        ask(out, "OTEL_EXPORTER_OTLP_HEADERS", "otelExporterOtlpHeaders", true,
            "what the endpoint wants to see: authorization=Bearer%20...");
        note(out, "The Functions host reads OTEL_EXPORTER_OTLP_ENDPOINT, too: where host.json says telemetryMode "
                  "OpenTelemetry, both send.");
        return;
    }
    ask(out, "ELASTIC_APM_SERVER_URL", "elasticApmServerUrl", false, "where events go: the URL of the APM server");
    ask(out, "ELASTIC_APM_SECRET_TOKEN", "elasticApmSecretToken", true, "its secret token; or use ELASTIC_APM_API_KEY");
}

static void add_placeholder_notes(const struct azm_azure_app *app, struct azm_azure_plan_result *out)
{
    if (app->language == AZM_AZURE_CUSTOM) /* its process is always the app's own */
        return;
    if (has_placeholders(app->plan) || (app->plan == AZM_AZURE_PREMIUM && app->language == AZM_AZURE_DOTNET_ISOLATED))
        note(out, "Without placeholders the app starts more slowly. Whether this plan heeds the setting has not been "
                  "seen.");
    else if (app->plan == AZM_AZURE_PREMIUM)
        note(out,
             "Where an instance is taken from a pool of placeholders, its first worker may not be seen until it is "
             "restarted; WEBSITE_USE_PLACEHOLDER=0 helps at the cost of slower starts.");
}

static void add_notes(const struct azm_azure_app *app, struct azm_azure_plan_result *out)
{
    if (app->os == AZM_AZURE_WINDOWS)
        note(out, "There is no Azimuth for Windows yet: these settings are for the version that brings it.");
    if (app->language == AZM_AZURE_DOTNET_ISOLATED)
        note(out, "The tap gets in by the app's own worker.config.json: run azimuth install-tap on the folder that "
                  "dotnet publish made, before every deployment. A setting cannot do it: the app's own file goes "
                  "before it.");
    else
        note(out, "Deploy azimuth-tap and azimuth, executable and side by side, in the folder azimuth of the app (or "
                  "say --tap where they are).");
    if (app->language == AZM_AZURE_CUSTOM)
        note(out, "host.json stays as it is: the tap reads from it what the handler is. Where it has the older section "
                  "httpWorker, that stands in the setting's name instead of customHandler.");
    else if (!app->worker && app->language != AZM_AZURE_DOTNET_ISOLATED)
        note(out, "Where the app has a defaultExecutablePath already, say it as --worker, so that the tap starts it.");
    add_placeholder_notes(app, out);
    note(out,
         "None of this has been seen on Azure yet: it follows the public source of the Functions host. Try it on a "
         "staging slot.");
    if (app->language == AZM_AZURE_DOTNET_ISOLATED)
        note(out, "To take it out, deploy the app without install-tap, and remove these settings.");
    else
        note(out, "To take it out, remove these settings again; the app restarts as it was.");
}

void azm_azure_plan(const struct azm_azure_app *app, struct azm_azure_plan_result *out)
{
    *out = (struct azm_azure_plan_result){.setting_count = 0};
    add_tap(app, out);
    add_destination(app, out);
    add_notes(app, out);
}
