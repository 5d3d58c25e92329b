/* azimuth settings: which settings are in force, and which ones an app on Azure needs. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "program/azure_print.h"
#include "program/commands.h"
#include "program/options.h"
#include "program/settings_print.h"
#include "trace/settings_show.h"

#define PATH_LENGTH 512u

static void warn(void *self, azm_slice line)
{
    (void)self;
    fprintf(stderr, "azimuth settings: %.*s\n", AZM_FMT(line));
}

static int bad_usage(const char *what)
{
    fprintf(stderr, "azimuth settings: %s\n", what);
    return 2;
}

static int print(struct azm_buf *out)
{
    bool ok = !out->failed && fwrite(out->ptr, 1, out->len, stdout) == out->len && fflush(stdout) == 0;
    azm_buf_dispose(out);
    if (!ok)
        fprintf(stderr, "azimuth settings: standard output cannot be written, or there is too much for it\n");
    return ok ? 0 : 1;
}

static void tell_ignored(void)
{
    struct azm_settings settings;
    azm_settings_read(&settings, &azm_env_process, warn, NULL);
    azm_settings_warn_unused(&azm_env_process, warn, NULL);
}

static int show(bool json, bool markdown)
{
    struct azm_buf out;
    azm_buf_init(&out, 4u << 20);
    if (markdown) {
        azm_settings_print_markdown(&out);
        return print(&out);
    }
    tell_ignored();
    if (json)
        azm_settings_print_json(&out, &azm_env_process);
    else
        azm_settings_print_table(&out, &azm_env_process);
    return print(&out);
}

/* --- for an app on Azure --- */

struct azure {
    const char *language, *plan, *os, *to, *tap, *worker, *format;
};

static azm_azure_print *format_of(const char *name)
{
    static const struct {
        const char *name;
        azm_azure_print *print;
    } formats[] = {{"table", azm_azure_print_table},
                   {"az", azm_azure_print_az},
                   {"bicep", azm_azure_print_bicep},
                   {"json", azm_azure_print_json}};
    for (size_t i = 0; i < AZM_COUNT(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return formats[i].print;
    return NULL;
}

static bool is_path(const char *path)
{
    return !path || (path[0] && strlen(path) < PATH_LENGTH && !strpbrk(path, "\r\n"));
}

static int show_azure(const struct azure *azure)
{
    struct azm_azure_plan_result plan;
    struct azm_azure_app app;
    struct azm_error err;
    struct azm_buf out;
    azm_azure_print *format = format_of(azure->format);
    if (!format)
        return bad_usage("--format: expected table, az, bicep or json");
    if (!is_path(azure->tap) || !is_path(azure->worker))
        return bad_usage("--tap and --worker: expected a path of one line, not longer than 512 bytes");
    if (azm_azure_app_read(&app, azure->language, azure->plan, azure->os, azure->to, &err) != AZM_OK)
        return bad_usage(err.text);
    app.tap = azure->tap;
    app.worker = azure->worker;
    azm_azure_plan(&app, &plan);
    azm_buf_init(&out, 1u << 20);
    format(&out, &plan);
    return print(&out);
}

/* --- the command --- */

static int run(const struct azure *azure, bool json, bool markdown)
{
    bool other = azure->plan || azure->os || azure->to || azure->tap || azure->worker;
    if (json + markdown + (azure->language != NULL) > 1)
        return bad_usage("--json, --markdown and --azure exclude each other (with --azure: --format json)");
    if (!azure->language && (other || strcmp(azure->format, "table") != 0))
        return bad_usage("--plan, --os, --to, --tap, --worker and --format go with --azure LANGUAGE");
    return azure->language ? show_azure(azure) : show(json, markdown);
}

int azm_cmd_settings(int argc, char **argv)
{
    bool json = false, markdown = false;
    struct azure azure = {.format = "table"};
    const struct azm_option options[] = {
        {"--json", NULL, "as JSON", .flag = &json},
        {"--markdown", NULL, "the settings of this version as a page, without values in force", .flag = &markdown},
        {"--azure", "LANGUAGE", "the app settings for a function app: node, python, java, powershell, dotnet-isolated",
         .text = &azure.language},
        {"--plan", "PLAN", "dedicated (the default), premium, consumption, flex", .text = &azure.plan},
        {"--os", "OS", "linux (the default), windows", .text = &azure.os},
        {"--to", "KIND", "elastic (the default), otlp", .text = &azure.to},
        {"--tap", "PATH", "where azimuth-tap is on the app's machine", .text = &azure.tap},
        {"--worker", "PATH", "the defaultExecutablePath that the app has so far", .text = &azure.worker},
        {"--format", "FORMAT", "table (the default), az, bicep, json", .text = &azure.format},
    };
    const struct azm_usage usage = {"azimuth settings [--json | --markdown | --azure LANGUAGE [OPTIONS]]",
                                    "Shows every setting with the value that is in force in this environment, where it "
                                    "comes from, and its default;\n"
                                    "or the app settings that a function app on Azure needs. Secrets are not shown.",
                                    options, AZM_COUNT(options), false};
    int rest = azm_options_parse(&usage, argc, argv);
    if (rest < 0)
        return rest == AZM_OPTIONS_HELP ? 0 : 2;
    if (rest > 0)
        return bad_usage("takes no arguments but its options; azimuth settings --help lists them");
    return run(&azure, json, markdown);
}
