#include "recording/environments.h"

#include <jansson.h>

/* A name is any text without '=' and NUL. */
static bool is_good(const char *name, const json_t *value)
{
    return *name && !strchr(name, '=') && (json_is_string(value) || json_is_null(value));
}

static enum azm_status collect(json_t *into, json_t *from, const char *path, struct azm_error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach(from, name, value)
    {
        if (!is_good(name, value))
            return azm_fail(err, AZM_BAD_INPUT,
                            "%s: %.100s: expected a variable's name and its value as a string, or null", path, name);
    }
    return json_object_update(into, from) == 0 || !from ? AZM_OK : azm_fail(err, AZM_NO_MEMORY, "out of memory");
}

static const char **to_pairs(json_t *object, struct azm_arena *arena)
{
    const char **out = azm_arena_array(arena, const char *, json_object_size(object) + 1);
    const char *name;
    json_t *value;
    size_t n = 0;
    json_object_foreach(object, name, value)
    {
        if (json_is_string(value))
            out[n++] = azm_arena_printf(arena, "%s=%s", name, json_string_value(value));
    }
    return out;
}

enum azm_status azm_environments_load(const char *path, const char *file, struct azm_arena *arena, const char ***out,
                                      struct azm_error *err)
{
    json_error_t where;
    json_t *table = json_load_file(path, 0, &where);
    if (!json_is_object(table)) {
        json_decref(table);
        return azm_fail(err, table ? AZM_BAD_INPUT : AZM_NOT_FOUND, "%s: expected a JSON object of environments: %s",
                        path, table ? "it is something else" : where.text);
    }
    json_t *all = json_object();
    enum azm_status st = collect(all, json_object_get(table, "*"), path, err);
    if (st == AZM_OK)
        st = collect(all, json_object_get(table, file), path, err);
    if (st == AZM_OK)
        *out = to_pairs(all, arena);
    json_decref(all);
    json_decref(table);
    return st;
}
