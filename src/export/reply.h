/* What a server's answer means for the events that were sent (design section 6). Pure; any thread. */
#pragma once

#include "base/slice.h"

#define AZM_REPLY_MAX (4u << 20) /* bytes of an answer's body that are read: what OTLP wants of a client */

enum azm_verdict {
    AZM_VERDICT_DELIVERED, /* all events are safe */
    AZM_VERDICT_REJECTED,  /* the server will never take `rejected` of them; the others are safe */
    AZM_VERDICT_REFUSED,   /* not our credentials, or not our address: keep, and wait for long */
    AZM_VERDICT_RETRY,     /* keep, and try again after the grace period */
};

struct azm_reply {
    enum azm_verdict verdict;
    uint64_t rejected;
    char message[256]; /* the server's first complaint, cut; empty when there was none */
};

/* An intake v2 answer: {"accepted": N, "errors": [{"message": ..., "document": ...}]}, of which neither must be there.
 * http_status: 0 when there was no answer at all. events: how many were sent. */
void azm_reply_read(unsigned http_status, azm_slice body, uint64_t events, struct azm_reply *out);
