/* What `azimuth run` changes in its child's environment, so that the Functions host below it starts the tap instead of
 * its workers: languageWorkers__<language>__defaultExecutablePath replaces only the executable, the host still computes
 * path and arguments (tap/executable.h tells how the tap finds the true one), and so for a custom handler. A plan from
 * values to values, without I/O. Sources: azure-functions-host, RpcWorkerConfigFactory; azure-functions-core-tools,
 * PythonHelpers. */
#pragma once

#include "base/arena.h"
#include "base/env.h"

/* Two environments as one: a name that top does not have is looked up in below. Both are borrowed. */
struct azm_run_layers {
    const struct azm_env *top, *below;
};
struct azm_env azm_run_env_over(const struct azm_run_layers *layers);

/* The setting that switches Azimuth off, as "NAME=value" in the arena; NULL: it is on. */
const char *azm_run_switched_off(const struct azm_env *env, struct azm_arena *arena);
/* The name of the setting that says where data goes; NULL: none, so a hub is needed. */
const char *azm_run_destination(const struct azm_env *env);
/* The URL as it may be shown: without user, password and query. */
const char *azm_run_shown_url(azm_slice url, struct azm_arena *arena);

#define AZM_RUN_CHANGES_MAX 24

struct azm_run_change {
    const char *name, *value;
};

struct azm_run_plan {
    struct azm_run_change changes[AZM_RUN_CHANGES_MAX];
    size_t count;
};

struct azm_run_facts {
    const struct azm_env *env; /* the app's settings: environment over local.settings.json */
    const char *tap;           /* absolute path of azimuth-tap */
    const char *shims;         /* folder with a `dotnet` that is the tap; NULL: there is no dotnet to be wrapped */
    const char *python;        /* what Core Tools would start as Python; NULL: there is none */
    const char *hub_url;       /* NULL: no hub */
    const char *handler;       /* handler_section.h; NULL: the app has no custom handler */
};

/* Node.js, Java and PowerShell are taken over unless the user named an executable for a language that is not the app's
 * (there is one variable to chain to, and the other language is not used). Python only when it is the app's language:
 * Core Tools asks the named executable for its version, and the tap can answer only for a Python it knows. A custom
 * handler has its own setting, which is set only where host.json has the section: it would else make one. */
void azm_run_plan(const struct azm_run_facts *facts, struct azm_arena *arena, struct azm_run_plan *out);
/* envp with the plan's changes, ended by NULL, in the arena. */
char **azm_run_apply(const struct azm_run_plan *plan, char *const *envp, struct azm_arena *arena);
