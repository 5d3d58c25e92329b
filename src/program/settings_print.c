#include "program/settings_print.h"

#include "json/write.h"
#include "program/limits.h"
#include "trace/settings_show.h"

#define VALUE_WIDTH 28u /* a longer one pushes the rest of its line to the right */

static const char *const origins[] = {
    [AZM_SETTING_DEFAULT] = "default",     [AZM_SETTING_GIVEN] = "environment", [AZM_SETTING_INHERITED] = "other name",
    [AZM_SETTING_OVERRULED] = "overruled", [AZM_SETTING_INVALID] = "invalid",
};

static enum azm_setting_origin value_of(const struct azm_setting *setting, const struct azm_env *env,
                                        struct azm_buf *value)
{
    azm_slice text;
    enum azm_setting_origin origin = azm_setting_origin(setting, env, &text);
    azm_buf_clear(value);
    azm_setting_show(value, setting, text.len ? text : azm_slice_str(setting->standard));
    return origin;
}

/* Where events go, in words, or why they go nowhere. */
static void add_summary(struct azm_buf *out, const struct azm_settings *settings)
{
    static const char *const where[] = {"nowhere: no server is configured", "to an Elastic APM server, as intake v2",
                                        "to an OpenTelemetry endpoint, as OTLP over HTTP"};
    if (!settings->enabled)
        azm_buf_add_str(out, "nowhere: switched off");
    else if (!settings->recording || settings->disable_send)
        azm_buf_add_str(out, "nowhere: nothing is recorded");
    else
        azm_buf_add_str(out, where[settings->destination.kind]);
}

/* --- for a terminal --- */

static void pad(struct azm_buf *out, size_t begin, size_t width)
{
    do
        azm_buf_add_byte(out, ' ');
    while (!out->failed && out->len < begin + width);
}

static size_t name_width(void)
{
    size_t width = 0;
    for (size_t i = 0; i < azm_setting_count; i++)
        if (strlen(azm_setting_table[i].name) > width)
            width = strlen(azm_setting_table[i].name);
    return width + 2;
}

static void add_row(struct azm_buf *out, size_t width, const char *name, azm_slice value, const char *from,
                    const char *standard, const char *help)
{
    size_t begin = out->len;
    azm_buf_add_str(out, name);
    pad(out, begin, width);
    azm_buf_add(out, value.len ? value : AZM_S("-"));
    pad(out, begin, width + VALUE_WIDTH);
    azm_buf_add_str(out, from);
    pad(out, begin, width + VALUE_WIDTH + 13);
    azm_buf_add_str(out, standard);
    pad(out, begin, width + VALUE_WIDTH + 13 + 15);
    azm_buf_addf(out, "%s\n", help);
}

static void add_unused(struct azm_buf *out, const struct azm_env *env)
{
    bool any = false;
    for (size_t i = 0; i < azm_setting_unused_count; i++) {
        const struct azm_setting_unused *option = &azm_setting_unused[i];
        if (!azm_env_get(env, option->name).len)
            continue;
        azm_buf_add_str(out, any ? "" : "\nSet, but without effect\n");
        azm_buf_addf(out, "%s: %s\n", option->name, option->reason);
        any = true;
    }
}

static void add_limits(struct azm_buf *out)
{
    azm_buf_add_str(out, "\nLimits\n");
    for (size_t i = 0; i < azm_limit_count; i++) {
        char text[64];
        azm_limit_text(&azm_limit_table[i], text, sizeof text);
        azm_buf_addf(out, "%-50s %-18s more: %s\n", azm_limit_table[i].name, text, azm_limit_table[i].beyond);
    }
}

void azm_settings_print_table(struct azm_buf *out, const struct azm_env *env)
{
    struct azm_settings settings;
    struct azm_buf value;
    size_t width = name_width();
    azm_settings_read(&settings, env, NULL, NULL);
    azm_buf_init(&value, 128 * 1024);
    azm_buf_add_str(out, "Events go ");
    add_summary(out, &settings);
    azm_buf_add_str(out, ".\n");
    for (size_t i = 0; i < azm_setting_count; i++) {
        const struct azm_setting *setting = &azm_setting_table[i];
        enum azm_setting_origin origin = value_of(setting, env, &value);
        const char *title = azm_setting_title(setting);
        bool is_long = strlen(setting->standard) > 14;
        if (title) {
            azm_buf_addf(out, "\n%s\n", title);
            add_row(out, width, "NAME", AZM_S("VALUE"), "FROM", "DEFAULT", "");
        }
        add_row(out, width, setting->name, azm_buf_slice(&value), origins[origin],
                !setting->standard[0] ? "-"
                : is_long             ? "(long)"
                                      : setting->standard,
                setting->help);
    }
    add_unused(out, env);
    add_limits(out);
    azm_buf_dispose(&value);
}

/* --- JSON --- */

static void text(struct azm_json_writer *json, const char *key, const char *value)
{
    azm_json_string(azm_json_key(json, azm_slice_str(key)), azm_slice_str(value));
}

static void settings_json(struct azm_json_writer *json, const struct azm_env *env)
{
    struct azm_buf value;
    const char *group = "";
    azm_buf_init(&value, 128 * 1024);
    azm_json_open_array(azm_json_key(json, AZM_S("settings")));
    for (size_t i = 0; i < azm_setting_count; i++) {
        const struct azm_setting *setting = &azm_setting_table[i];
        enum azm_setting_origin origin = value_of(setting, env, &value);
        group = azm_setting_title(setting) ? azm_setting_title(setting) : group;
        azm_json_open_object(json);
        text(json, "name", setting->name);
        text(json, "group", group);
        text(json, "type", azm_setting_type(setting));
        azm_json_string(azm_json_key(json, AZM_S("value")), azm_buf_slice(&value));
        text(json, "from", origins[origin]);
        text(json, "default", setting->standard);
        text(json, "help", setting->help);
        azm_json_close_object(json);
    }
    azm_json_close_array(json);
    azm_buf_dispose(&value);
}

