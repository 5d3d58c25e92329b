/* Which trace an invocation belongs to, under which id, and whether it is sampled (design: "Which trace"). The first
 * line that fits; "the host's" is RpcTraceContext's:
 *
 *     caller's traceparent  the host's                     trace id  parent    sampled   own id      link
 *     --------------------  -----------------------------  --------  --------  --------  ----------  ----------
 *  1  valid                 none, or another trace         caller's  caller's  caller's  new         -
 *  2  valid                 same trace, the caller's span  caller's  caller's  caller's  new         -
 *  3  valid                 same trace, the host exports   caller's  caller's  caller's  new         the host's
 *  4  valid                 same trace                     caller's  caller's  caller's  the host's  -
 *  5  none, or not valid    valid, the host exports        host's    none      here      new         the host's
 *  6  none, or not valid    valid                          host's    none      here      the host's  -
 *  7  none, or not valid    none, or not valid             new       none      here      new         -
 *  8  valid, not continued  any                            new       none      here      new         the caller's
 *
 * In lines 4 and 6 the mode must be "adopt"; else the id is new. "here": by sample_rate, whatever the host's flag says.
 * Line 8 is trace_continuation_strategy (elastic/apm specs, trace-continuation.md): "restart", or "restart_external"
 * where the caller's tracestate has no es member. The host's own context is no caller's: it is continued always.
 *
 * The host's span is nobody's parent here and its flag is not obeyed: usually that span is never exported, and the flag
 * is 00 whenever the host has no sink. Adopting its id makes spans from inside the worker our children with not a byte
 * changed. Where the host exports its own spans, two spans would share an id. In "rewrite" the host's context, whatever
 * its trace, becomes ours on its way to the worker; where the host exports, a link to its span remains (line 1 too). */
#pragma once

#include "trace/traceparent.h"

enum azm_trace_context_mode { AZM_TRACE_CONTEXT_ADOPT, AZM_TRACE_CONTEXT_REWRITE, AZM_TRACE_CONTEXT_OFF };

/* What becomes of a caller's trace. */
enum azm_trace_continuation { AZM_TRACE_CONTINUE, AZM_TRACE_RESTART, AZM_TRACE_RESTART_EXTERNAL };

struct azm_trace_inputs {
    struct azm_pairs caller_headers; /* the HTTP trigger's request header fields */
    azm_slice host_traceparent;      /* RpcTraceContext.trace_parent */
    enum azm_trace_context_mode mode;
    bool host_exports;  /* the host is set up to export spans; also taken from its sampled flag */
    double sample_rate; /* 0..1 */
    enum azm_trace_continuation continuation;
    const struct azm_trace_decision *told; /* what the worker was told already, before all was known; NULL: nothing */
};

struct azm_trace_decision {
    azm_trace_id trace_id;
    azm_span_id span_id, parent_id;
    struct azm_span_link link; /* trace_id none: no link */
    bool sampled;
    double sample_rate; /* negative: decided by somebody who did not say at which rate */
};

/* What was told is kept to: it is refined (a parent, a rate) only where that leaves trace, id and flag as they are. */
void azm_trace_decide(const struct azm_trace_inputs *inputs, struct azm_random *random, struct azm_trace_decision *out);
