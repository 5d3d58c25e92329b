#include "tap/observe.h"

#include <stdlib.h>

#include "http/h2.h"
#include "tap/rpc.h"
#include "tap/rpc_tables.h"
#include "tap/session.h"

#define STREAMS_MAX 4u /* EventStreams of one connection; a host has one, or a few with its MultiStream capability */

/* One EventStream: a reader per direction. 50 KB, so it is made when the stream begins. */
struct event_stream {
    uint32_t id; /* HTTP/2 stream */
    bool ended[2];
    struct azm_rpc_reader readers[2]; /* by enum azm_side */
};

struct direction {
    struct azm_h2 h2;
    bool blind, ended;
};

struct azm_observed {
    struct azm_observer *observer;
    struct direction sides[2]; /* by enum azm_side */
    struct event_stream *streams[STREAMS_MAX];
    bool path_matches; /* of the header block that is being read */
    int64_t now_us;
    enum azm_side side;
    struct azm_observed *next, *previous;
};

struct azm_observer {
    struct azm_session *session;
    struct azm_observed *connections;
};

struct azm_observer *azm_observer_open(const struct azm_observer_options *options)
{
    struct azm_session *session = azm_session_open(options->env, options->program);
    struct azm_observer *observer = session ? calloc(1, sizeof *observer) : NULL;
    if (observer)
        observer->session = session;
    else
        azm_session_close(session, 0);
    return observer;
}

void azm_observer_close(struct azm_observer *observer, int64_t now_us)
{
    if (!observer)
        return;
    while (observer->connections)
        azm_observed_close(observer->connections, now_us);
    azm_session_close(observer->session, now_us);
    free(observer);
}

void azm_observer_tick(struct azm_observer *observer, int64_t now_us)
{
    if (observer)
        azm_session_tick(observer->session, now_us);
}

void azm_observer_worker_exit(struct azm_observer *observer, int exit_code, azm_slice stderr_tail, int64_t now_us)
{
    if (observer)
        azm_session_worker_exit(observer->session, exit_code, stderr_tail, now_us);
}
