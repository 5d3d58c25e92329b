/* What the tap understands of the bytes it relays. The relay calls in after it has sent; nothing here blocks, does I/O
 * on the relayed sockets, or changes a byte. One thread: the relay's. Memory is bounded (design section 2); when it is
 * out, or the bytes make no sense, a connection goes blind: counted, reported once, never harmful. */
#pragma once

#include "base/env.h"

enum azm_side { AZM_FROM_WORKER, AZM_FROM_HOST };

struct azm_observer; /* one per tap process */
struct azm_observed; /* one relayed connection */

struct azm_observer_options {
    const struct azm_env *env; /* borrowed for the observer's life */
    const char *program;       /* path of the tap's own executable; the agent is found beside it */
    unsigned close_wait_ms;    /* how long azm_observer_close waits for slow work under way; then that is left behind */
};

/* NULL when Azimuth is not configured, is switched off, or memory is out: then the tap only relays. Does no slow work:
 * it is part of a cold start. */
struct azm_observer *azm_observer_open(const struct azm_observer_options *options);
/* Ends what is still open, as lost when the worker had no chance to answer. NULL is fine. */
void azm_observer_close(struct azm_observer *observer);

/* All of these take NULL for a connection that is not observed. Times: azm_clock_mono_us(). */
struct azm_observed *azm_observer_connection(struct azm_observer *observer, int64_t now_us);
void azm_observed_bytes(struct azm_observed *connection, enum azm_side from, azm_slice bytes, int64_t now_us);
/* One side ended its half, cleanly or not. */
void azm_observed_end(struct azm_observed *connection, enum azm_side from, int64_t now_us);
void azm_observed_close(struct azm_observed *connection, int64_t now_us);

/* Once a second: heartbeat, and the agent's start when it is due. */
void azm_observer_tick(struct azm_observer *observer, int64_t now_us);
/* The worker is gone: exit_code as the host will see it, stderr_tail its last lines (borrowed). */
void azm_observer_worker_exit(struct azm_observer *observer, int exit_code, azm_slice stderr_tail, int64_t now_us);
