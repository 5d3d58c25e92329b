#include "trace/host_file.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const prefixes[] = {[AZM_HOST_FILE_COLD] = "cold-", [AZM_HOST_FILE_FUNCTIONS] = "functions-"};

void azm_host_file_name(enum azm_host_file kind, uint32_t host_pid, uint64_t host_start,
                        char out[AZM_HOST_FILE_NAME_MAX])
{
    snprintf(out, AZM_HOST_FILE_NAME_MAX, "%s%" PRIu32 "-%" PRIu64, prefixes[kind], host_pid, host_start);
}

static bool numbers(azm_slice text, uint32_t *host_pid, uint64_t *host_start)
{
    size_t dash = azm_slice_find(text, '-');
    uint64_t pid, start;
    if (azm_slice_to_u64(azm_slice_take(text, dash), &pid) != AZM_OK || pid > UINT32_MAX ||
        azm_slice_to_u64(azm_slice_drop(text, dash + 1), &start) != AZM_OK)
        return false;
    *host_pid = (uint32_t)pid;
    *host_start = start;
    return true;
}

bool azm_host_file_parse(azm_slice name, enum azm_host_file *kind, uint32_t *host_pid, uint64_t *host_start)
{
    for (size_t i = 0; i < AZM_COUNT(prefixes); i++) {
        azm_slice prefix = azm_slice_str(prefixes[i]);
        *kind = (enum azm_host_file)i;
        if (azm_slice_starts(name, prefix))
            return numbers(azm_slice_drop(name, prefix.len), host_pid, host_start);
    }
    return false;
}
