#include "trace/coldstart.h"

#include <inttypes.h>
#include <stdio.h>

void azm_coldstart_name(uint32_t host_pid, uint64_t host_start, char out[AZM_COLDSTART_NAME_MAX])
{
    snprintf(out, AZM_COLDSTART_NAME_MAX, "cold-%" PRIu32 "-%" PRIu64, host_pid, host_start);
}

bool azm_coldstart_name_parse(azm_slice name, uint32_t *host_pid, uint64_t *host_start)
{
    azm_slice prefix = AZM_S("cold-"), rest = azm_slice_drop(name, prefix.len);
    size_t dash = azm_slice_find(rest, '-');
    uint64_t pid, start;
    if (!azm_slice_starts(name, prefix) || azm_slice_to_u64(azm_slice_take(rest, dash), &pid) != AZM_OK ||
        pid > UINT32_MAX || azm_slice_to_u64(azm_slice_drop(rest, dash + 1), &start) != AZM_OK)
        return false;
    *host_pid = (uint32_t)pid;
    *host_start = start;
    return true;
}
