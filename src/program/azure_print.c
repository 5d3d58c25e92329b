#include "program/azure_print.h"

#include <stdio.h>

#include "base/slice.h"
#include "json/write.h"

static void add_notes(struct azm_buf *out, const struct azm_azure_plan_result *plan, const char *prefix)
{
    for (size_t i = 0; i < plan->note_count; i++)
        azm_buf_addf(out, "%s%s\n", prefix, plan->notes[i]);
}

void azm_azure_print_table(struct azm_buf *out, const struct azm_azure_plan_result *plan)
{
    size_t name_width = 0, value_width = 0;
    for (size_t i = 0; i < plan->setting_count; i++) {
        const struct azm_azure_setting *setting = &plan->settings[i];
        size_t name = strlen(setting->name), value = setting->value ? strlen(setting->value) : strlen("(yours)");
        name_width = name > name_width ? name : name_width;
        value_width = value > value_width ? value : value_width;
    }
    for (size_t i = 0; i < plan->setting_count; i++) {
        const struct azm_azure_setting *setting = &plan->settings[i];
        const char *yours = setting->secret ? "(secret)" : "(yours)";
        azm_buf_addf(out, "%-*s  %-*s  %s\n", (int)name_width, setting->name, (int)value_width,
                     setting->value ? setting->value : yours, setting->why);
    }
    azm_buf_add_str(out, "\n");
    add_notes(out, plan, "- ");
}

/* --- az --- */

void azm_shell_quote(struct azm_buf *out, const char *text)
{
    azm_buf_add_byte(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            azm_buf_add_str(out, "'\\'");
        azm_buf_add_byte(out, (uint8_t)*text);
    }
    azm_buf_add_byte(out, '\'');
}

static void add_az_setting(struct azm_buf *out, const struct azm_azure_setting *setting)
{
    char word[1024];
    if (setting->value) {
        snprintf(word, sizeof word, "%s=%s", setting->name, setting->value);
        azm_shell_quote(out, word);
    } else {
        azm_buf_addf(out, "\"%s=$%s\"", setting->name, setting->name);
    }
}

void azm_azure_print_az(struct azm_buf *out, const struct azm_azure_plan_result *plan)
{
    add_notes(out, plan, "# ");
    azm_buf_add_str(out, "# Set these variables first: APP, GROUP");
    for (size_t i = 0; i < plan->setting_count; i++)
        if (!plan->settings[i].value)
            azm_buf_addf(out, ", %s", plan->settings[i].name);
    azm_buf_add_str(out,
                    "\naz functionapp config appsettings set --name \"$APP\" --resource-group \"$GROUP\" --output none "
                    "\\\n  --settings");
    for (size_t i = 0; i < plan->setting_count; i++) {
        azm_buf_add_str(out, " \\\n    ");
        add_az_setting(out, &plan->settings[i]);
    }
    azm_buf_add_str(out, "\n");
}

/* --- Bicep --- */

void azm_bicep_quote(struct azm_buf *out, const char *text)
{
    azm_buf_add_byte(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\' || (*text == '$' && text[1] == '{'))
            azm_buf_add_byte(out, '\\');
        azm_buf_add_byte(out, (uint8_t)*text);
    }
    azm_buf_add_byte(out, '\'');
}

static void add_parameters(struct azm_buf *out, const struct azm_azure_plan_result *plan)
{
    for (size_t i = 0; i < plan->setting_count; i++) {
        const struct azm_azure_setting *setting = &plan->settings[i];
        if (setting->value)
            continue;
        azm_buf_add_str(out, "@description(");
        azm_bicep_quote(out, setting->why);
        azm_buf_addf(out, ")\n%sparam %s string\n\n", setting->secret ? "@secure()\n" : "", setting->parameter);
    }
}

void azm_azure_print_bicep(struct azm_buf *out, const struct azm_azure_plan_result *plan)
{
    add_notes(out, plan, "// ");
    azm_buf_add_str(out, "// In the site: siteConfig: { appSettings: concat(yourAppSettings, azimuthAppSettings) }\n"
                         "// A resource of its own (config/appsettings) would replace all other settings.\n\n");
    add_parameters(out, plan);
    azm_buf_add_str(out, "var azimuthAppSettings = [\n");
    for (size_t i = 0; i < plan->setting_count; i++) {
        const struct azm_azure_setting *setting = &plan->settings[i];
        azm_buf_add_str(out, "  {\n    name: ");
        azm_bicep_quote(out, setting->name);
        azm_buf_add_str(out, "\n    value: ");
        if (setting->value)
            azm_bicep_quote(out, setting->value);
        else
            azm_buf_add_str(out, setting->parameter);
        azm_buf_add_str(out, "\n  }\n");
    }
    azm_buf_add_str(out, "]\n");
}

/* --- JSON --- */

static struct azm_json_writer *key(struct azm_json_writer *json, const char *name)
{
    return azm_json_key(json, azm_slice_str(name));
}

void azm_azure_print_json(struct azm_buf *out, const struct azm_azure_plan_result *plan)
{
    struct azm_json_writer json = azm_json_writer(out);
    azm_json_open_object(&json);
    azm_json_open_array(key(&json, "settings"));
    for (size_t i = 0; i < plan->setting_count; i++) {
        const struct azm_azure_setting *setting = &plan->settings[i];
        azm_json_open_object(&json);
        azm_json_string(key(&json, "name"), azm_slice_str(setting->name));
        if (setting->value)
            azm_json_string(key(&json, "value"), azm_slice_str(setting->value));
        else
            azm_json_null(key(&json, "value"));
        azm_json_bool(key(&json, "secret"), setting->secret);
        azm_json_string(key(&json, "why"), azm_slice_str(setting->why));
        azm_json_close_object(&json);
    }
    azm_json_close_array(&json);
    azm_json_open_array(key(&json, "notes"));
    for (size_t i = 0; i < plan->note_count; i++)
        azm_json_string(&json, azm_slice_str(plan->notes[i]));
    azm_json_close_array(&json);
    azm_json_close_object(&json);
    azm_json_end_line(&json);
}
