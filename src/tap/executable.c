#include "tap/executable.h"

#include "base/buf.h"
#include "json/read.h"
#include "os/file.h"
#include "os/program.h"
#include "os/regex.h"
#include "tap/handler.h"

enum {
    EXPANDED_MAX = 4096,
    PATH_LENGTH_MAX = 4096,
    CONFIG_MAX = 1024 * 1024,
};

/* What stands for the token between the marks; false: it is not one of ours and stays as it is. */
static bool add_token(struct azm_buf *out, azm_slice token, const struct azm_env *env)
{
    if (azm_slice_eq_nocase(token, AZM_S("os")))
        azm_buf_add(out, azm_program_os());
    else if (azm_slice_eq_nocase(token, AZM_S("architecture")))
        azm_buf_add(out, azm_program_architecture());
    else if (azm_slice_eq_nocase(token, AZM_S("WorkerRoot"))) {
        azm_buf_add(out, azm_env_get(env, "FUNCTIONS_WORKER_DIRECTORY"));
        azm_buf_add_byte(out, '/');
    } else
        return false;
    return true;
}

static void add_variable(struct azm_buf *out, azm_slice name, const struct azm_env *env)
{
    char text[256];
    if (name.len < sizeof(text)) {
        azm_slice_copy(name, text, sizeof(text));
        azm_buf_add(out, azm_env_get(env, text));
    }
}

azm_slice azm_executable_expand(azm_slice text, const struct azm_env *env, struct azm_arena *arena)
{
    char storage[EXPANDED_MAX];
    struct azm_buf out;
    azm_buf_init_fixed(&out, storage, sizeof(storage));
    for (size_t i = 0; i < text.len; i++) {
        azm_slice rest = azm_slice_drop(text, i + 1);
        size_t end = azm_slice_find(rest, text.ptr[i] == '{' ? '}' : '%');
        azm_slice inner = azm_slice_take(rest, end);
        bool token = end < rest.len && text.ptr[i] == '{' && add_token(&out, inner, env);
        if (end < rest.len && text.ptr[i] == '%') {
            add_variable(&out, inner, env);
            token = true;
        }
        if (token)
            i += end + 1;
        else
            azm_buf_add_byte(&out, (uint8_t)text.ptr[i]);
    }
    return out.failed ? (azm_slice){NULL, 0} : azm_arena_copy(arena, azm_buf_slice(&out));
}

/* name as it was written, expanded, and where it is. */
static enum azm_status take_name(azm_slice written, const struct azm_env *env, const char *self,
                                 struct azm_arena *arena, struct azm_executable *out, struct azm_error *err)
{
    azm_slice name = azm_executable_expand(written, env, arena);
    if (!name.ptr)
        return azm_fail(err, AZM_TOO_BIG, "cannot start a program with a name of over %d bytes", EXPANDED_MAX);
    out->name = azm_arena_str(arena, name);
    return azm_program_find(name, azm_env_get(env, "PATH"), self, arena, &out->path, err);
}

/* One condition of a profile. What only the host knows (hostProperty) is not met. */
static bool is_met(const json_t *condition, const struct azm_env *env)
{
    char name[256];
    azm_slice variable = azm_json_get_slice(condition, "conditionName");
    if (!azm_slice_eq_nocase(azm_json_get_slice(condition, "conditionType"), AZM_S("environment")) ||
        variable.len >= sizeof(name))
        return false;
    azm_slice_copy(variable, name, sizeof(name));
    azm_slice value = azm_env_get(env, name);
    return value.len > 0 && azm_regex_found(azm_json_get_slice(condition, "conditionExpression"), value);
}

static bool applies(const json_t *profile, const struct azm_env *env)
{
    const json_t *conditions = azm_json_get(profile, "conditions");
    for (size_t i = 0; i < json_array_size(conditions); i++)
        if (!is_met(json_array_get(conditions, i), env))
            return false;
    return json_array_size(conditions) > 0;
}

enum azm_status azm_executable_configured(azm_slice json, const char *what, const struct azm_env *env,
                                          struct azm_arena *arena, azm_slice *out, struct azm_error *err)
{
    json_t *root;
    enum azm_status status = azm_json_parse_config(json, what, &root, err);
    if (status != AZM_OK)
        return status;
    azm_slice named = azm_json_slice(azm_json_at(root, "description.azimuthWorkerExecutable"));
    const json_t *profiles = azm_json_get(root, "profiles");
    for (size_t i = 0; named.len == 0 && i < json_array_size(profiles); i++)
        if (applies(json_array_get(profiles, i), env)) {
            named = azm_json_slice(azm_json_at(json_array_get(profiles, i), "description.defaultExecutablePath"));
            break;
        }
    if (named.len == 0)
        named = azm_json_slice(azm_json_at(root, "description.defaultExecutablePath"));
    *out = azm_arena_copy(arena, named);
    json_decref(root);
    if (named.len == 0)
        return azm_fail(err, AZM_NOT_FOUND, "%s: no description.defaultExecutablePath", what);
    return out->ptr ? AZM_OK : azm_fail(err, AZM_NO_MEMORY, "%s: out of memory", what);
}

