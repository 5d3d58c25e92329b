/* The byte relay between a worker and its host: listens on this machine, connects every connection it gets to the
 * target, and passes the bytes of both directions on as they come. A chunk is received, the clock is read, the chunk is
 * sent, and only then observed, from the same buffer.
 *
 * One exception, around the worker's greeting, and of the host's bytes where trace contexts are rewritten: while a
 * patch is armed (observe.h) a side's bytes are observed before they are sent, and the few that may have to be
 * overwritten are held back, 50 ms at most.
 *
 * What one side does, the other sees: an end of one direction (half-close), a reset, a side that does not read. Of a
 * direction that cannot be sent on at once at most one read (64 KiB) is kept, and its source is not read until that is
 * gone. A connection costs no more than two such buffers, and these are untouched memory until a reader is slow.
 * Without memory, or when the target cannot be reached, a new connection is reset: its client sees a server that is not
 * there. Open ones go on.
 *
 * One thread: the loop's. */
#pragma once

#include "os/socket.h"
#include "tap/arguments.h"
#include "tap/observe.h"

struct uv_loop_s;
struct azm_relay;

struct azm_relay_options {
    struct uv_loop_s *loop;
    struct azm_target target;  /* the host; on the HTTP wire the worker */
    enum azm_wire wire;        /* who opens connections depends on it */
    uint16_t port;             /* to be listened on from azm_relay_begin() on; 0: now, on any that fits */
    unsigned port_digits;      /* the port that is listened on has so many; 0: any */
    bool localhost;            /* listens on ::1 as well, where there is IPv6 */
    unsigned connect_attempts; /* before a connection is reset, 25 ms apart; 0 is as 1 */
    /* A connection ended, or the worker's half of one. */
    void (*changed)(void *self);
    void *self;
};

/* Listens on a port that the system chooses, or, where that never has the digits that are wanted, on a random one. */
struct azm_relay *azm_relay_open(const struct azm_relay_options *options, struct azm_error *err);
/* With options.port: until then connections are refused, as if nobody were here. first: a connection to the target that
 * is there already, taken over for the first one that comes, or AZM_SOCKET_NONE. False: it cannot listen. */
bool azm_relay_begin(struct azm_relay *relay, azm_socket first);
/* Breaks its connections off. The loop must run once more, until all handles are closed. NULL is fine. */
void azm_relay_close(struct azm_relay *relay);
uint16_t azm_relay_port(const struct azm_relay *relay);
/* Connections accepted from now on are observed. The observer must live as long as the loop runs. */
void azm_relay_observe(struct azm_relay *relay, struct azm_observer *observer);

/* All that the worker has sent has been handed on, and no connection of it is open in that direction. */
bool azm_relay_drained(const struct azm_relay *relay);
size_t azm_relay_connections(const struct azm_relay *relay);
/* Bytes handed on so far, both directions: to see progress. */
uint64_t azm_relay_moved(const struct azm_relay *relay);
