/* One agent per run folder, and the newer one wins. Three files there:
 *   agent.lock     held by the agent that works (os/lock.h); its content means nothing
 *   agent.version  that agent's version
 *   agent.request  the version of an agent that waits for its turn
 * An agent that finds the lock held by an older version writes its own into agent.request and waits; the older one sees
 * that within a second, sends what it has, lets go and ends. What it could not send lies in the rings for the newer. */
#pragma once

#include <stdbool.h>

#include "os/lock.h"

#define AZM_HANDOVER_WAIT_US 15000000 /* for an older agent to end */

/* Dotted numbers, compared one by one; what is missing counts as 0, and so does anything that is no number.
 * Negative, 0 or positive, as memcmp. */
int azm_version_compare(const char *a, const char *b);

/* Takes the lock, from an older agent too. NULL: err->status is AZM_BUSY when another agent works, as it should. */
struct azm_lock *azm_handover_begin(const char *run_dir, const char *version, struct azm_error *err);
/* For the agent that works: does a newer one wait? Reads a file; ask now and then. */
bool azm_handover_asked(const char *run_dir, const char *version);
