#include "tap/observe.h"

#include <stdlib.h>

#include "http/h2.h"
#include "tap/handler_leg.h"
#include "tap/patch.h"
#include "tap/proxied.h"
#include "tap/rpc.h"
#include "tap/rpc_tables.h"
#include "tap/session.h"

#define STREAMS_MAX  4u /* EventStreams of one connection: a host has one, or a few with its MultiStream capability */
#define EVENT_STREAM AZM_S("/AzureFunctionsRpcMessages.FunctionRpc/EventStream")

/* One EventStream: a reader for each direction. 50 KB, so it is made when the stream begins. */
struct event_stream {
    uint32_t id; /* of the HTTP/2 stream */
    bool ended[2];
    struct azm_rpc_reader readers[2]; /* by enum azm_side */
};

struct azm_observed {
    struct azm_observer *observer;
    struct azm_observed *next, **link;
    struct azm_http_leg *leg; /* on the HTTP wire; the rest is for gRPC */
    struct azm_patch patch;   /* of the worker's HttpUri */
    struct azm_h2 h2[2];      /* by enum azm_side */
    bool writable;            /* the bytes that are being read can be overwritten */
    bool blind;               /* bytes pass unseen */
    bool is_event_stream;     /* the header block that is being read has the path */
    enum azm_side side;       /* whose bytes are being read, */
    int64_t now_us;           /* and when they came */
    struct event_stream *streams[STREAMS_MAX];
};

struct azm_observer {
    struct azm_session *session;
    const struct azm_leg_listener *listener; /* of the HTTP wire */
    struct azm_observed *connections;
    int64_t now_us; /* the last time that was told */
    unsigned close_wait_ms;
};

/* --- EventStreams of a connection --- */

static struct event_stream **find_stream(struct azm_observed *connection, uint32_t id)
{
    for (unsigned i = 0; i < STREAMS_MAX; i++)
        if (connection->streams[i] && connection->streams[i]->id == id)
            return &connection->streams[i];
    return NULL;
}

static void drop_stream(struct azm_observed *connection, struct event_stream **stream)
{
    free(*stream);
    *stream = NULL;
    connection->patch.open = connection->patch.given_up = false;
    azm_session_stream_closed(connection->observer->session, connection->now_us);
}

/* One direction without the other tells lies (an answer that was not seen looks like a lost one), so doubt about either
 * ends the looking at both. */
static void go_blind(struct azm_observed *connection, const char *why)
{
    connection->blind = true;
    connection->patch.open = connection->patch.given_up = false;
    azm_session_blind(connection->observer->session, connection->side, why, connection->now_us);
}

static void open_stream(struct azm_observed *connection, uint32_t id)
{
    struct azm_session *session = connection->observer->session;
    struct event_stream **slot = connection->streams;
    while (slot < connection->streams + STREAMS_MAX && *slot)
        slot++;
    struct event_stream *stream = slot < connection->streams + STREAMS_MAX ? malloc(sizeof *stream) : NULL;
    if (!stream) {
        go_blind(connection, "an EventStream is not followed: too many of them, or out of memory");
        return;
    }
    memset(stream, 0, offsetof(struct event_stream, readers));
    stream->id = id;
    azm_rpc_reader_init(&stream->readers[AZM_FROM_WORKER], &azm_rpc_from_worker, &azm_session_from_worker, session);
    azm_rpc_reader_init(&stream->readers[AZM_FROM_HOST], &azm_rpc_from_host, &azm_session_from_host, session);
    *slot = stream;
    azm_session_stream_opened(session);
}

/* --- what HTTP/2 tells --- */

static void on_header(void *self, uint32_t stream, azm_slice name, azm_slice value)
{
    (void)stream;
    if (azm_slice_eq(name, AZM_S(":path")))
        ((struct azm_observed *)self)->is_event_stream = azm_slice_eq(value, EVENT_STREAM);
}

static void on_headers_end(void *self, uint32_t stream, bool ends_stream)
{
    struct azm_observed *connection = self;
    (void)ends_stream;
    if (connection->side == AZM_FROM_WORKER && connection->is_event_stream && !find_stream(connection, stream))
        open_stream(connection, stream);
    connection->is_event_stream = false;
}

