/* A custom handler's invocations, as HTTP/1.1 on the connections that the host opens to it. Each exchange with an
 * invocation's id becomes what a worker's messages are to the session: a request and its answer.
 *
 * - By default the host posts {"Data", "Metadata"} to /<function> (handler_request.h) and takes a 2xx with JSON for an
 *   answer (handler_answer.h); anything else fails the invocation.
 * - Functions with nothing but HTTP around them get the caller's request as it is, where host.json says
 *   customHandler.enableForwardingHttpRequest (or enableProxyingHttpRequest, which streams it), under their route, and
 * with the older section httpWorker under /<function>. Then any answer is one.
 * - What has no id is the host's asking whether the handler is there, or somebody else's.
 *
 * A handler that breaks a connection off may be about to end: what was asked for waits 2 s for that (death.h). A host
 * that ends one does not wait for the answer any more: docs/ENDINGS.md.
 * Source: DefaultHttpWorkerService of azure-functions-host 4.x. */
#pragma once

#include "tap/http_leg.h"

#define AZM_HANDLER_READERS_MAX 64u /* requests whose bodies are read at one time; of more only the head is */

extern const struct azm_leg_listener azm_handler_listener;

/* Now and then: fails what was broken off, when the handler lives on. */
void azm_handler_sweep(struct azm_session *session, int64_t now_us);
