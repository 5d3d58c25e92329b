/* W3C tracestate: well-formedness, and Elastic's own member in it ("es=s:0.5": the rate at which the trace was
 * sampled). Sources: W3C Trace Context level 2, 3.3; elastic/apm specs, tracing-sampling.md. The W3C's limit of 32
 * members is not enforced, as Elastic does not. */
#pragma once

#include "base/buf.h"
#include "trace/transaction.h"

/* All tracestate header fields of a request, in their order, names in any case. */
struct azm_tracestate {
    bool present;       /* at least one member */
    bool valid;         /* every member is well formed and no key stands twice */
    bool elastic;       /* valid, and there is an es member, whatever it holds */
    double sample_rate; /* of the es member; negative when there is none, or it is no rate from 0 to 1 */
};

struct azm_tracestate azm_tracestate_of_headers(struct azm_pairs headers);

/* Appends what to send on: Elastic's member in front, with this rate (0..1) and whatever else it held, then the members
 * of others as they came. Of headers that are not valid nothing is sent on. */
void azm_tracestate_write(struct azm_buf *out, struct azm_pairs headers, double sample_rate);
