/* azimuth-tap: what a Functions host starts instead of a language worker. */
#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "tap/tap.h"

static const char usage[] =
    "usage: azimuth-tap -- PROGRAM ARGUMENTS...\n"
    "       azimuth-tap ARGUMENTS...   as a Functions host starts it: the program is $AZIMUTH_WORKER_EXECUTABLE, or\n"
    "                                  that of $FUNCTIONS_WORKER_DIRECTORY/worker.config.json\n"
    "\n"
    "Starts the language worker and relays its connection to the host, which is named in ARGUMENTS by --host and\n"
    "--port or by --functions-uri. Everything else is passed on as it is.\n";

/* A worker may be asked for its version or help too: then it is the worker's answer that counts. */
static bool stands_for_a_worker(void)
{
    return azm_env_get(&azm_env_process, "AZIMUTH_WORKER_EXECUTABLE").len > 0 ||
           azm_env_get(&azm_env_process, "FUNCTIONS_WORKER_DIRECTORY").len > 0;
}

static bool called_by_name(const char *name)
{
    azm_slice own = azm_slice_str(name);
    return azm_slice_eq(own, AZM_S("azimuth-tap")) || azm_slice_ends(own, AZM_S("/azimuth-tap"));
}

int main(int argc, char **argv, char **envp)
{
    if (argc == 2 && called_by_name(argv[0]) && !stands_for_a_worker()) {
        if (strcmp(argv[1], "--version") == 0)
            return puts("azimuth-tap " AZM_VERSION) < 0;
        if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
            return fputs(usage, stdout) < 0;
    }
    return azm_tap_main(argc, argv, envp);
}
