/* What one connection of HTTP proxying tells: the host's requests and the worker's answers in HTTP/1.1, as they pass
 * (functions-worker protocol, capability HttpUri). Nothing is collected but a head that came in pieces; bodies are
 * counted. Bytes that two readers could frame differently, or more than AZM_LEG_EXCHANGES requests before an answer,
 * end the looking at this connection. One thread. */
#pragma once

#include "http/body.h"
#include "tap/observe.h"

#define AZM_LEG_EXCHANGES 8u

struct azm_session;
struct azm_http_leg;

/* NULL: out of memory. session is borrowed. */
struct azm_http_leg *azm_http_leg_open(struct azm_session *session);
/* As azm_http_leg_bytes, for the host's side before the bytes are sent: the traceparent of a request that belongs to an
 * invocation is overwritten (rewrite.h). Returns how many of the last bytes are to be held back, and left where they
 * are: of a head that is not complete what begins with the traceparent's value, since the id that it is joined by may
 * stand behind it, and the worker can do nothing before the head's end. */
size_t azm_http_leg_first(struct azm_http_leg *leg, char *bytes, size_t len, int64_t now_us);
/* What is held is sent as it is. */
void azm_http_leg_let_go(struct azm_http_leg *leg);
/* A head may follow: no content is being passed, and the connection is followed. */
bool azm_http_leg_awaits_head(const struct azm_http_leg *leg);
void azm_http_leg_bytes(struct azm_http_leg *leg, enum azm_side from, azm_slice bytes, int64_t now_us);
/* That side will send no more. */
void azm_http_leg_end(struct azm_http_leg *leg, enum azm_side from, int64_t now_us);
/* The connection is gone; what was not answered stays so. NULL is fine. */
void azm_http_leg_close(struct azm_http_leg *leg, int64_t now_us);