static enum azm_status find_configured(const struct azm_env *env, const char *self, struct azm_arena *arena,
                                       struct azm_executable *out, struct azm_error *err)
{
    struct azm_buf text;
    azm_slice written, folder = azm_slice_take(azm_env_get(env, "FUNCTIONS_WORKER_DIRECTORY"), PATH_LENGTH_MAX);
    if (folder.len == 0)
        return azm_fail(err, AZM_NOT_FOUND,
                        "no worker to start: set AZIMUTH_WORKER_EXECUTABLE or FUNCTIONS_WORKER_DIRECTORY, or name a "
                        "program after --");
    const char *path = azm_arena_printf(arena, "%.*s/worker.config.json", AZM_FMT(folder));
    if (!path)
        return azm_fail(err, AZM_NO_MEMORY, "out of memory");
    azm_buf_init(&text, CONFIG_MAX);
    enum azm_status status = azm_file_read(path, &text, err);
    if (status == AZM_OK)
        status = azm_executable_configured(azm_buf_slice(&text), path, env, arena, &written, err);
    azm_buf_dispose(&text);
    return status == AZM_OK ? take_name(written, env, self, arena, out, err) : status;
}

/* A custom handler: the host looks in the app's folder first, also for a name without a slash. */
static enum azm_status take_handler(azm_slice written, const struct azm_env *env, const char *self,
                                    struct azm_arena *arena, struct azm_executable *out, struct azm_error *err)
{
    azm_slice root = azm_slice_take(azm_env_get(env, "FUNCTIONS_APP_ROOT_PATH"), PATH_LENGTH_MAX);
    azm_slice name = azm_executable_expand(written, env, arena);
    if (root.len > 0 && name.len > 0 && name.ptr[0] != '/') {
        const char *path = azm_arena_printf(arena, "%.*s/%.*s", AZM_FMT(root), AZM_FMT(name));
        if (!path)
            return azm_fail(err, AZM_NO_MEMORY, "out of memory");
        enum azm_status status = azm_program_find(azm_slice_str(path), root, self, arena, &out->path, err);
        out->name = path;
        if (status != AZM_NOT_FOUND)
            return status;
    }
    return take_name(written, env, self, arena, out, err);
}

/* The older section, httpWorker, has the same form. */
static enum azm_status find_handler(const struct azm_env *env, const char *self, struct azm_arena *arena,
                                    struct azm_executable *out, struct azm_error *err)
{
    struct azm_buf text;
    json_t *root = NULL;
    azm_slice folder = azm_slice_take(azm_env_get(env, "FUNCTIONS_APP_ROOT_PATH"), PATH_LENGTH_MAX);
    const char *path = azm_arena_printf(arena, "%.*s/host.json", AZM_FMT(folder));
    if (!path)
        return azm_fail(err, AZM_NO_MEMORY, "out of memory");
    azm_buf_init(&text, CONFIG_MAX);
    enum azm_status status = azm_file_read(path, &text, err);
    if (status == AZM_OK)
        status = azm_json_parse_config(azm_buf_slice(&text), path, &root, err);
    azm_buf_dispose(&text);
    if (status != AZM_OK)
        return status;
    azm_slice named = azm_json_slice(azm_json_at(root, "customHandler.description.defaultExecutablePath"));
    if (named.len == 0)
        named = azm_json_slice(azm_json_at(root, "httpWorker.description.defaultExecutablePath"));
    azm_slice written = azm_arena_copy(arena, named);
    json_decref(root);
    if (written.len == 0)
        return azm_fail(err, AZM_NOT_FOUND, "%s: no customHandler.description.defaultExecutablePath", path);
    return take_handler(written, env, self, arena, out, err);
}

enum azm_status azm_executable_find(int argc, char *const *argv, const struct azm_env *env, const char *self,
                                    struct azm_arena *arena, struct azm_executable *out, struct azm_error *err)
{
    azm_slice path = azm_env_get(env, "PATH");
    *out = (struct azm_executable){0};
    if (argc > 1 && strcmp(argv[1], "--") == 0) {
        out->skip = 2;
        if (argc < 3)
            return azm_fail(err, AZM_BAD_USAGE, "no program after --");
        out->name = argv[2];
        return azm_program_find(azm_slice_str(argv[2]), path, self, arena, &out->path, err);
    }
    azm_slice own = azm_program_name(azm_slice_str(argc > 0 ? argv[0] : NULL));
    if (own.len > 0 && !azm_slice_starts(own, AZM_S("azimuth"))) {
        out->name = azm_arena_str(arena, own);
        return azm_program_find(own, path, self, arena, &out->path, err);
    }
    azm_slice before = azm_env_get(env, "AZIMUTH_WORKER_EXECUTABLE");
    if (before.len > 0)
        return (azm_handler_port(env) ? take_handler : take_name)(before, env, self, arena, out, err);
    return (azm_handler_port(env) ? find_handler : find_configured)(env, self, arena, out, err);
}
