/* azimuth agent: bring events from the rings of the run folder to where they go. */
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "base/env.h"
#include "os/daemon.h"
#include "os/private_dir.h"
#include "os/run_dir.h"
#include "program/commands.h"
#include "program/options.h"
#include "trace/settings.h"

static int bad_usage(const char *what)
{
    fprintf(stderr, "azimuth agent: %s\n", what);
    return 2;
}

static int fail(const struct azm_error *err)
{
    fprintf(stderr, "azimuth agent: %s\n", err->text);
    return 1;
}

static enum azm_status find_run_dir(const char *wanted, char out[AZM_RUN_DIR_MAX], struct azm_error *err)
{
    if (!wanted)
        return azm_run_dir(&azm_env_process, out, err);
    if (wanted[0] != '/' || azm_slice_copy(azm_slice_str(wanted), out, AZM_RUN_DIR_MAX) < strlen(wanted))
        return azm_fail(err, AZM_BAD_USAGE, "--run-dir is '%.200s'; expected an absolute path of less than %u bytes",
                        wanted, AZM_RUN_DIR_MAX);
    return azm_private_dir_make(out, err);
}

/* ELASTIC_APM_LOG_LEVEL as this process has it; an app's own is none of the agent's business. */
static enum azm_log_level log_level(void)
{
    enum azm_log_level level = AZM_LOG_INFO;
    char text[16];
    azm_slice_copy(azm_env_get(&azm_env_process, "ELASTIC_APM_LOG_LEVEL"), text, sizeof text);
    (void)azm_log_level_parse(text, &level);
    return level;
}

/* Of this process, like the log level: the spool is one for all apps. */
static uint64_t spool_bytes(void)
{
    struct azm_settings settings;
    azm_settings_read(&settings, &azm_env_process, NULL, NULL);
    return settings.spool_size;
}

static int run(struct azm_agent_options options, const char *wanted_dir, bool daemon)
{
    char run_dir[AZM_RUN_DIR_MAX];
    struct azm_error err = {AZM_OK, ""};
    enum azm_status status = find_run_dir(wanted_dir, run_dir, &err);
    if (status == AZM_BAD_USAGE || status == AZM_BAD_CONFIG)
        return bad_usage(err.text);
    if (status == AZM_OK && daemon)
        status = azm_daemon_detach(&err);
    if (status != AZM_OK)
        return fail(&err);
    options.run_dir = run_dir;
    options.log_level = log_level();
    options.spool_bytes = spool_bytes();
    options.log_to_stderr = !daemon;
    status = azm_agent_run(&options, &err);
    return status == AZM_OK || status == AZM_BUSY ? 0 : fail(&err);
}

int azm_cmd_agent(int argc, char **argv)
{
    const char *run_dir = NULL, *output = NULL, *idle = NULL;
    bool daemon = false, foreground = false;
    uint64_t idle_seconds = AZM_AGENT_IDLE_S;
    const struct azm_option table[] = {
        {"--run-dir", "DIR", "where the rings lie (default: as the tap finds it)", .text = &run_dir},
        {"--output", "FILE", "write every event to FILE as NDJSON, send nothing; - is standard output",
         .text = &output},
        {"--idle-seconds", "N", "end after so long without a process to look after (default 600)", .text = &idle},
        {"--foreground", NULL, "stay in this terminal and log to it, too (the default)", .flag = &foreground},
        {"--daemon", NULL, "leave this terminal and session", .flag = &daemon},
    };
    const struct azm_usage usage = {
        "azimuth agent [--run-dir DIR] [--output FILE] [--idle-seconds N] [--foreground | --daemon]",
        "Reads the rings that taps and probes write to and brings their events to the server each of them names.\n"
        "One agent per user is enough: a second one finds the first and ends. The tap starts it by itself.",
        table, AZM_COUNT(table), false};
    int rest = azm_options_parse(&usage, argc, argv);
    if (rest < 0)
        return rest == AZM_OPTIONS_HELP ? 0 : 2;
    if (rest > 0)
        return bad_usage("takes no arguments but its options; azimuth agent --help lists them");
    if (daemon && foreground)
        return bad_usage("--daemon and --foreground exclude each other");
    if (daemon && output && output[0] != '/')
        return bad_usage("with --daemon, --output needs an absolute path");
    if (idle && (azm_slice_to_u64(azm_slice_str(idle), &idle_seconds) != AZM_OK || idle_seconds > 31536000))
        return bad_usage("--idle-seconds expects a number of seconds, at most a year");
    struct azm_agent_options options = {.output = output, .idle_us = (int64_t)idle_seconds * 1000000};
    return run(options, run_dir, daemon);
}
