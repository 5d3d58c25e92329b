#include "doctor/app.h"

#include <stdio.h>

#include "doctor/finding.h"
#include "json/read.h"
#include "os/file.h"
#include "os/program.h"
#include "run/handler_section.h"
#include "run/local_settings.h"
#include "run/plan.h"

#define HOST_JSON_MAX (4u << 20)

static void check_host_json(json_t *app, const char *path)
{
    struct azm_buf text;
    struct azm_error err;
    json_t *host = NULL;
    azm_buf_init(&text, HOST_JSON_MAX);
    enum azm_status status = azm_file_read(path, &text, &err);
    if (status == AZM_OK)
        status = azm_json_parse_config(azm_buf_slice(&text), path, &host, &err);
    if (status != AZM_OK)
        azm_finding(app, "host_json", AZM_PROBLEM_ERROR, "correct the file: the Functions host reads it, too", "%s",
                    err.text);
    json_decref(host);
    azm_buf_dispose(&text);
}

/* The same facts that `azimuth run` would gather, but for the hub. Only names are told: values may be secret. */
static void tell_plan(json_t *app, const char *folder, const struct azm_env *env, struct azm_arena *arena)
{
    const char *python;
    bool has_python =
        azm_program_find(AZM_S("python3"), azm_env_get(env, "PATH"), NULL, arena, &python, NULL) == AZM_OK;
    const struct azm_run_facts facts = {.env = env,
                                        .tap = "azimuth-tap",
                                        .python = has_python ? python : NULL,
                                        .handler = azm_run_handler_section(folder, arena)};
    struct azm_run_plan plan;
    json_t *names = json_array();
    azm_run_plan(&facts, arena, &plan);
    for (size_t i = 0; i < plan.count; i++)
        json_array_append_new(names, json_string(plan.changes[i].name));
    json_object_set_new(app, "settings", names);
}

static void check_language(json_t *app, const struct azm_env *env, bool encrypted)
{
    static const azm_slice known[] = {AZM_S_INIT("node"),       AZM_S_INIT("python"),          AZM_S_INIT("java"),
                                      AZM_S_INIT("powershell"), AZM_S_INIT("dotnet-isolated"), AZM_S_INIT("custom")};
    azm_slice language = azm_env_get(env, "FUNCTIONS_WORKER_RUNTIME");
    bool found = encrypted && language.len;
    for (size_t i = 0; i < AZM_COUNT(known); i++)
        found = found || azm_slice_eq_nocase(language, known[i]);
    azm_json_set_text(app, "language", azm_slice_take(language, 60));
    if (!language.len)
        azm_finding(app, "no_language", AZM_PROBLEM_WARNING,
                    "set FUNCTIONS_WORKER_RUNTIME below Values in local.settings.json",
                    "the app does not say its language");
    else if (!found)
        azm_finding(app, "unknown_language", AZM_PROBLEM_WARNING, NULL,
                    "FUNCTIONS_WORKER_RUNTIME is %.*s, whose processes are not seen",
                    AZM_FMT(azm_slice_take(language, 60)));
}

json_t *azm_doctor_app(const char *folder, const struct azm_env *env)
{
    char path[4200];
    struct azm_arena arena;
    struct azm_local_settings settings;
    struct azm_error err;
    snprintf(path, sizeof path, "%s/host.json", folder);
    if (!azm_file_exists(path))
        return NULL;
    json_t *app = json_object();
    azm_arena_init(&arena, 0);
    azm_json_set_text(app, "folder", azm_slice_str(folder));
    check_host_json(app, path);
    if (azm_local_settings_load(folder, &arena, &settings, &err) != AZM_OK)
        azm_finding(app, "local_settings", AZM_PROBLEM_WARNING, "correct the file: Core Tools reads it, too",
                    "settings are left out of account: %s", err.text);
    const struct azm_run_layers layers = {env, &settings.env};
    const struct azm_env both = azm_run_env_over(&layers);
    check_language(app, &both, settings.encrypted);
    tell_plan(app, folder, &both, &arena);
    azm_arena_dispose(&arena);
    return app;
}
