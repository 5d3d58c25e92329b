/* The name of a ring's file in the run folder: ring-<pid>-<start time of the process>, both decimal. */
#pragma once

#include "base/slice.h"

#define AZM_RING_NAME_MAX 40u /* bytes for azm_ring_name, with its NUL */

void azm_ring_name(char out[AZM_RING_NAME_MAX], uint32_t pid, uint64_t process_start);
/* False for every other name; out parameters are then untouched. */
bool azm_ring_name_parse(azm_slice name, uint32_t *pid, uint64_t *process_start);
