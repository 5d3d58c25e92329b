/* Small files in the run folder that the taps of one host's workers share: named after the host's process, of no use
 * once that is gone. */
#pragma once

#include "base/slice.h"

#define AZM_HOST_FILE_NAME_MAX 64u

enum azm_host_file {
    AZM_HOST_FILE_COLD,      /* the cold start is taken (coldstart.h) */
    AZM_HOST_FILE_FUNCTIONS, /* what a worker has indexed (tap/shared_functions.h) */
};

/* "functions-<host pid>-<host start time>": a restarted worker has the same host and so the same name. */
void azm_host_file_name(enum azm_host_file kind, uint32_t host_pid, uint64_t host_start,
                        char out[AZM_HOST_FILE_NAME_MAX]);
/* False for every other name. */
bool azm_host_file_parse(azm_slice name, enum azm_host_file *kind, uint32_t *host_pid, uint64_t *host_start);
