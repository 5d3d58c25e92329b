/* What the agent's log tells that nothing else does: processes that could not have a ring, and who the agent is.
 * Foreign bytes: taps append to the file, too, and it may be cut anywhere. */
#pragma once

#include <stdint.h>

#include "base/slice.h"

/* "2026-11-23T08:12:57.123456Z error tap: doctor: the worker of process 12 is not seen: WHY" */
struct azm_log_unseen {
    int64_t when_us;
    uint32_t pid;
    azm_slice why;
};
/* False for every other line. */
bool azm_log_unseen_parse(azm_slice line, struct azm_log_unseen *out);

/* "azimuth agent 0.1.0, process 12", the first line of each log: the process. False for every other line. */
bool azm_log_agent_parse(azm_slice line, uint32_t *pid);
