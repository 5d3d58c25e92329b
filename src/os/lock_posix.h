/* flock for the files of this folder. */
#pragma once

#include "base/status.h"

/* AZM_BUSY when another open file holds it. */
enum azm_status azm_os_lock(int fd, const char *path, struct azm_error *err);
