/* The agent's own log, a file that is never longer than 1 MiB and has two older ones beside it (agent.log.1, .2): the
 * agent has no standard error. Every file begins with the same head, so that none lacks the version and the settings.
 * One per process: it becomes the sink of base/log.h. */
#pragma once

#include "base/log.h"
#include "base/status.h"

#define AZM_LOG_FILE_MAX (1u << 20)

/* path: of the newest file. head: lines ended by newlines, without secrets; copied. also_stderr: every line goes there
 * too. */
enum azm_status azm_log_file_open(const char *path, enum azm_log_level level, const char *head, bool also_stderr,
                                  struct azm_error *err) AZM_MUST_CHECK;
/* Logging goes to standard error again. No other thread may be logging. */
void azm_log_file_close(void);
