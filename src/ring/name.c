#include "ring/name.h"

#include <inttypes.h>
#include <stdio.h>

void azm_ring_name(char out[AZM_RING_NAME_MAX], uint32_t pid, uint64_t process_start)
{
    snprintf(out, AZM_RING_NAME_MAX, "ring-%" PRIu32 "-%" PRIu64, pid, process_start);
}

bool azm_ring_name_parse(azm_slice name, uint32_t *pid, uint64_t *process_start)
{
    azm_slice prefix = AZM_S("ring-"), number;
    uint64_t p, start;
    char again[AZM_RING_NAME_MAX];
    if (!azm_slice_starts(name, prefix))
        return false;
    azm_slice rest = azm_slice_drop(name, prefix.len);
    if (!azm_slice_split(&rest, '-', &number) || azm_slice_to_u64(number, &p) != AZM_OK || p > UINT32_MAX ||
        azm_slice_to_u64(rest, &start) != AZM_OK)
        return false;
    azm_ring_name(again, (uint32_t)p, start);
    if (!azm_slice_eq(azm_slice_str(again), name)) /* leading zeros: not a name of ours */
        return false;
    *pid = (uint32_t)p;
    *process_start = start;
    return true;
}
