/* The subcommands of `azimuth`, one file cmd_<name>.c each. They get argv from their own name on and return the exit
 * code: 0, 1 for a failure (one line on stderr that names the input), 2 for wrong usage. */
#pragma once

#include <stdbool.h>

typedef int azm_command_main(int argc, char **argv);

azm_command_main azm_cmd_agent;
azm_command_main azm_cmd_doctor;
azm_command_main azm_cmd_hub;
azm_command_main azm_cmd_install_tap;
azm_command_main azm_cmd_record;
azm_command_main azm_cmd_replay;
azm_command_main azm_cmd_run;
azm_command_main azm_cmd_settings;
azm_command_main azm_cmd_traces;
azm_command_main azm_cmd_version;

/* `azimuth hub backup`, `check` and `vacuum`. False: argv names none of them. */
bool azm_cmd_hub_store(int argc, char **argv, int *code);
/* `azimuth hub export` and `import`, likewise. */
bool azm_cmd_hub_exchange(int argc, char **argv, int *code);
