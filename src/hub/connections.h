/* Who is connected to a port over HTTP, and how long each takes: whoever sends a head or a body drop by drop, or
 * nothing at all, does not keep others out. Times are of one steady clock. Any thread. */
#pragma once

#include "os/socket.h"

#include <uv.h>

/* Seconds: until a new connection's first request has its head; until the next one's; until a body is complete. When
 * AZM_HUB_CROWD are connected to one port each newcomer takes the place of the one that has waited longest for its
 * request, else of one whose body takes longer than AZM_HUB_CROWDED_BODY_S. */
enum {
    AZM_HUB_CONNECTIONS = 256,
    AZM_HUB_CROWD = 192,
    AZM_HUB_FIRST_HEAD_S = 30,
    AZM_HUB_NEXT_HEAD_S = 120,
    AZM_HUB_BODY_S = 300,
    AZM_HUB_CROWDED_BODY_S = 30
};

/* What the hub does for a connection: nothing yet; takes its request's body; makes or sends the answer; waits for the
 * next request; has ended it. */
enum azm_connection_phase {
    AZM_CONNECTION_NEW,
    AZM_CONNECTION_RECEIVING,
    AZM_CONNECTION_ANSWERING,
    AZM_CONNECTION_WAITING,
    AZM_CONNECTION_ENDED
};

struct azm_connection;

struct azm_connections {
    uv_mutex_t mutex; /* guards all of them */
    struct azm_connection *first;
    unsigned count;
};

void azm_connections_init(struct azm_connections *all);
void azm_connections_dispose(struct azm_connections *all); /* all have been removed */
/* The socket is shut when it has to go, never closed. NULL when memory is out: it is then not watched. */
struct azm_connection *azm_connections_add(struct azm_connections *all, azm_socket socket, uint64_t now_ns);
/* Before its socket is closed, so that nobody else's is shut in its place. NULL is fine, here and below. */
void azm_connections_remove(struct azm_connections *all, struct azm_connection *connection);
void azm_connections_enter(struct azm_connections *all, struct azm_connection *connection,
                           enum azm_connection_phase phase, uint64_t now_ns);
/* Ends those that take too long. To be called now and then. */
void azm_connections_sweep(struct azm_connections *all, uint64_t now_ns);
