/* azimuth run: run a command, a Functions host usually, so that its workers are started through the tap. */
#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

#include "os/process.h"
#include "os/program.h"
#include "program/beside.h"
#include "program/commands.h"
#include "program/options.h"
#include "run/drain.h"
#include "run/hub.h"
#include "run/handler_section.h"
#include "run/local_settings.h"
#include "run/plan.h"
#include "run/shims.h"

struct run {
    const char *app_dir;
    unsigned hub_port;
    bool no_hub;
    bool seen;      /* something is recorded */
    char **command; /* ended by NULL */
    char tap[AZM_PATH_MAX], own[AZM_PATH_MAX];
    struct azm_local_settings settings;
    struct azm_env env; /* the app's */
    struct azm_run_layers layers;
    struct azm_arena arena;
};

/* --- the command --- */

static void on_ended(void *self, int exit_code)
{
    *(int *)self = exit_code;
}

/* Exit codes for what cannot be started are a shell's. */
static int run_command(struct run *run, char *const *envp)
{
    uv_loop_t loop;
    struct azm_error err;
    const char *program;
    int exit_code = -1, no_pipe;
    enum azm_status st = azm_program_find(azm_slice_str(run->command[0]), azm_env_get(&azm_env_process, "PATH"), NULL,
                                          &run->arena, &program, &err);
    if (st != AZM_OK) {
        fprintf(stderr, "azimuth run: %s\n", err.text);
        return st == AZM_DENIED ? 126 : 127;
    }
    uv_loop_init(&loop);
    const struct azm_process_options options = {
        .program = program, .argv = run->command, .envp = envp, .loop = &loop, .ended = on_ended, .self = &exit_code};
    struct azm_process *process = azm_process_start(&options, &no_pipe, &err);
    if (!process)
        fprintf(stderr, "azimuth run: %s\n", err.text);
    while (process && exit_code < 0)
        uv_run(&loop, UV_RUN_ONCE);
    azm_process_free(process);
    uv_run(&loop, UV_RUN_NOWAIT);
    uv_loop_close(&loop);
    return process ? exit_code : 126;
}

/* --- what it gets --- */

static const char *python(struct run *run)
{
    static const azm_slice names[] = {AZM_S("python3"), AZM_S("python")};
    for (size_t i = 0; i < AZM_COUNT(names); i++) {
        const char *path;
        if (azm_program_find(names[i], azm_env_get(&azm_env_process, "PATH"), run->tap, &run->arena, &path, NULL) ==
            AZM_OK)
            return names[i].ptr;
    }
    return NULL;
}

static const char *shims(struct run *run)
{
    struct azm_error err;
    const char *folder = NULL;
    if (azm_run_shims(&azm_env_process, run->tap, &run->arena, &folder, &err) != AZM_OK)
        fprintf(stderr, "azimuth: .NET workers will not be seen: %s\n", err.text);
    return folder;
}

/* NULL, with a reason on stderr: the command runs all the same, only unseen. */
static const char *hub_url(struct run *run)
{
    const struct azm_run_hub_options options = {&azm_env_process, run->own, run->hub_port};
    struct azm_run_hub hub;
    struct azm_error err;
    enum azm_status st = azm_run_hub_find(&options, &run->arena, &hub, &err);
    if (st != AZM_OK) {
        fprintf(stderr, "azimuth: nothing is recorded: %s\n", err.text);
        return NULL;
    }
    fprintf(stderr, "azimuth: traces at http://127.0.0.1:%u/", hub.port);
    if (hub.moved)
        fprintf(stderr, " (port %u belongs to another program)", run->hub_port);
    fputs("\n", stderr);
    return azm_arena_printf(&run->arena, "http://127.0.0.1:%u", hub.port);
}

static void tell_destination(struct run *run, const char *name)
{
    if (run->settings.encrypted || strcmp(name, "DT_CONNECTION_POINT") == 0)
        fprintf(stderr, "azimuth: traces go where %s says\n", name);
    else
        fprintf(stderr, "azimuth: traces go to %s (%s)\n", azm_run_shown_url(azm_env_get(&run->env, name), &run->arena),
                name);
}

