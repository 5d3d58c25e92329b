/* azimuth: everything but the tap, by subcommand. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "program/commands.h"

static const struct {
    const char *name, *summary;
    azm_command_main *run;
} commands[] = {
    {"run", "run a Functions host so that its invocations are seen", azm_cmd_run},
    {"hub", "receive traces, keep them and show them", azm_cmd_hub},
    {"install-tap", "put the tap into a published .NET isolated app", azm_cmd_install_tap},
    {"agent", "bring events from the processes that are seen to their server", azm_cmd_agent},
    {"settings", "show the settings in force, and those for an app on Azure", azm_cmd_settings},
    {"doctor", "tell what is seen, what is wrong, and what would mend it", azm_cmd_doctor},
    {"record", "write down a conversation between a Functions host and a worker", azm_cmd_record},
    {"replay", "play recorded conversations through the tap and compare", azm_cmd_replay},
    {"traces", "list the traces of a hub, or show one", azm_cmd_traces},
    {"version", "print the version", azm_cmd_version},
};

int azm_cmd_version(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        fprintf(stderr, "azimuth version: takes no arguments\n");
        return 2;
    }
    puts("azimuth " AZM_VERSION);
    return 0;
}

static void help(FILE *out)
{
    fputs("usage: azimuth COMMAND [OPTIONS]\n\n", out);
    for (size_t i = 0; i < AZM_COUNT(commands); i++)
        fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
    fputs("\nazimuth COMMAND --help tells a command's options.\n", out);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0)
        return azm_cmd_version(1, argv);
    for (size_t i = 0; i < AZM_COUNT(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "azimuth: no command \"%s\"; azimuth --help lists them\n", argv[1]);
    return 2;
}
