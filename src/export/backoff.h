/* How long to wait before the next request after failures: Elastic's grace periods, min(n, 6) squared seconds, +-10 %,
 * n from 0. Two additions of ours: the first wait is random up to 5 s, because fleets of instances that lose their
 * server together must not come back together; and a server on this machine has no fleet: there it is 0.1 s.
 * Source: elastic/apm specs, transport; the Lambda extension for the first wait. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"

#define AZM_BACKOFF_REFUSED_US     (60 * INT64_C(1000000))  /* after 401, 403: somebody has to change a setting */
#define AZM_BACKOFF_RETRY_AFTER_US (300 * INT64_C(1000000)) /* most that a server's Retry-After is obeyed */

struct azm_backoff {
    unsigned failures; /* in a row */
};

/* A request failed: the wait before the next one in µs. */
int64_t azm_backoff_next(struct azm_backoff *backoff, bool loopback, struct azm_random *random);
static inline void azm_backoff_reset(struct azm_backoff *backoff)
{
    backoff->failures = 0;
}
