#include "tap/relay.h"

#include <stdlib.h>

#include <uv.h>

#include "os/clock.h"
#include "os/socket.h"

enum {
    CHUNK = 64 * 1024,
    BACKLOG = 128,
    ADDRESSES_MAX = 2, /* "localhost" is tried as 127.0.0.1 and as ::1 */
};

enum half_state {
    HALF_OPEN,
    HALF_ENDING, /* its source has ended; what is pending has still to go */
    HALF_DONE,   /* the end was passed on */
};

/* One direction: from this socket to the other one of the connection. */
struct half {
    uv_tcp_t source;
    uv_write_t write;
    uv_shutdown_t shutdown;
    enum half_state state;
    bool reset; /* the source broke off */
    size_t pending;
    char kept[CHUNK];
};

/* Allocated but not cleared as a whole: kept[] costs memory only when it is written. */
struct connection {
    struct azm_relay *relay;
    struct azm_observed *observed;
    struct connection *next, *prev;
    uv_connect_t connect;
    size_t address; /* of the host, now tried */
    int open_handles;
    bool closing;
    struct half halves[2]; /* by enum azm_side */
};

struct azm_relay {
    uv_tcp_t listener;
    struct azm_relay_options options;
    struct azm_observer *observer;
    struct connection *connections;
    size_t connection_count;
    uint64_t moved;
    uint16_t port;
    struct sockaddr_storage addresses[ADDRESSES_MAX];
    size_t address_count;
    uv_tcp_t refused;
    bool refusing, refuse_more;
};

/* Filled and used up within one call of on_read: one for all. */
static char chunk[CHUNK];

static enum azm_side side_of(const struct connection *connection, const struct half *half)
{
    return half == &connection->halves[AZM_FROM_WORKER] ? AZM_FROM_WORKER : AZM_FROM_HOST;
}

static struct half *other(struct connection *connection, const struct half *half)
{
    return &connection->halves[side_of(connection, half) == AZM_FROM_WORKER ? AZM_FROM_HOST : AZM_FROM_WORKER];
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    if (--connection->open_handles > 0)
        return;
    struct azm_relay *relay = connection->relay;
    if (connection->prev)
        connection->prev->next = connection->next;
    else
        relay->connections = connection->next;
    if (connection->next)
        connection->next->prev = connection->prev;
    relay->connection_count--;
    free(connection);
    relay->options.changed(relay->options.self);
}

static void close_side(struct half *half, bool reset)
{
    uv_handle_t *handle = (uv_handle_t *)&half->source;
    if (!uv_is_closing(handle) && (!reset || uv_tcp_close_reset(&half->source, on_closed) != 0))
        uv_close(handle, on_closed);
}

/* reset: what the other side of a connection that broke off shall see; NULL for an orderly end. */
static void close_connection(struct connection *connection, const struct half *reset)
{
    if (connection->closing)
        return;
    connection->closing = true;
    azm_observed_close(connection->observed, azm_clock_mono_us());
    for (size_t i = 0; i < AZM_COUNT(connection->halves); i++)
        close_side(&connection->halves[i], reset == &connection->halves[i]);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)status; /* a side that is gone needs no end */
    struct connection *connection = request->handle->data;
    if (connection->halves[AZM_FROM_WORKER].state == HALF_DONE && connection->halves[AZM_FROM_HOST].state == HALF_DONE)
        close_connection(connection, NULL);
}

/* Passes the end on, once nothing of the half is pending. */
static void finish_half(struct connection *connection, struct half *half)
{
    struct half *to = other(connection, half);
    if (connection->closing || half->state != HALF_ENDING || half->pending > 0)
        return;
    half->state = HALF_DONE;
    if (half->reset)
        /* A reset throws away what has not left yet; then an orderly end, late, is the better news. */
        close_connection(connection, azm_socket_all_sent(&to->source) ? to : NULL);
    else if (uv_shutdown(&half->shutdown, (uv_stream_t *)&to->source, on_shutdown) != 0)
        close_connection(connection, to);
    connection->relay->options.changed(connection->relay->options.self);
}

/* The side that half writes to is gone. What that side had sent before may still wait to be read: its own half goes on
 * to its end, which is then passed on as a reset. */
static void break_half(struct connection *connection, struct half *half)
{
    struct half *back = other(connection, half);
    half->pending = 0;
    half->state = HALF_DONE;
    uv_read_stop((uv_stream_t *)&half->source);
    back->reset = true;
    if (back->state == HALF_DONE)
        close_connection(connection, half);
}

