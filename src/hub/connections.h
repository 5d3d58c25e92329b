/* Who is connected over HTTP, and how long each takes: whoever sends a head or a body drop by drop, or nothing at all,
 * does not keep others out. Any thread. */
#pragma once

#include "base/slice.h"

#include <microhttpd.h>
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

struct azm_connection;

struct azm_connections {
    uv_mutex_t mutex;
    struct azm_connection *first; /* in no order */
    unsigned count;
};

void azm_connections_init(struct azm_connections *all);
void azm_connections_dispose(struct azm_connections *all);
/* For MHD_OPTION_NOTIFY_CONNECTION; all: struct azm_connections. */
void azm_connections_notify(void *all, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode what);
/* Its request's head has come; its body has; the answer is sent. */
void azm_connection_receives(struct azm_connections *all, struct MHD_Connection *connection);
void azm_connection_answers(struct azm_connections *all, struct MHD_Connection *connection);
void azm_connection_waits(struct azm_connections *all, struct MHD_Connection *connection);
/* Ends those that take too long. To be called now and then. */
void azm_connections_sweep(struct azm_connections *all);
