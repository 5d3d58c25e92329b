#include "run/local_settings.h"

#include <errno.h>
#include <stdio.h>

#include <jansson.h>

static const char *const nothing[] = {NULL};

/* The length of the comment or string at the front of text, 0 when it begins with neither. */
static size_t token_length(azm_slice text, bool *comment)
{
    *comment = true;
    if (azm_slice_starts(text, AZM_S("//")))
        return azm_slice_find(text, '\n');
    if (azm_slice_starts(text, AZM_S("/*"))) {
        azm_slice inner = azm_slice_drop(text, 2);
        return text.len - azm_slice_drop(inner, azm_slice_search(inner, AZM_S("*/")) + 2).len;
    }
    *comment = false;
    if (text.ptr[0] != '"')
        return 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] == '"')
            return i + 1;
        i += text.ptr[i] == '\\';
    }
    return text.len;
}

/* Blanks the comments, so that places in the text stay what they were. */
static azm_slice without_comments(azm_slice text, struct azm_arena *arena)
{
    char *copy = azm_arena_str(arena, text);
    for (size_t i = 0; i < text.len;) {
        bool comment;
        size_t len = token_length(azm_slice_drop(text, i), &comment);
        for (size_t k = i; comment && k < i + len; k++)
            if (copy[k] != '\n')
                copy[k] = ' ';
        i += len ? len : 1;
    }
    return azm_slice_of(copy, text.len);
}

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

enum azm_status azm_local_settings_parse(azm_slice text, struct azm_arena *arena, struct azm_local_settings *out,
                                         struct azm_error *err)
{
    json_error_t where;
    *out = (struct azm_local_settings){.env = azm_env_of(nothing)};
    if (azm_slice_starts(text, AZM_S("\xef\xbb\xbf")))
        text = azm_slice_drop(text, 3);
    text = without_comments(text, arena);
    json_t *settings = json_loadb(text.ptr, text.len, 0, &where);
    if (!settings)
        return azm_fail(err, AZM_BAD_INPUT, "line %d: %s", where.line, where.text);
    out->encrypted = json_is_true(json_object_get(settings, "IsEncrypted"));
    collect(json_object_get(settings, "Values"), arena, out);
    json_decref(settings);
    return AZM_OK;
}

enum azm_status azm_local_settings_load(const char *folder, struct azm_arena *arena, struct azm_local_settings *out,
                                        struct azm_error *err)
{
    struct azm_error why = {AZM_OK, ""};
    const char *path = azm_arena_printf(arena, "%s/local.settings.json", folder);
    *out = (struct azm_local_settings){.env = azm_env_of(nothing)};
    FILE *file = fopen(path, "rb");
    if (!file)
        return errno == ENOENT ? AZM_OK : azm_fail(err, AZM_IO, "%s: %s", path, strerror(errno));
    char *text = azm_arena_alloc(arena, AZM_LOCAL_SETTINGS_MAX);
    size_t len = fread(text, 1, AZM_LOCAL_SETTINGS_MAX, file);
    bool bad = ferror(file) || len == AZM_LOCAL_SETTINGS_MAX;
    fclose(file);
    if (bad)
        return azm_fail(err, AZM_IO, "%s: cannot be read", path);
    enum azm_status st = azm_local_settings_parse(azm_slice_of(text, len), arena, out, &why);
    return st == AZM_OK ? st : azm_fail(err, st, "%s: %s", path, why.text);
}
