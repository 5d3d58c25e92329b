#include "run/local_settings.h"

#include "json/read.h"
#include "os/file.h"

static const char *const nothing[] = {NULL};

static void collect(const json_t *values, struct azm_arena *arena, struct azm_local_settings *out)
{
    const char **pairs = azm_arena_array(arena, const char *, json_object_size(values) + 1);
    const char *name;
    json_t *value;
    size_t n = 0;
    json_object_foreach((json_t *)values, name, value)
    {
        if (json_is_string(value))
            pairs[n++] = azm_arena_printf(arena, "%s=%s", name, json_string_value(value));
    }
    out->env = azm_env_of(pairs);
}

enum azm_status azm_local_settings_parse(azm_slice text, const char *what, struct azm_arena *arena,
                                         struct azm_local_settings *out, struct azm_error *err)
{
    json_t *settings;
    *out = (struct azm_local_settings){.env = azm_env_of(nothing)};
    enum azm_status st = azm_json_parse_config(text, what, &settings, err);
    if (st != AZM_OK)
        return st;
    out->encrypted = json_is_true(json_object_get(settings, "IsEncrypted"));
    collect(json_object_get(settings, "Values"), arena, out);
    json_decref(settings);
    return AZM_OK;
}

enum azm_status azm_local_settings_load(const char *folder, struct azm_arena *arena, struct azm_local_settings *out,
                                        struct azm_error *err)
{
    struct azm_buf text;
    const char *path = azm_arena_printf(arena, "%s/local.settings.json", folder);
    *out = (struct azm_local_settings){.env = azm_env_of(nothing)};
    azm_buf_init(&text, AZM_LOCAL_SETTINGS_MAX);
    enum azm_status st = azm_file_read(path, &text, err);
    if (st == AZM_OK)
        st = azm_local_settings_parse(azm_buf_slice(&text), path, arena, out, err);
    azm_buf_dispose(&text);
    return st == AZM_NOT_FOUND ? AZM_OK : st;
}
