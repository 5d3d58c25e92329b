/* errno as a status and a sentence; for the files of this folder only. */
#pragma once

#include "base/status.h"

enum azm_status azm_os_status(int code);

/* "<what fmt says>: <the system's text for code>". err may be NULL. */
enum azm_status azm_os_fail(struct azm_error *err, int code, const char *fmt, ...) AZM_PRINTF(3, 4);
