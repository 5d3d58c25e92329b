/* W3C trace context: the traceparent header's value, and whether a tracestate is well formed.
 * Sources: W3C Trace Context level 2; elastic/apm specs, tracing-distributed-tracing.md. */
#pragma once

#include "trace/transaction.h"

#define AZM_TRACEPARENT_LEN 55u

struct azm_trace_context {
    azm_trace_id trace_id;
    azm_span_id parent_id;
    uint8_t flags; /* bit 0: sampled */
};

/* White space around the value is ignored; a higher version is read by its first 55 bytes. False: not valid. */
bool azm_traceparent_parse(azm_slice value, struct azm_trace_context *out);
/* Version 00; flags other than "sampled" are not passed on. */
void azm_traceparent_format(const struct azm_trace_context *context, char out[AZM_TRACEPARENT_LEN]);
/* From a request's header fields, names in any case. Exactly one traceparent counts: two are as none. */
bool azm_traceparent_of_headers(struct azm_pairs headers, struct azm_trace_context *out);
