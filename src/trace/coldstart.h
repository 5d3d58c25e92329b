/* Which invocation is the cold one (S2, design section 5):
 *
 *     the first that this worker process gets, and the flag file could be made           cold
 *     the first that this worker process gets, but the file is there: another had it     not
 *     the first that this worker process gets, and the file cannot be made or looked at  cold
 *     any other                                                                          not
 *     a placeholder's WarmUp, before the app is there                                    not asked at all
 *     a warmup trigger of the app's own                                                  like any other function
 *
 * The cold start: exactly one invocation per start of the app, also with several worker processes and restarted ones.
 * S2 wants it thread-safe; here it is process-safe: whoever first makes a file of this name has it. */
#pragma once

#include "trace/host_file.h"

#define AZM_COLDSTART_NAME_MAX AZM_HOST_FILE_NAME_MAX

/* "cold-<host pid>-<host start time>": a restarted worker has the same host and so the same name, a new host another.
 */
void azm_coldstart_name(uint32_t host_pid, uint64_t host_start, char out[AZM_COLDSTART_NAME_MAX]);
/* False for every other name. */
bool azm_coldstart_name_parse(azm_slice name, uint32_t *host_pid, uint64_t *host_start);
