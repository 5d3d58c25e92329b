/* One invocation, from the host's request and the worker's answer to the transaction in the ring. */
#pragma once

#include "tap/rpc.h"
#include "tap/session_state.h"

/* Fills the new entry from the request: trace, sampling, cold start, HTTP request. */
void azm_request_begin(struct azm_session *session, struct azm_invocation *invocation,
                       const struct azm_rpc_message *request);
/* The trace of an invocation whose request is being read, or has been: *out is what azm_request_begin() will keep to,
 * when the request says so (told); one without an id where a setting says that nobody wants to see it. False: no entry
 * could be made for it. */
bool azm_request_trace(struct azm_session *session, const struct azm_rpc_message *request,
                       struct azm_trace_decision *out);
/* The same for one whose HTTP request is known only, and when it is known: it is decided now, and kept to. headers: the
 * caller's own, as far as they are known; host_traceparent: the host's, where it is told apart from theirs. */
void azm_request_trace_http(struct azm_session *session, struct azm_invocation *invocation, azm_slice host_traceparent,
                            struct azm_pairs headers, struct azm_trace_decision *out);
/* The request on the HTTP leg (proxied.h). Its headers are kept where the gRPC leg has none: what the caller sent
 * itself counts, and the host adds to it. */
void azm_request_http(struct azm_session *session, struct azm_invocation *invocation, azm_slice method, azm_slice url,
                      struct azm_pairs headers);
void azm_request_http_answer(struct azm_session *session, struct azm_invocation *invocation, struct azm_pairs headers);
/* Notes the answer: status, HTTP answer. */
void azm_request_end(struct azm_session *session, struct azm_invocation *invocation,
                     const struct azm_rpc_message *response);
/* Writes the transaction (and, when it is due, the source before it) into the ring. */
void azm_request_report(struct azm_session *session, struct azm_invocation *invocation);
/* The faas.name of its function; ptr NULL: that is not known. */
azm_slice azm_request_faas_name(struct azm_session *session, const struct azm_invocation *invocation);
/* The metadata go before the first event. */
void azm_request_source(struct azm_session *session);
/* The worker died, and nothing that was open could tell of it. */
void azm_request_report_death(struct azm_session *session);
/* Drop counts and notes that came up since the last time, into the ring. */
void azm_request_report_losses(struct azm_session *session);
