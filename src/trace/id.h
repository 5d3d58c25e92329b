/* Trace and span ids as bytes; text form is lower-case hex. All zeros means "none". */
#pragma once

#include "base/random.h"
#include "base/slice.h"

typedef struct azm_trace_id {
    uint8_t bytes[16];
} azm_trace_id;

typedef struct azm_span_id {
    uint8_t bytes[8];
} azm_span_id;

static inline bool azm_trace_id_is_none(azm_trace_id id)
{
    static const azm_trace_id none;
    return memcmp(&id, &none, sizeof id) == 0;
}

static inline bool azm_span_id_is_none(azm_span_id id)
{
    static const azm_span_id none;
    return memcmp(&id, &none, sizeof id) == 0;
}

/* Never all zeros. */
azm_trace_id azm_trace_id_new(struct azm_random *random);
azm_span_id azm_span_id_new(struct azm_random *random);
