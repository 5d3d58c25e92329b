#include "tap/executable.h"

#include "base/buf.h"
#include "os/program.h"

enum { EXPANDED_MAX = 4096 };

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

static enum azm_status find_configured(const struct azm_env *env, const char *self, struct azm_arena *arena,
                                       struct azm_executable *out, struct azm_error *err)
{
    (void)out;
    (void)self;
    (void)arena;
    if (!azm_env_get(env, "FUNCTIONS_WORKER_DIRECTORY").ptr)
        return azm_fail(err, AZM_NOT_FOUND,
                        "nothing to start: neither AZIMUTH_WORKER_EXECUTABLE nor FUNCTIONS_WORKER_DIRECTORY is set and "
                        "no program follows --");
    return azm_fail(err, AZM_NOT_FOUND, "nothing to start: worker.config.json not read");
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
        return take_name(before, env, self, arena, out, err);
    return find_configured(env, self, arena, out, err);
}
