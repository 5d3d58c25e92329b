/* Starts a program that shall outlive us: in a session of its own where the system has such a thing, its standard
 * streams on the null device, no other handle of ours, signals as a fresh program expects them. */
#pragma once

#include "base/status.h"

/* path: no search. argv ends with NULL; the environment is ours. Waits for the end of what it started, which is
 * expected to detach further and end at once (azimuth agent --daemon), so not for a thread that must not wait. AZM_IO
 * when it could not be started or did not end with 0. */
enum azm_status azm_detach(const char *path, const char *const *argv, struct azm_error *err);
