/* Which trace an invocation belongs to, under which id, and whether it is sampled (design: "Which trace").
 *
 * | caller's traceparent | host's RpcTraceContext | trace id | parent | sampled | own id |
 * |----------------------|------------------------|----------|--------|---------|-----------------------------------------|
 * | valid                | same trace             | caller's | caller | caller  | the host's span id (adopt), else new
 * | | valid                | other trace, or none   | caller's | caller | caller  | new | | none                 |
 * valid                  | host's   | none   | here    | the host's span id (adopt), else new    | | none | none | new
 * | none   | here    | new                                     |
 *
 * The host's span is a parent of nobody here, and its flag is not obeyed: usually it is never exported, and 00 whenever
 * the host has no sink. Adopting its id makes spans from inside the worker our children with not a byte changed. Where
 * the host exports its own spans two spans would share an id: then the id is new, with a link to the host's span. */
#pragma once

#include "trace/traceparent.h"

enum azm_trace_context_mode { AZM_TRACE_CONTEXT_ADOPT, AZM_TRACE_CONTEXT_REWRITE, AZM_TRACE_CONTEXT_OFF };

struct azm_trace_inputs {
    struct azm_pairs caller_headers; /* the HTTP trigger's request header fields */
    azm_slice host_traceparent;      /* RpcTraceContext.trace_parent */
    enum azm_trace_context_mode mode;
    bool host_exports;  /* the host is set up to export spans; also taken from its sampled flag */
    double sample_rate; /* 0..1 */
};

struct azm_trace_decision {
    azm_trace_id trace_id;
    azm_span_id span_id, parent_id;
    struct azm_span_link link; /* trace_id none: no link */
    bool sampled;
    double sample_rate; /* negative: decided by somebody who did not say at which rate */
};

void azm_trace_decide(const struct azm_trace_inputs *inputs, struct azm_random *random, struct azm_trace_decision *out);
