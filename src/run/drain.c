#include "run/drain.h"

#include "os/detach.h"
#include "os/file.h"
#include "os/run_dir.h"

#define IDLE_SECONDS "5"

static bool look(void *found, azm_slice name)
{
    *(bool *)found = azm_slice_starts(name, AZM_S("ring-"));
    return !*(bool *)found;
}

void azm_run_drain(const struct azm_env *env, const char *program)
{
    char folder[AZM_RUN_DIR_MAX];
    bool found = false;
    if (azm_run_dir_path(env, folder, NULL) != AZM_OK || azm_dir_list(folder, look, &found, NULL) != AZM_OK || !found)
        return;
    const char *const argv[] = {program,      "agent",     "--daemon", "--idle-seconds",
                                IDLE_SECONDS, "--run-dir", folder,     NULL};
    (void)azm_detach(program, argv, NULL);
}