static void on_data(void *self, uint32_t id, azm_slice piece)
{
    struct azm_observed *connection = self;
    enum azm_side side = connection->side;
    struct event_stream **stream = find_stream(connection, id);
    if (!stream || connection->blind)
        return;
    struct azm_rpc_reader *reader = &(*stream)->readers[side];
    uint64_t malformed = reader->malformed;
    reader->rewrite.enabled = connection->writable;
    if (azm_rpc_reader_feed(reader, piece, connection->now_us) != AZM_OK)
        go_blind(connection, "an EventStream is not gRPC any more; its bytes pass unseen");
    for (; malformed < reader->malformed; malformed++) {
        azm_session_malformed(connection->observer->session, side == AZM_FROM_WORKER);
        connection->patch.open = connection->patch.given_up = false;
    }
}

static void on_stream_end(void *self, uint32_t id)
{
    struct azm_observed *connection = self;
    struct event_stream **stream = find_stream(connection, id);
    if (!stream)
        return;
    (*stream)->ended[connection->side] = true;
    if ((*stream)->ended[AZM_FROM_WORKER] && (*stream)->ended[AZM_FROM_HOST])
        drop_stream(connection, stream);
}

static void on_reset(void *self, uint32_t id, uint32_t error_code)
{
    struct azm_observed *connection = self;
    struct event_stream **stream = find_stream(connection, id);
    (void)error_code;
    if (stream)
        drop_stream(connection, stream);
}

static const struct azm_h2_handler handler = {on_header, on_headers_end, on_data, on_stream_end, on_reset, NULL};

/* --- connections --- */

static bool begin_wire(struct azm_observed *connection, enum azm_wire wire)
{
    if (wire == AZM_WIRE_HTTP) {
        connection->leg = azm_http_leg_open(connection->observer->session, connection->observer->listener);
        return connection->leg != NULL;
    }
    azm_h2_init_client(&connection->h2[AZM_FROM_WORKER], &handler, connection);
    azm_h2_init_server(&connection->h2[AZM_FROM_HOST], &connection->h2[AZM_FROM_WORKER], &handler, connection);
    return true;
}

struct azm_observed *azm_observer_connection(struct azm_observer *observer, enum azm_wire wire, int64_t now_us)
{
    struct azm_observed *connection = observer ? calloc(1, sizeof *connection) : NULL;
    if (!connection)
        return NULL;
    connection->observer = observer;
    if (!begin_wire(connection, wire)) {
        free(connection);
        return NULL;
    }
    connection->now_us = now_us;
    connection->next = observer->connections;
    connection->link = &observer->connections;
    if (connection->next)
        connection->next->link = &connection->next;
    observer->connections = connection;
    return connection;
}

void azm_observed_bytes(struct azm_observed *connection, enum azm_side from, azm_slice bytes, int64_t now_us)
{
    if (!connection || connection->blind)
        return;
    connection->observer->now_us = connection->now_us = now_us;
    connection->side = from;
    if (connection->leg) {
        azm_http_leg_bytes(connection->leg, from, bytes, now_us);
        return;
    }
    if (azm_h2_feed(&connection->h2[from], bytes) == AZM_OK)
        return;
    go_blind(connection, from == AZM_FROM_WORKER ? "the worker's bytes are not HTTP/2; they pass unseen"
                                                 : "the host's bytes are not HTTP/2; they pass unseen");
}

bool azm_observed_armed(const struct azm_observed *connection, enum azm_side from)
{
    if (!connection || connection->blind)
        return false;
    if (from == AZM_FROM_HOST)
        return azm_session_rewrites(connection->observer->session) &&
               (!connection->leg || azm_http_leg_awaits_head(connection->leg));
    return !connection->leg && azm_session_armed(connection->observer->session);
}

/* The worker's greeting. */
static size_t first_of_worker(struct azm_observed *connection, azm_slice bytes, int64_t now_us)
{
    struct azm_session *session = connection->observer->session;
    azm_session_patch(session, &connection->patch);
    azm_observed_bytes(connection, AZM_FROM_WORKER, bytes, now_us);
    azm_session_patch(session, NULL);
    return connection->patch.open ? (size_t)(bytes.ptr + bytes.len - connection->patch.at[0]) : 0;
}

