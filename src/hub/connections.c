#include "hub/connections.h"

#include "os/socket.h"

#include <stdlib.h>

/* Of the hub's side: what it does for the connection now. */
enum phase { NEW, RECEIVING, ANSWERING, WAITING, ENDED };

struct azm_connection {
    struct azm_connection *next, **at;
    azm_socket socket;
    enum phase phase;
    uint64_t since_ns;
};

void azm_connections_init(struct azm_connections *all)
{
    *all = (struct azm_connections){.first = NULL};
    uv_mutex_init(&all->mutex);
}

void azm_connections_dispose(struct azm_connections *all)
{
    uv_mutex_destroy(&all->mutex);
}

static bool longer(const struct azm_connection *c, uint64_t now_ns, unsigned seconds)
{
    return now_ns - c->since_ns > seconds * UINT64_C(1000000000);
}

/* The server finds the end of the stream and closes. */
static void end(struct azm_connection *c)
{
    c->phase = ENDED;
    azm_socket_shut(c->socket);
}

static bool waits(const struct azm_connection *c)
{
    return c->phase == NEW || c->phase == WAITING;
}

/* The one that goes first, when one must. */
static struct azm_connection *find_dispensable(const struct azm_connections *all, uint64_t now_ns)
{
    struct azm_connection *waiting = NULL, *receiving = NULL;
    for (struct azm_connection *c = all->first; c; c = c->next) {
        if (waits(c) && (!waiting || c->since_ns < waiting->since_ns))
            waiting = c;
        if (c->phase == RECEIVING && longer(c, now_ns, AZM_HUB_CROWDED_BODY_S) &&
            (!receiving || c->since_ns < receiving->since_ns))
            receiving = c;
    }
    return waiting ? waiting : receiving;
}

static void add(struct azm_connections *all, struct azm_connection *c)
{
    c->since_ns = uv_hrtime();
    uv_mutex_lock(&all->mutex);
    struct azm_connection *one = all->count >= AZM_HUB_CROWD ? find_dispensable(all, c->since_ns) : NULL;
    if (one)
        end(one);
    c->next = all->first;
    c->at = &all->first;
    if (c->next)
        c->next->at = &c->next;
    all->first = c;
    all->count++;
    uv_mutex_unlock(&all->mutex);
}

/* Before the socket is closed, so that nobody else's is ended in its place. */
static void forget(struct azm_connections *all, struct azm_connection *c)
{
    uv_mutex_lock(&all->mutex);
    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
    all->count--;
    uv_mutex_unlock(&all->mutex);
    free(c);
}

void azm_connections_notify(void *all, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        struct azm_connection *c = calloc(1, sizeof *c);
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = c;
        if (!c)
            return;
        c->socket = info ? (azm_socket)info->connect_fd : AZM_SOCKET_NONE;
        add(all, c);
    } else if (*context) {
        forget(all, *context);
        *context = NULL;
    }
}

static void enter(struct azm_connections *all, struct MHD_Connection *connection, enum phase phase)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct azm_connection *c = info ? info->socket_context : NULL;
    if (!c)
        return;
    uv_mutex_lock(&all->mutex);
    if (c->phase != ENDED && c->phase != phase) {
        c->phase = phase;
        c->since_ns = uv_hrtime();
    }
    uv_mutex_unlock(&all->mutex);
}

void azm_connection_receives(struct azm_connections *all, struct MHD_Connection *connection)
{
    enter(all, connection, RECEIVING);
}

void azm_connection_answers(struct azm_connections *all, struct MHD_Connection *connection)
{
    enter(all, connection, ANSWERING);
}

void azm_connection_waits(struct azm_connections *all, struct MHD_Connection *connection)
{
    enter(all, connection, WAITING);
}

static bool takes_too_long(const struct azm_connection *c, uint64_t now_ns)
{
    switch (c->phase) {
    case NEW: return longer(c, now_ns, AZM_HUB_FIRST_HEAD_S);
    case WAITING: return longer(c, now_ns, AZM_HUB_NEXT_HEAD_S);
    case RECEIVING: return longer(c, now_ns, AZM_HUB_BODY_S);
    case ANSWERING:
    case ENDED: return false;
    }
    return false;
}

void azm_connections_sweep(struct azm_connections *all)
{
    uint64_t now_ns = uv_hrtime();
    uv_mutex_lock(&all->mutex);
    for (struct azm_connection *c = all->first; c; c = c->next)
        if (takes_too_long(c, now_ns))
            end(c);
    uv_mutex_unlock(&all->mutex);
}