static void end_half(struct connection *connection, struct half *half, bool reset, int64_t now_us)
{
    half->state = HALF_ENDING;
    half->reset = half->reset || reset;
    uv_read_stop((uv_stream_t *)&half->source);
    azm_observed_end(connection->observed, side_of(connection, half), now_us);
    finish_half(connection, half);
}

static void give_chunk(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(chunk, sizeof(chunk));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void on_written(uv_write_t *request, int status)
{
    struct connection *connection = request->handle->data;
    struct half *half = request->data;
    if (connection->closing)
        return;
    if (status != 0) {
        break_half(connection, half);
        return;
    }
    connection->relay->moved += half->pending;
    half->pending = 0;
    if (half->state == HALF_ENDING)
        finish_half(connection, half);
    else
        uv_read_start((uv_stream_t *)&half->source, give_chunk, on_read);
}

/* Keeps what the other side does not take now, and leaves more of it with the source. */
static int keep_rest(struct connection *connection, struct half *half, azm_slice rest)
{
    memcpy(half->kept, rest.ptr, rest.len);
    half->pending = rest.len;
    uv_read_stop((uv_stream_t *)&half->source);
    uv_buf_t buf = uv_buf_init(half->kept, (unsigned)rest.len);
    half->write.data = half;
    return uv_write(&half->write, (uv_stream_t *)&other(connection, half)->source, &buf, 1, on_written);
}

static void pass_on(struct connection *connection, struct half *half, azm_slice bytes)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.ptr, (unsigned)bytes.len);
    int sent = uv_try_write((uv_stream_t *)&other(connection, half)->source, &buf, 1);
    if (sent == UV_EAGAIN)
        sent = 0;
    if (sent >= 0)
        connection->relay->moved += (size_t)sent;
    if (sent >= 0 && (size_t)sent < bytes.len)
        sent = keep_rest(connection, half, azm_slice_drop(bytes, (size_t)sent));
    if (sent < 0)
        break_half(connection, half);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct connection *connection = stream->data;
    struct half *half = &connection->halves[AZM_FROM_WORKER];
    if (stream != (uv_stream_t *)&half->source)
        half = &connection->halves[AZM_FROM_HOST];
    if (n == 0)
        return;
    int64_t now_us = azm_clock_mono_us();
    if (n < 0) {
        end_half(connection, half, n != UV_EOF, now_us);
        return;
    }
    azm_slice bytes = azm_slice_of(buf->base, (size_t)n);
    pass_on(connection, half, bytes);
    azm_observed_bytes(connection->closing ? NULL : connection->observed, side_of(connection, half), bytes, now_us);
}

static void connect_host(struct connection *connection);

static void on_retry(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    connection->open_handles--;
    connect_host(connection);
}

static void on_connect(uv_connect_t *request, int status)
{
    struct connection *connection = request->data;
    struct half *host = &connection->halves[AZM_FROM_HOST], *worker = &connection->halves[AZM_FROM_WORKER];
    if (connection->closing)
        return;
    if (status != 0 && ++connection->address < connection->relay->address_count) {
        uv_close((uv_handle_t *)&host->source, on_retry);
        return;
    }
    if (status == 0) {
        uv_tcp_nodelay(&host->source, 1);
        status = uv_read_start((uv_stream_t *)&host->source, give_chunk, on_read);
    }
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&worker->source, give_chunk, on_read);
    if (status != 0)
        close_connection(connection, worker);
}

static void connect_host(struct connection *connection)
{
    struct azm_relay *relay = connection->relay;
    struct half *host = &connection->halves[AZM_FROM_HOST];
    struct half *worker = &connection->halves[AZM_FROM_WORKER];
    uv_tcp_init(relay->options.loop, &host->source); /* cannot fail: no socket is made yet */
    host->source.data = connection;
    connection->open_handles++;
    connection->connect.data = connection;
    const struct sockaddr *address = (const struct sockaddr *)&relay->addresses[connection->address];
    if (uv_tcp_connect(&connection->connect, &host->source, address, on_connect) != 0)
        close_connection(connection, worker);
}

static void start_half(struct half *half)
{
    half->state = HALF_OPEN;
    half->reset = false;
    half->pending = 0;
}

static struct connection *new_connection(struct azm_relay *relay)
{
    struct connection *connection = malloc(sizeof(*connection));
    if (!connection)
        return NULL;
    memset(connection, 0, offsetof(struct connection, halves));
    connection->relay = relay;
    for (size_t i = 0; i < AZM_COUNT(connection->halves); i++)
        start_half(&connection->halves[i]);
    connection->next = relay->connections;
    if (connection->next)
        connection->next->prev = connection;
    relay->connections = connection;
    relay->connection_count++;
    return connection;
}