/* False: nobody would receive anything, so nothing is changed. */
static bool find_destination(struct run *run, const char **hub)
{
    const char *destination = azm_run_destination(&run->env);
    *hub = NULL;
    if (destination)
        tell_destination(run, destination);
    else if (run->no_hub)
        fputs("azimuth: nothing is recorded: no server is configured, and no hub is wanted\n", stderr);
    else
        *hub = hub_url(run);
    return destination || *hub;
}

static char **own_environment(struct run *run)
{
    uv_env_item_t *items;
    int count = 0;
    if (uv_os_environ(&items, &count) != 0)
        count = 0;
    char **out = azm_arena_array(&run->arena, char *, (size_t)count + 1);
    for (int i = 0; i < count; i++)
        out[i] = azm_arena_printf(&run->arena, "%s=%s", items[i].name, items[i].value);
    if (count > 0)
        uv_os_free_environ(items, count);
    return out;
}

static char **environment(struct run *run)
{
    struct azm_run_plan plan;
    const char *hub, *off = azm_run_switched_off(&run->env, &run->arena);
    if (off)
        fprintf(stderr, "azimuth: nothing is recorded: switched off by %s\n", off);
    if (off || !find_destination(run, &hub))
        return own_environment(run);
    const struct azm_run_facts facts = {&run->env,   run->tap, shims(run),
                                        python(run), hub,      azm_run_handler_section(run->app_dir, &run->arena)};
    run->seen = true;
    azm_run_plan(&facts, &run->arena, &plan);
    return azm_run_apply(&plan, own_environment(run), &run->arena);
}

static int run_app(struct run *run)
{
    struct azm_error err;
    enum azm_status st = azm_program_path(run->own, &err);
    if (st == AZM_OK)
        st = azm_program_beside("azimuth-tap", run->tap, &err);
    if (st != AZM_OK) {
        fprintf(stderr, "azimuth run: %s\n", err.text);
        return 1;
    }
    azm_arena_init(&run->arena, 0);
    if (azm_local_settings_load(run->app_dir, &run->arena, &run->settings, &err) != AZM_OK)
        fprintf(stderr, "azimuth: settings are left out of account: %s\n", err.text);
    run->layers = (struct azm_run_layers){&azm_env_process, &run->settings.env};
    run->env = azm_run_env_over(&run->layers);
    int exit_code = run_command(run, environment(run));
    if (run->seen)
        azm_run_drain(&run->env, run->own);
    azm_arena_dispose(&run->arena);
    return exit_code;
}

int azm_cmd_run(int argc, char **argv)
{
    struct run run = {.app_dir = ".", .hub_port = AZM_RUN_HUB_PORT};
    const char *port = NULL;
    uint64_t number = AZM_RUN_HUB_PORT;
    const struct azm_option options[] = {
        {"--app-dir", "DIR", "the app's folder, where local.settings.json is (.)", .text = &run.app_dir},
        {"--hub-port", "N", "where the hub is, or shall be (8200)", .text = &port},
        {"--no-hub", NULL, "do not look for a hub, and start none", .flag = &run.no_hub},
    };
    const struct azm_usage usage = {
        "azimuth run [OPTIONS] -- COMMAND [ARGUMENTS...]",
        "Runs a Functions host (func start, say) so that its invocations are seen, and tells where to look.\n"
        "Gives back the command's exit code.",
        options, AZM_COUNT(options), true};
    azm_process_inherit();
    int rest = azm_options_parse(&usage, argc, argv);
    if (rest < 0)
        return rest == AZM_OPTIONS_HELP ? 0 : 2;
    if (rest == 0) {
        fprintf(stderr, "azimuth run: no command was given\nusage: %s\n", usage.line);
        return 2;
    }
    if (port && (azm_slice_to_u64(azm_slice_str(port), &number) != AZM_OK || number == 0 || number > 65535)) {
        fprintf(stderr, "azimuth run: --hub-port %s: expected a port, 1 to 65535\n", port);
        return 2;
    }
    run.hub_port = (unsigned)number;
    run.command = argv + 1;
    return run_app(&run);
}
