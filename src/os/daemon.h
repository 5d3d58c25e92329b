/* A process that works by itself: it leaves the session of whoever started it, and ends when it is asked to. */
#pragma once

#include <stdbool.h>

#include "base/status.h"

/* Goes on as a child with a session of its own, with the null device for its three standard streams and nothing else
 * open; the process that called ends with 0 inside. Call it before threads, locks and files. Windows: lets go of the
 * console and stays the same process. */
enum azm_status azm_daemon_detach(struct azm_error *err) AZM_MUST_CHECK;

/* From now on a request to end (SIGTERM, SIGINT; Windows: console events) is only noted; a second one ends the process
 * at once. Also lets such requests through, whatever the starter had blocked, and ignores broken pipes. */
void azm_daemon_watch_stop(void);
bool azm_daemon_stop_asked(void);