static void unused_json(struct azm_json_writer *json, const struct azm_env *env)
{
    azm_json_open_array(azm_json_key(json, AZM_S("without_effect")));
    for (size_t i = 0; i < azm_setting_unused_count; i++) {
        azm_json_open_object(json);
        text(json, "name", azm_setting_unused[i].name);
        text(json, "reason", azm_setting_unused[i].reason);
        azm_json_bool(azm_json_key(json, AZM_S("set")), azm_env_get(env, azm_setting_unused[i].name).len > 0);
        azm_json_close_object(json);
    }
    azm_json_close_array(json);
}

static void limits_json(struct azm_json_writer *json)
{
    static const char *const units[] = {"count", "bytes", "characters", "ms"};
    azm_json_open_array(azm_json_key(json, AZM_S("limits")));
    for (size_t i = 0; i < azm_limit_count; i++) {
        azm_json_open_object(json);
        text(json, "name", azm_limit_table[i].name);
        azm_json_uint(azm_json_key(json, AZM_S("value")), azm_limit_table[i].value);
        text(json, "unit", units[azm_limit_table[i].unit]);
        text(json, "beyond", azm_limit_table[i].beyond);
        azm_json_close_object(json);
    }
    azm_json_close_array(json);
}

void azm_settings_print_json(struct azm_buf *out, const struct azm_env *env)
{
    static const char *const kinds[] = {"none", "elastic", "otlp"};
    struct azm_json_writer json = azm_json_writer(out);
    struct azm_settings settings;
    azm_settings_read(&settings, env, NULL, NULL);
    azm_json_open_object(&json);
    azm_json_bool(azm_json_key(&json, AZM_S("enabled")), settings.enabled);
    text(&json, "destination", kinds[settings.destination.kind]);
    settings_json(&json, env);
    unused_json(&json, env);
    limits_json(&json);
    azm_json_close_object(&json);
    azm_json_end_line(&json);
}

/* --- docs/SETTINGS.md --- */

/* Two characters mean something inside a table. */
static void add_cell(struct azm_buf *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '|' || *value == '*' || *value == '<')
            azm_buf_add_byte(out, '\\');
        azm_buf_add_byte(out, (uint8_t)*value);
    }
}

static void add_code(struct azm_buf *out, const char *value)
{
    if (value[0])
        azm_buf_addf(out, "`%s`", value);
}

static void settings_markdown(struct azm_buf *out)
{
    for (size_t i = 0; i < azm_setting_count; i++) {
        const struct azm_setting *setting = &azm_setting_table[i];
        const char *title = azm_setting_title(setting);
        if (title)
            azm_buf_addf(out, "\n## %s\n| name | type | default | |\n|---|---|---|---|\n", title);
        azm_buf_addf(out, "| `%s` | ", setting->name);
        add_cell(out, azm_setting_type(setting));
        azm_buf_add_str(out, " | ");
        add_code(out, setting->standard);
        azm_buf_add_str(out, " | ");
        add_cell(out, setting->help);
        azm_buf_add_str(out, " |\n");
    }
}

static void unused_markdown(struct azm_buf *out)
{
    azm_buf_add_str(out,
                    "\n## Known, but without effect\n"
                    "Options of Elastic's and OpenTelemetry's agents. One that is set to something else than what is "
                    "done anyhow is named in the agent's log.\n\n"
                    "| name | done anyhow | why |\n|---|---|---|\n");
    for (size_t i = 0; i < azm_setting_unused_count; i++) {
        azm_buf_addf(out, "| `%s` | ", azm_setting_unused[i].name);
        add_code(out, azm_setting_unused[i].accord);
        azm_buf_add_str(out, " | ");
        add_cell(out, azm_setting_unused[i].reason);
        azm_buf_add_str(out, " |\n");
    }
}

static void limits_markdown(struct azm_buf *out)
{
    azm_buf_add_str(out, "\n## Limits\nThese are fixed. What is dropped is counted, and the counts are in the status "
                         "file.\n\n| what | at most | more |\n|---|---|---|\n");
    for (size_t i = 0; i < azm_limit_count; i++) {
        char value[64];
        azm_limit_text(&azm_limit_table[i], value, sizeof value);
        azm_buf_add_str(out, "| ");
        add_cell(out, azm_limit_table[i].name);
        azm_buf_addf(out, " | %s | ", value);
        add_cell(out, azm_limit_table[i].beyond);
        azm_buf_add_str(out, " |\n");
    }
}

void azm_settings_print_markdown(struct azm_buf *out)
{
    azm_buf_add_str(
        out, "# Settings\n"
             "All of them are environment variables; on Azure, app settings. This page is made by `azimuth settings "
             "--markdown` from "
             "the tables that the programs use. `azimuth settings` shows which values are in force, and where each "
             "comes from.\n\n"
             "A value that is not of its type is ignored: the default stays, and a line in the agent's log says so. An "
             "empty "
             "value is as good as none. Of two names for the same thing (the endpoint for all, and the one for traces) "
             "the one that "
             "stands below goes first. Secrets are never shown.\n\n"
             "Where events go is told by the first of `ELASTIC_APM_SERVER_URL`, `OTEL_EXPORTER_OTLP_ENDPOINT` (or "
             "`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) and `DT_CONNECTION_POINT` that is set. With none of them Azimuth "
             "does nothing.\n");
    settings_markdown(out);
    unused_markdown(out);
    limits_markdown(out);
}
