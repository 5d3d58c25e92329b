/* HTTP proxying: the two legs of one invocation, its gRPC messages and its HTTP exchange, joined by
 * x-ms-invocation-id. Either may come first, and either may end last; neither waits for the other but the event for
 * both, unless the gRPC leg failed. What the HTTP leg tells: method, URL, status, sizes, and headers where the gRPC leg
 * has none. The outcome is the gRPC leg's.
 *
 * An HTTP request whose invocation is not asked for yet takes a place among the open invocations ("early"). Anybody can
 * send such a header, so these are few (AZM_PROXIED_EARLY_MAX) and are forgotten when nothing follows. */
#pragma once

#include "http/head.h"
#include "tap/session_state.h"

#define AZM_PROXIED_EARLY_MAX     256u
#define AZM_PROXIED_EARLY_WAIT_US 30000000 /* the worker itself waits 15 s at most for the other leg */

struct azm_leg_end {
    uint64_t request_size, response_size; /* bytes of content that passed */
    bool whole;                           /* the answer is complete */
};

/* A request's head has passed. False: it belongs to nothing that could be shown. */
bool azm_proxied_request(struct azm_session *session, azm_slice id, const struct azm_http_head *head, int64_t now_us);
/* The trace that such an invocation has, or gets now, for the worker to be told of it. False: it is not known any more.
 */
bool azm_proxied_trace(struct azm_session *session, azm_slice id, const struct azm_http_head *head,
                       struct azm_trace_decision *out);
/* So many values could not be overwritten. */
void azm_proxied_missed(struct azm_session *session, uint64_t count);
/* The head of its final answer. */
void azm_proxied_response(struct azm_session *session, azm_slice id, const struct azm_http_head *head);
/* The exchange is over, with its connection or without. */
void azm_proxied_end(struct azm_session *session, azm_slice id, const struct azm_leg_end *end, int64_t now_us);
/* Now and then: forgets what nothing followed. */
void azm_proxied_sweep(struct azm_session *session, int64_t now_us);
