#include "export/backoff.h"

#define SECOND_US    INT64_C(1000000)
#define FIRST_MAX_US (5 * SECOND_US)
#define LOCAL_US     (SECOND_US / 10)

static int64_t below(struct azm_random *random, int64_t limit)
{
    return (int64_t)(azm_random_u64(random) % (uint64_t)limit);
}

int64_t azm_backoff_next(struct azm_backoff *backoff, bool loopback, struct azm_random *random)
{
    unsigned n = backoff->failures < 6 ? backoff->failures : 6;
    if (backoff->failures < 6)
        backoff->failures++;
    if (n == 0)
        return loopback ? LOCAL_US : below(random, FIRST_MAX_US);
    int64_t grace = (int64_t)n * n * SECOND_US;
    return grace - grace / 10 + below(random, grace / 5 + 1);
}
