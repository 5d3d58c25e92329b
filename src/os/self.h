/* Which process this is. A number alone does not name a process for long: numbers are used again, with another start
 * time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

uint32_t azm_self_pid(void);
uint32_t azm_self_parent_pid(void);
/* Path of our own executable. After it was replaced on disk, the path under which it was started. AZM_TOO_BIG when out
 * is too small; size counts the NUL. */
enum azm_status azm_self_path(char *out, size_t size, struct azm_error *err) AZM_MUST_CHECK;

/* When a process started, in a unit of the system's own: to be compared, not shown. AZM_NOT_FOUND when there is none.
 * Linux: clock ticks since boot, field 22 of /proc/<pid>/stat. */
enum azm_status azm_process_start_time(uint32_t pid, uint64_t *out, struct azm_error *err) AZM_MUST_CHECK;
