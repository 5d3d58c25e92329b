#include "doctor/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found lies inside the line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    azm_slice line = azm_slice_of(data, size);
    struct azm_log_unseen found;
    uint32_t pid;
    if (azm_log_unseen_parse(line, &found) && found.why.ptr + found.why.len != line.ptr + line.len)
        __builtin_trap();
    (void)azm_log_agent_parse(line, &pid);
    return 0;
}
