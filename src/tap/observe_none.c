/* No observer: the tap only relays. */
#include "tap/observe.h"

struct azm_observer *azm_observer_open(const struct azm_observer_options *options)
{
    (void)options;
    return NULL;
}

void azm_observer_close(struct azm_observer *observer)
{
    (void)observer;
}

struct azm_observed *azm_observer_connection(struct azm_observer *observer, int64_t now_us)
{
    (void)observer;
    (void)now_us;
    return NULL;
}

void azm_observed_bytes(struct azm_observed *connection, enum azm_side from, azm_slice bytes, int64_t now_us)
{
    (void)connection;
    (void)from;
    (void)bytes;
    (void)now_us;
}

void azm_observed_end(struct azm_observed *connection, enum azm_side from, int64_t now_us)
{
    (void)connection;
    (void)from;
    (void)now_us;
}

void azm_observed_close(struct azm_observed *connection, int64_t now_us)
{
    (void)connection;
    (void)now_us;
}

void azm_observer_tick(struct azm_observer *observer, int64_t now_us)
{
    (void)observer;
    (void)now_us;
}

void azm_observer_worker_exit(struct azm_observer *observer, int exit_code, azm_slice stderr_tail, int64_t now_us)
{
    (void)observer;
    (void)exit_code;
    (void)stderr_tail;
    (void)now_us;
}
