#include "trace/coldstart.h"

void azm_coldstart_name(uint32_t host_pid, uint64_t host_start, char out[AZM_COLDSTART_NAME_MAX])
{
    azm_host_file_name(AZM_HOST_FILE_COLD, host_pid, host_start, out);
}

bool azm_coldstart_name_parse(azm_slice name, uint32_t *host_pid, uint64_t *host_start)
{
    enum azm_host_file kind;
    return azm_host_file_parse(name, &kind, host_pid, host_start) && kind == AZM_HOST_FILE_COLD;
}
