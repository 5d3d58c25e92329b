/* AZIMUTH_TRACE_CONTEXT=rewrite: the traceparent values of one message on its way to the worker, and their overwriting
 * with the trace, span id and flag that the invocation's transaction has, so that spans made inside the worker are its
 * children and are recorded when it is.
 *
 * A value is held only while it is not complete. Once complete it may be written to until its bytes are sent, which is
 * when as much of the message is known as was received with it: the trace is decided then, and for all that follows.
 * Left alone, and counted: a value that is not 55 bytes of a valid traceparent of version 00, that was held for too
 * long, that is one too many, or whose invocation finds no room. */
#pragma once

#include "tap/patch.h"
#include "trace/decision.h"

#define AZM_REWRITES_MAX 3u /* values of one message: of RpcTraceContext, and of the request's header fields */

struct azm_rewrite {
    bool enabled;  /* what is fed now may be written to */
    bool watching; /* values[count] has begun */
    unsigned count;
    uint64_t missed; /* left alone, since the beginning */
    struct azm_patch values[AZM_REWRITES_MAX];
};

/* A value of that length begins. False: it is not looked at. */
bool azm_rewrite_begin(struct azm_rewrite *rewrite, uint64_t len);
/* Some of it; and it is complete. */
void azm_rewrite_piece(struct azm_rewrite *rewrite, azm_slice piece);
void azm_rewrite_end(struct azm_rewrite *rewrite);

/* Where the value lies that has begun and is not complete; NULL: there is none. */
const char *azm_rewrite_held(const struct azm_rewrite *rewrite);
void azm_rewrite_let_go(struct azm_rewrite *rewrite);

/* Overwrites the complete values, and is done with them. They are left alone where trace is NULL, and where it has no
 * id: that of an invocation nobody wants to see, which is no miss. */
void azm_rewrite_write(struct azm_rewrite *rewrite, const struct azm_trace_decision *trace);
/* The message is over, or makes no sense. */
void azm_rewrite_drop(struct azm_rewrite *rewrite);

/* True when it can be overwritten; and with what. */
bool azm_rewrite_is_traceparent(azm_slice text);
void azm_rewrite_text(const struct azm_trace_decision *trace, char out[AZM_TRACEPARENT_LEN]);
