#include "hub/connections.h"

#include <stdlib.h>

struct azm_connection {
    struct azm_connection *next, **at;
    azm_socket socket;
    enum azm_connection_phase phase;
    uint64_t since_ns; /* it is in this phase */
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
    return now_ns > c->since_ns && now_ns - c->since_ns > seconds * UINT64_C(1000000000);
}

/* The HTTP server finds the end of the stream, and closes. */
static void end(struct azm_connection *c)
{
    c->phase = AZM_CONNECTION_ENDED;
    azm_socket_shut(c->socket);
}

static bool older(const struct azm_connection *c, const struct azm_connection *than)
{
    return !than || c->since_ns < than->since_ns;
}

/* The one that goes first, when one must. */
static struct azm_connection *find_dispensable(const struct azm_connections *all, uint64_t now_ns)
{
    struct azm_connection *waiting = NULL, *receiving = NULL;
    for (struct azm_connection *c = all->first; c; c = c->next) {
        if ((c->phase == AZM_CONNECTION_NEW || c->phase == AZM_CONNECTION_WAITING) && older(c, waiting))
            waiting = c;
        if (c->phase == AZM_CONNECTION_RECEIVING && longer(c, now_ns, AZM_HUB_CROWDED_BODY_S) && older(c, receiving))
            receiving = c;
    }
    return waiting ? waiting : receiving;
}

struct azm_connection *azm_connections_add(struct azm_connections *all, azm_socket socket, uint64_t now_ns)
{
    struct azm_connection *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->socket = socket;
    c->since_ns = now_ns;
    uv_mutex_lock(&all->mutex);
    struct azm_connection *one = all->count >= AZM_HUB_CROWD ? find_dispensable(all, now_ns) : NULL;
    if (one)
        end(one);
    c->next = all->first;
    c->at = &all->first;
    if (c->next)
        c->next->at = &c->next;
    all->first = c;
    all->count++;
    uv_mutex_unlock(&all->mutex);
    return c;
}

void azm_connections_remove(struct azm_connections *all, struct azm_connection *c)
{
    if (!c)
        return;
    uv_mutex_lock(&all->mutex);
    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
    all->count--;
    uv_mutex_unlock(&all->mutex);
    free(c);
}

void azm_connections_enter(struct azm_connections *all, struct azm_connection *c, enum azm_connection_phase phase,
                           uint64_t now_ns)
{
    if (!c)
        return;
    uv_mutex_lock(&all->mutex);
    if (c->phase != AZM_CONNECTION_ENDED && c->phase != phase) {
        c->phase = phase;
        c->since_ns = now_ns;
    }
    uv_mutex_unlock(&all->mutex);
}

static bool takes_too_long(const struct azm_connection *c, uint64_t now_ns)
{
    switch (c->phase) {
    case AZM_CONNECTION_NEW: return longer(c, now_ns, AZM_HUB_FIRST_HEAD_S);
    case AZM_CONNECTION_WAITING: return longer(c, now_ns, AZM_HUB_NEXT_HEAD_S);
    case AZM_CONNECTION_RECEIVING: return longer(c, now_ns, AZM_HUB_BODY_S);
    case AZM_CONNECTION_ANSWERING:
    case AZM_CONNECTION_ENDED: return false;
    }
    return false;
}

void azm_connections_sweep(struct azm_connections *all, uint64_t now_ns)
{
    uv_mutex_lock(&all->mutex);
    for (struct azm_connection *c = all->first; c; c = c->next)
        if (takes_too_long(c, now_ns))
            end(c);
    uv_mutex_unlock(&all->mutex);
}
