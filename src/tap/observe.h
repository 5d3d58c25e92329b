/* What the tap understands of the bytes it relays. The relay calls in after it has sent; nothing here blocks, does I/O
 * on the relayed sockets, or changes a byte but where azm_observed_armed() says so. One thread: the relay's. Memory is
 * bounded (design section 2); when it is out, or the bytes make no sense, a connection goes blind: counted, reported
 * once, never harmful. */
#pragma once

#include "base/env.h"

enum azm_side { AZM_FROM_WORKER, AZM_FROM_HOST };

/* What a relay carries: the gRPC connections that the worker opens to its host, or the HTTP/1.1 connections that the
 * host opens to the worker (HTTP proxying). */
enum azm_wire { AZM_WIRE_GRPC, AZM_WIRE_HTTP };

struct azm_http_uri;

/* Means to hand HTTP on to the worker. open() returns a port of this process whose number has as many digits as the
 * worker's, or 0. */
struct azm_forward {
    uint16_t (*open)(void *self, const struct azm_http_uri *uri);
    void *self;
};

struct azm_observer; /* one per tap process */
struct azm_observed; /* one relayed connection */

struct azm_observer_options {
    const struct azm_env *env;  /* borrowed for the observer's life */
    const char *program;        /* path of the tap's own executable; the agent is found beside it */
    uint32_t worker_pid;        /* for the report; 0: not known */
    struct azm_forward forward; /* none: HTTP proxying is not looked at */
    bool handler;               /* the HTTP wire leads to a custom handler */
    unsigned close_wait_ms; /* how long azm_observer_close waits for slow work under way; then that is left behind */
};

/* NULL when Azimuth is not configured, is switched off, or memory is out: then the tap only relays. Does no slow work:
 * it is part of a cold start. */
struct azm_observer *azm_observer_open(const struct azm_observer_options *options);
/* Ends what is still open, as lost when the worker had no chance to answer. NULL is fine. */
void azm_observer_close(struct azm_observer *observer);

/* All of these take NULL for a connection that is not observed. Times: azm_clock_mono_us(). */
struct azm_observed *azm_observer_connection(struct azm_observer *observer, enum azm_wire wire, int64_t now_us);
void azm_observed_bytes(struct azm_observed *connection, enum azm_side from, azm_slice bytes, int64_t now_us);
/* True while that side's bytes are to be shown before they are sent, because some may have to be overwritten. */
bool azm_observed_armed(const struct azm_observed *connection, enum azm_side from);
/* As azm_observed_bytes, for a side while it is armed, before they are sent. They may be written to, now or
 * in a later call, as long as some are held: returns how many of the last bytes must not be sent yet. What is held must
 * stay where it is. */
size_t azm_observed_first(struct azm_observed *connection, enum azm_side from, char *bytes, size_t len, int64_t now_us);
/* What is held was held for too long, and is sent as it is. */
void azm_observed_let_go(struct azm_observed *connection, enum azm_side from);
/* One side ended its half, cleanly or not. */
void azm_observed_end(struct azm_observed *connection, enum azm_side from, int64_t now_us);
void azm_observed_close(struct azm_observed *connection, int64_t now_us);

/* Once a second: heartbeat, and the agent's start when it is due. */
void azm_observer_tick(struct azm_observer *observer, int64_t now_us);
struct azm_worker_end;

/* The worker is gone (death.h). */
void azm_observer_worker_exit(struct azm_observer *observer, const struct azm_worker_end *end, int64_t now_us);
