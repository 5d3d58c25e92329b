/* Functions, or the whole app, that a worker says it cannot load or index: an error event each, once per function and
 * process, and a count for the report. */
#pragma once

#include "tap/rpc.h"

#define AZM_REFUSALS_TOLD 32u /* of one app and process; more are only counted */

struct azm_refusals {
    char first[200]; /* the report's sentence */
};

struct azm_session;

/* Another app: what the one before could not load is over. */
void azm_refusals_clear(struct azm_session *session);
/* True: there is something new to be told; false: it is known, only counted, or nobody wants to know. */
bool azm_refusals_take(struct azm_session *session, const struct azm_rpc_refusal *refusal);