/* Invocation requests. Of several streams the value counts that was begun first. */
static size_t first_of_host(struct azm_observed *connection, azm_slice bytes, int64_t now_us)
{
    const char *end = bytes.ptr + bytes.len, *held = end;
    uint64_t missed = 0;
    connection->writable = true;
    azm_observed_bytes(connection, AZM_FROM_HOST, bytes, now_us);
    connection->writable = false;
    for (unsigned i = 0; i < STREAMS_MAX; i++) {
        if (!connection->streams[i])
            continue;
        struct azm_rpc_reader *reader = &connection->streams[i]->readers[AZM_FROM_HOST];
        azm_rpc_reader_settle(reader);
        const char *value = connection->blind ? NULL : azm_rewrite_held(&reader->rewrite);
        held = value && value < held ? value : held;
        missed += reader->rewrite.missed;
        reader->rewrite.missed = 0;
    }
    azm_session_missed_rewrites(connection->observer->session, missed);
    return (size_t)(end - held);
}

size_t azm_observed_first(struct azm_observed *connection, enum azm_side from, char *bytes, size_t len, int64_t now_us)
{
    azm_slice all = {bytes, len};
    if (from == AZM_FROM_WORKER)
        return first_of_worker(connection, all, now_us);
    if (!connection->leg)
        return first_of_host(connection, all, now_us);
    connection->observer->now_us = connection->now_us = now_us;
    return azm_http_leg_first(connection->leg, bytes, len, now_us);
}

void azm_observed_let_go(struct azm_observed *connection, enum azm_side from)
{
    if (!connection)
        return;
    if (from == AZM_FROM_WORKER)
        azm_patch_give_up(&connection->patch);
    else if (connection->leg)
        azm_http_leg_let_go(connection->leg);
    for (unsigned i = 0; i < STREAMS_MAX && from == AZM_FROM_HOST; i++)
        if (connection->streams[i])
            azm_rewrite_let_go(&connection->streams[i]->readers[AZM_FROM_HOST].rewrite);
}

void azm_observed_end(struct azm_observed *connection, enum azm_side from, int64_t now_us)
{
    if (!connection)
        return;
    connection->observer->now_us = connection->now_us = now_us;
    connection->side = from;
    if (connection->leg) {
        azm_http_leg_end(connection->leg, from, now_us);
        return;
    }
    for (unsigned i = 0; i < STREAMS_MAX; i++)
        if (connection->streams[i])
            on_stream_end(connection, connection->streams[i]->id);
}

void azm_observed_close(struct azm_observed *connection, int64_t now_us)
{
    if (!connection)
        return;
    connection->observer->now_us = connection->now_us = now_us;
    for (unsigned i = 0; i < STREAMS_MAX; i++)
        if (connection->streams[i])
            drop_stream(connection, &connection->streams[i]);
    if (connection->leg) {
        azm_http_leg_close(connection->leg, now_us);
    } else {
        azm_h2_dispose(&connection->h2[AZM_FROM_HOST]);
        azm_h2_dispose(&connection->h2[AZM_FROM_WORKER]);
    }
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    free(connection);
}

/* --- the observer --- */

struct azm_observer *azm_observer_open(const struct azm_observer_options *options)
{
    struct azm_session *session = azm_session_open(options->env, options->program);
    struct azm_observer *observer = session ? calloc(1, sizeof *observer) : NULL;
    if (!observer) {
        azm_session_close(session, 0, 0);
        return NULL;
    }
    *observer = (struct azm_observer){.session = session,
                                      .listener = options->handler ? &azm_handler_listener : &azm_proxied_listener,
                                      .close_wait_ms = options->close_wait_ms};
    if (options->handler)
        azm_session_handler(session);
    azm_session_worker(session, options->worker_pid);
    azm_session_forward(session, &options->forward);
    return observer;
}

void azm_observer_close(struct azm_observer *observer)
{
    if (!observer)
        return;
    while (observer->connections)
        azm_observed_close(observer->connections, observer->now_us);
    azm_session_close(observer->session, observer->now_us, observer->close_wait_ms);
    free(observer);
}

void azm_observer_tick(struct azm_observer *observer, int64_t now_us)
{
    if (!observer)
        return;
    observer->now_us = now_us;
    azm_session_tick(observer->session, now_us);
}

void azm_observer_worker_exit(struct azm_observer *observer, const struct azm_worker_end *end, int64_t now_us)
{
    if (!observer)
        return;
    observer->now_us = now_us;
    azm_session_worker_exit(observer->session, end, now_us);
}
