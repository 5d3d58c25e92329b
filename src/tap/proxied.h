/* HTTP proxying: the two legs of one invocation, its gRPC messages and its HTTP exchange, joined by
 * x-ms-invocation-id. Either may come first, and either may end last; neither waits for the other but the event for
 * both, unless the gRPC leg failed. What the HTTP leg tells: method, URL, status, sizes, and headers where the gRPC leg
 * has none. The outcome is the gRPC leg's.
 *
 * An HTTP request whose invocation is not asked for yet takes a place among the open invocations ("early"). Anybody can
 * send such a header, so these are few (AZM_PROXIED_EARLY_MAX) and are forgotten when nothing follows. */
#pragma once

#include "tap/http_leg.h"
#include "tap/session_state.h"

#define AZM_PROXIED_EARLY_MAX     256u
#define AZM_PROXIED_EARLY_WAIT_US 30000000 /* the worker itself waits 15 s at most for the other leg */

extern const struct azm_leg_listener azm_proxied_listener;

/* Now and then: forgets what nothing followed. */
void azm_proxied_sweep(struct azm_session *session, int64_t now_us);
