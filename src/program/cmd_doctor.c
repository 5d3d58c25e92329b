/* azimuth doctor: what is seen, what arrives, what is wrong, and what would mend it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "os/run_dir.h"
#include "program/commands.h"
#include "program/doctor_text.h"
#include "program/options.h"

#define OUT_MAX (64u << 20)

static int exit_code(enum azm_doctor_verdict verdict)
{
    switch (verdict) {
    case AZM_DOCTOR_WELL: return 0;
    case AZM_DOCTOR_PROBLEMS: return 1;
    case AZM_DOCTOR_NOTHING: return 3; /* 2 is wrong usage, as everywhere */
    }
    return 1;
}

static void print_json(const json_t *report)
{
    char *text = json_dumps(report, JSON_INDENT(2) | JSON_ENSURE_ASCII); /* no control characters either */
    if (text)
        puts(text);
    free(text);
}

static void print_text(const json_t *report)
{
    struct azm_terminal terminal = azm_terminal_of_stdout();
    struct azm_buf out;
    azm_buf_init(&out, OUT_MAX);
    azm_doctor_text(&terminal, report, &out);
    fwrite(out.ptr ? out.ptr : "", 1, out.len, stdout);
    azm_buf_dispose(&out);
}

int azm_cmd_doctor(int argc, char **argv)
{
    struct azm_doctor_options options = {.env = &azm_env_process, .app_dir = "."};
    bool json = false;
    const struct azm_option table[] = {
        {"--json", NULL, "the whole report as JSON (docs/STATUS.md)", .flag = &json},
        {"--run-dir", "DIR", "where the rings lie (default: as the tap finds it)", .text = &options.run_dir},
        {"--app-dir", "DIR", "a Functions app, looked at when it holds a host.json (.)", .text = &options.app_dir},
    };
    const struct azm_usage usage = {
        "azimuth doctor [--json] [--run-dir DIR] [--app-dir DIR]",
        "Tells which processes are seen, by what, what became of their events, what is wrong and what would mend it.\n"
        "Looks only, and shows no secret. Exit code: 0 all is well, 1 problems, 2 wrong usage, 3 no process is seen.",
        table, AZM_COUNT(table), false};
    enum azm_doctor_verdict verdict;
    int rest = azm_options_parse(&usage, argc, argv);
    if (rest < 0)
        return rest == AZM_OPTIONS_HELP ? 0 : 2;
    if (rest > 0) {
        fprintf(stderr, "azimuth doctor: takes no arguments but its options; azimuth doctor --help lists them\n");
        return 2;
    }
    if (options.run_dir && (options.run_dir[0] != '/' || strlen(options.run_dir) >= AZM_RUN_DIR_MAX)) {
        fprintf(stderr, "azimuth doctor: --run-dir is '%.200s'; expected an absolute path of less than %u bytes\n",
                options.run_dir, AZM_RUN_DIR_MAX);
        return 2;
    }
    json_t *report = azm_doctor_examine(&options, &verdict);
    if (json)
        print_json(report);
    else
        print_text(report);
    json_decref(report);
    return exit_code(verdict);
}
