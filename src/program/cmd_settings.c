/* azimuth settings: which settings are in force, and which ones an app on Azure needs. */
#include <stdio.h>

#include "base/buf.h"
#include "program/commands.h"
#include "program/options.h"
#include "program/settings_print.h"
#include "trace/settings_show.h"

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

int azm_cmd_settings(int argc, char **argv)
{
    bool json = false, markdown = false;
    const struct azm_option options[] = {
        {"--json", NULL, "as JSON", .flag = &json},
        {"--markdown", NULL, "the settings of this version as a page, without values in force", .flag = &markdown},
    };
    const struct azm_usage usage = {"azimuth settings [--json | --markdown]",
                                    "Shows every setting with the value that is in force in this environment, where it "
                                    "comes from, and its default.\n"
                                    "Secrets are not shown.",
                                    options, AZM_COUNT(options), false};
    int rest = azm_options_parse(&usage, argc, argv);
    if (rest < 0)
        return rest == AZM_OPTIONS_HELP ? 0 : 2;
    if (rest > 0)
        return bad_usage("takes no arguments but its options; azimuth settings --help lists them");
    if (json && markdown)
        return bad_usage("--json and --markdown exclude each other");
    return show(json, markdown);
}
