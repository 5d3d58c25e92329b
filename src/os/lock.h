/* A named lock between processes: held by an open file, so it ends with its holder, however that dies. Never waits.
 * The file stays where it is: removing it would let two processes hold "the" lock. */
#pragma once

#include <stdbool.h>

#include "base/status.h"

struct azm_lock;

/* Makes the file (mode 0600, never through a link) when there is none. NULL: err->status is AZM_BUSY when another
 * process, or another handle of this one, holds it; any other status says why it cannot be had. A child forked without
 * exec shares the lock. */
struct azm_lock *azm_lock_try(const char *path, struct azm_error *err);
/* Does somebody hold it, or the lock of a map's file (map.h)? Makes nothing. To find out it is borrowed for an instant,
 * in which another's attempt fails: those who try, try again. */
bool azm_lock_is_held(const char *path);
/* NULL is fine. */
void azm_lock_release(struct azm_lock *lock);
