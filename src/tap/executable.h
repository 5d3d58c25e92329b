/* Which program the tap stands for. First match:
 * 1. `azimuth-tap -- PROGRAM ARGS`: that one.
 * 2. Started under another name (a link called `dotnet`, first on PATH): the next of that name on PATH.
 * 3. $AZIMUTH_WORKER_EXECUTABLE: what the setting that names the tap named before.
 * 4. description.azimuthWorkerExecutable of $FUNCTIONS_WORKER_DIRECTORY/worker.config.json, which `azimuth install-tap`
 *    puts there (install/worker_config.h).
 * 5. description.defaultExecutablePath of it, or of its first profile whose conditions are met, as the host reads it.
 * For a custom handler ($FUNCTIONS_CUSTOMHANDLER_PORT) 4 and 5 are customHandler.description.defaultExecutablePath of
 * $FUNCTIONS_APP_ROOT_PATH/host.json, and what 3 to 5 name is looked for in that folder first, as the host does.
 * 3 to 5 are expanded as the host does: %NAME% from the environment (removed when it is not set), {os}, {architecture}
 * and .NET's {WorkerRoot}. A name without a slash is looked for on PATH. Never the tap itself, under whatever name. */
#pragma once

#include "base/arena.h"
#include "base/env.h"

struct azm_executable {
    const char *path; /* to be started */
    const char *name; /* as it was configured: the worker's argv[0], which Python finds its environment by */
    int skip;         /* arguments of ours before the worker's: argv[skip] is its argv[0] */
};

/* self: path of the tap's own executable, NULL when unknown. Everything found lives in the arena.
 * AZM_NOT_FOUND: nothing is configured, or it is not there; AZM_DENIED: not executable; AZM_BAD_CONFIG: it would be the
 * tap again, or the file cannot be read. */
enum azm_status azm_executable_find(int argc, char *const *argv, const struct azm_env *env, const char *self,
                                    struct azm_arena *arena, struct azm_executable *out, struct azm_error *err);

/* What the text of a worker.config.json names, not yet expanded. what: the file's name, for errors. AZM_NOT_FOUND when
 * it names nothing, AZM_BAD_INPUT or AZM_TOO_BIG when it cannot be read. */
enum azm_status azm_executable_configured(azm_slice json, const char *what, const struct azm_env *env,
                                          struct azm_arena *arena, azm_slice *out, struct azm_error *err);

/* %NAME% and {..} as above. */
azm_slice azm_executable_expand(azm_slice text, const struct azm_env *env, struct azm_arena *arena);