static void on_connection(uv_stream_t *listener, int status);

static void on_refused(uv_handle_t *handle)
{
    struct azm_relay *relay = handle->data;
    relay->refusing = false;
    if (relay->refuse_more) {
        relay->refuse_more = false;
        on_connection((uv_stream_t *)&relay->listener, 0);
    }
}

/* Without memory for a connection it must still be taken: libuv offers no other before. */
static void refuse(struct azm_relay *relay)
{
    if (relay->refusing) {
        relay->refuse_more = true;
        return;
    }
    relay->refusing = true;
    uv_tcp_init(relay->options.loop, &relay->refused);
    relay->refused.data = relay;
    if (uv_accept((uv_stream_t *)&relay->listener, (uv_stream_t *)&relay->refused) != 0 ||
        uv_tcp_close_reset(&relay->refused, on_refused) != 0)
        uv_close((uv_handle_t *)&relay->refused, on_refused);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct azm_relay *relay = listener->data;
    if (status != 0) /* out of descriptors: libuv has closed the newcomer to get it off the queue */
        return;
    struct connection *connection = new_connection(relay);
    if (!connection) {
        refuse(relay);
        return;
    }
    uv_tcp_t *worker = &connection->halves[AZM_FROM_WORKER].source;
    uv_tcp_init(relay->options.loop, worker);
    worker->data = connection;
    connection->open_handles = 1;
    if (uv_accept(listener, (uv_stream_t *)worker) != 0) {
        connection->closing = true;
        uv_close((uv_handle_t *)worker, on_closed);
        return;
    }
    uv_tcp_nodelay(worker, 1);
    connection->observed = azm_observer_connection(relay->observer, azm_clock_mono_us());
    connect_host(connection);
}

static size_t resolve(const struct azm_target *target, struct sockaddr_storage addresses[ADDRESSES_MAX])
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&addresses[0];
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&addresses[0];
    if (azm_slice_eq_nocase(azm_slice_str(target->host), AZM_S("localhost"))) {
        uv_ip4_addr("127.0.0.1", target->port, v4);
        uv_ip6_addr("::1", target->port, (struct sockaddr_in6 *)&addresses[1]);
        return 2;
    }
    if (uv_ip4_addr(target->host, target->port, v4) == 0)
        return 1;
    return uv_ip6_addr(target->host, target->port, v6) == 0 ? 1 : 0;
}

static int start_listening(struct azm_relay *relay)
{
    struct sockaddr_in any;
    struct sockaddr_storage got;
    int length = sizeof(got);
    uv_ip4_addr("127.0.0.1", 0, &any);
    int rc = uv_tcp_bind(&relay->listener, (const struct sockaddr *)&any, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&relay->listener, BACKLOG, on_connection);
    if (rc == 0)
        rc = uv_tcp_getsockname(&relay->listener, (struct sockaddr *)&got, &length);
    if (rc == 0)
        relay->port = ntohs(((struct sockaddr_in *)&got)->sin_port);
    return rc;
}

static void free_relay(uv_handle_t *listener)
{
    free(listener->data);
}

struct azm_relay *azm_relay_open(const struct azm_relay_options *options, struct azm_error *err)
{
    struct azm_relay *relay = calloc(1, sizeof(*relay));
    if (!relay) {
        (void)azm_fail(err, AZM_NO_MEMORY, "no memory for a relay");
        return NULL;
    }
    relay->options = *options;
    uv_tcp_init(options->loop, &relay->listener);
    relay->listener.data = relay;
    relay->address_count = resolve(&options->target, relay->addresses);
    int rc = relay->address_count > 0 ? start_listening(relay) : UV_EINVAL;
    if (rc == 0)
        return relay;
    (void)azm_fail(err, AZM_NETWORK, "cannot listen on 127.0.0.1 for %s port %u: %s", options->target.host,
                   (unsigned)options->target.port, uv_strerror(rc));
    uv_close((uv_handle_t *)&relay->listener, free_relay);
    return NULL;
}

uint16_t azm_relay_port(const struct azm_relay *relay)
{
    return relay->port;
}

void azm_relay_observe(struct azm_relay *relay, struct azm_observer *observer)
{
    relay->observer = observer;
}

bool azm_relay_drained(const struct azm_relay *relay)
{
    for (const struct connection *c = relay->connections; c; c = c->next)
        if (!c->closing && c->halves[AZM_FROM_WORKER].state != HALF_DONE)
            return false;
    return true;
}

size_t azm_relay_connections(const struct azm_relay *relay)
{
    return relay->connection_count;
}

uint64_t azm_relay_moved(const struct azm_relay *relay)
{
    return relay->moved;
}
