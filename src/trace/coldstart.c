#include "trace/coldstart.h"

#include <inttypes.h>
#include <stdio.h>

void azm_coldstart_name(uint32_t host_pid, uint64_t host_start, char out[AZM_COLDSTART_NAME_MAX])
{
    snprintf(out, AZM_COLDSTART_NAME_MAX, "cold-%" PRIu32 "-%" PRIu64, host_pid, host_start);
}
