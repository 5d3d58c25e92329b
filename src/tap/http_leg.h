/* What one connection that the host opens tells: its requests and the answers in HTTP/1.1, as they pass. Under HTTP
 * proxying (functions-worker protocol, capability HttpUri; proxied.h) they are the second leg of an invocation, with a
 * custom handler (handler_leg.h) all of it. Nothing is collected but a head that came in pieces; bodies are
 * counted. Bytes that two readers could frame differently, or more than AZM_LEG_EXCHANGES requests before an answer,
 * end the looking at this connection. One thread. */
#pragma once

#include "http/body.h"
#include "tap/observe.h"
#include "trace/decision.h"

#define AZM_LEG_EXCHANGES 8u

struct azm_session;
struct azm_http_leg;

struct azm_leg_end {
    uint64_t request_size, response_size; /* bytes of content that passed */
    bool whole;                           /* the answer is complete */
    bool unseen;                          /* it may be: the bytes made no sense */
    bool by_host;                         /* it is not: the host ended the connection */
};

/* Who is told of the exchanges that belong to an invocation, by its id. */
struct azm_leg_listener {
    azm_slice id_fields[2]; /* the header fields of which the first has the id */
    bool host_end_is_final; /* a host that ends its half of the connection does not wait for answers any more */
    /* Of a connection; self for the calls below. NULL: no memory. */
    void *(*open)(struct azm_session *session);
    void (*close)(void *self);
    /* A request's head has passed. False: it belongs to nothing that could be shown. */
    bool (*request)(void *self, azm_slice id, const struct azm_http_head *head, int64_t now_us);
    /* The trace that such an invocation has, or gets now, for the worker to be told of it. False: it is not known any
     * more. */
    bool (*trace)(void *self, azm_slice id, const struct azm_http_head *head, struct azm_trace_decision *out);
    /* The head of its final answer. */
    void (*response)(void *self, azm_slice id, const struct azm_http_head *head);
    /* Content, and its end; NULL: not wanted. */
    void (*content)(void *self, azm_slice id, enum azm_side from, azm_slice piece);
    void (*content_end)(void *self, azm_slice id, enum azm_side from, int64_t now_us);
    /* The exchange is over, with its connection or without. */
    void (*end)(void *self, azm_slice id, const struct azm_leg_end *end, int64_t now_us);
};

/* NULL: out of memory. session and listener are borrowed. */
struct azm_http_leg *azm_http_leg_open(struct azm_session *session, const struct azm_leg_listener *listener);
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
/* The head's fields, at most max of them; their text is the head's. Returns how many. */
size_t azm_leg_pairs(const struct azm_http_head *head, struct azm_pair *out, size_t max);
