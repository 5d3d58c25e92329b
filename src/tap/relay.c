#include "tap/relay.h"

#include <stdlib.h>

#include <uv.h>

#include "os/clock.h"
#include "tap/listen.h"

enum {
    CHUNK = 64 * 1024,
    ADDRESSES_MAX = 2, /* "localhost" is tried as 127.0.0.1 and as ::1 */
    BEAT_MS = 25,      /* of what is done again and again, or is given up after two beats */
};

enum half_state {
    HALF_OPEN,
    HALF_ENDING, /* its source has ended; what is pending has still to go */
    HALF_DONE,   /* the end was passed on, or nobody is there to take it */
};

/* One side's socket, and the direction that begins there. */
struct half {
    uv_poll_t poll; /* of the socket */
    azm_socket socket;
    int watched; /* UV_READABLE, UV_WRITABLE */
    enum half_state state;
    bool reset;            /* the source broke off */
    size_t start, pending; /* of kept: received here, not yet taken by the other side */
    size_t held;           /* behind these: not to be sent yet, because they may have to be overwritten */
    unsigned beats;        /* since the first of them is held */
    char kept[CHUNK];
};

/* Allocated but not cleared as a whole: kept[] costs memory only when it is written. */
struct connection {
    struct azm_relay *relay;
    struct azm_observed *observed;
    struct connection *next, *prev;
    size_t address;   /* of the target, now tried */
    unsigned attempt; /* to connect, on all addresses */
    int open_handles;
    bool connected, closing, waits; /* waits: for the next attempt */
    struct half halves[2];          /* by enum azm_side */
};

struct listener {
    uv_poll_t poll;
    azm_socket socket;
};

struct azm_relay {
    struct listener listeners[AZM_LISTENERS_MAX];
    azm_socket bound, spare; /* not listened on yet; a connection to the target for the next one that comes */
    uv_timer_t beat;         /* runs only when something is held or waits */
    bool beating;
    int open_handles;
    enum azm_side near, far; /* whose side opens connections, and to whom */
    struct azm_relay_options options;
    struct azm_observer *observer;
    struct connection *connections;
    size_t connection_count;
    uint64_t moved;
    uint16_t port;
    const char *addresses[ADDRESSES_MAX];
    size_t address_count;
    bool closing;
};

/* Filled and used up within one call of receive(): one for all. */
static char chunk[CHUNK];

static enum azm_side side_of(const struct connection *connection, const struct half *half)
{
    return half == &connection->halves[AZM_FROM_WORKER] ? AZM_FROM_WORKER : AZM_FROM_HOST;
}

static struct half *other(struct connection *connection, const struct half *half)
{
    return &connection->halves[side_of(connection, half) == AZM_FROM_WORKER ? AZM_FROM_HOST : AZM_FROM_WORKER];
}

static void free_unused(struct azm_relay *relay)
{
    if (relay->open_handles == 0 && relay->connection_count == 0)
        free(relay);
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
    if (relay->closing)
        free_unused(relay);
    else
        relay->options.changed(relay->options.self);
}

static void close_side(struct half *half, bool reset, uv_close_cb closed)
{
    if (half->socket == AZM_SOCKET_NONE)
        return;
    uv_close((uv_handle_t *)&half->poll, closed);
    azm_socket_close(half->socket, reset);
    half->socket = AZM_SOCKET_NONE;
}

/* reset: the half whose side shall see a connection that broke off; NULL for an orderly end. */
static void close_connection(struct connection *connection, const struct half *reset)
{
    if (connection->closing)
        return;
    connection->closing = true;
    azm_observed_close(connection->observed, azm_clock_mono_us());
    for (size_t i = 0; i < AZM_COUNT(connection->halves); i++)
        close_side(&connection->halves[i], reset == &connection->halves[i], on_closed);
}

/* Nothing of it is to be overwritten any more. */
static void let_go(struct connection *connection, struct half *half)
{
    if (half->held == 0)
        return;
    azm_observed_let_go(connection->observed, side_of(connection, half));
    half->pending += half->held;
    half->held = 0;
}

static void on_event(uv_poll_t *poll, int status, int events);

/* Listens for what can be done now. libuv asks the system for nothing when nothing has changed. */
static void watch(struct connection *connection, struct half *half)
{
    int events = 0;
    if (connection->closing)
        return;
    if (connection->connected && half->state == HALF_OPEN && half->pending == 0)
        events |= UV_READABLE;
    if (!connection->connected || other(connection, half)->pending > 0)
        events |= UV_WRITABLE;
    if (events == half->watched)
        return;
    half->watched = events;
    if (events == 0)
        uv_poll_stop(&half->poll);
    else if (uv_poll_start(&half->poll, events, on_event) != 0)
        close_connection(connection, NULL);
}

static void watch_both(struct connection *connection)
{
    watch(connection, &connection->halves[AZM_FROM_WORKER]);
    watch(connection, &connection->halves[AZM_FROM_HOST]);
}

/* Passes the end on, once nothing of the half is pending. */
static void finish_half(struct connection *connection, struct half *half)
{
    struct half *to = other(connection, half);
    if (half->state != HALF_ENDING || half->pending > 0)
        return;
    half->state = HALF_DONE;
    if (half->reset)
        close_connection(connection, to);
    else if (to->state == HALF_DONE)
        close_connection(connection, NULL);
    else
        azm_socket_end(to->socket);
    connection->relay->options.changed(connection->relay->options.self);
}

/* The side that half writes to is gone. What that side had sent before may still wait to be read: its own half goes on
 * to its end, which is then passed on as a reset. */
static void break_half(struct connection *connection, struct half *half)
{
    struct half *back = other(connection, half);
    half->pending = half->held = 0;
    half->state = HALF_DONE;
    back->reset = true;
    if (back->state == HALF_DONE)
        close_connection(connection, half);
}

static void end_half(struct connection *connection, struct half *half, bool reset, int64_t now_us)
{
    let_go(connection, half);
    half->state = HALF_ENDING;
    half->reset = half->reset || reset;
    azm_observed_end(connection->observed, side_of(connection, half), now_us);
    finish_half(connection, half);
}

/* Sends what the other side takes and keeps the rest; nothing more is read from here until that has gone. */
static void pass_on(struct connection *connection, struct half *half, azm_slice bytes)
{
    ptrdiff_t sent = azm_socket_send(other(connection, half)->socket, bytes.ptr, bytes.len);
    if (sent == AZM_SOCKET_BROKEN) {
        break_half(connection, half);
        return;
    }
    azm_slice rest = azm_slice_drop(bytes, sent > 0 ? (size_t)sent : 0);
    connection->relay->moved += bytes.len - rest.len;
    if (AZM_LIKELY(rest.len == 0))
        return;
    memcpy(half->kept, rest.ptr, rest.len);
    half->start = 0;
    half->pending = rest.len;
}

static void send_kept(struct connection *connection, struct half *half)
{
    ptrdiff_t sent = azm_socket_send(other(connection, half)->socket, half->kept + half->start, half->pending);
    if (sent == AZM_SOCKET_BROKEN) {
        break_half(connection, half);
    } else if (sent > 0) {
        half->start += (size_t)sent;
        half->pending -= (size_t)sent;
        connection->relay->moved += (size_t)sent;
        finish_half(connection, half);
    }
}

/* One chunk: received, timed, sent, and only then looked at. */
static void receive(struct connection *connection, struct half *half)
{
    ptrdiff_t n = azm_socket_receive(half->socket, chunk, sizeof(chunk));
    if (n == AZM_SOCKET_AGAIN)
        return;
    int64_t now_us = azm_clock_mono_us();
    if (n <= 0) {
        end_half(connection, half, n != 0, now_us);
        return;
    }
    azm_slice bytes = azm_slice_of(chunk, (size_t)n);
    pass_on(connection, half, bytes);
    if (!connection->closing)
        azm_observed_bytes(connection->observed, side_of(connection, half), bytes, now_us);
}

static void start_beat(struct azm_relay *relay);

/* As receive, but it is looked at before it is sent, where it is kept; and the end of it may be held back. */
static void receive_armed(struct connection *connection, struct half *half)
{
    if (half->held == 0)
        half->start = 0;
    char *to = half->kept + half->start + half->held;
    ptrdiff_t n = azm_socket_receive(half->socket, to, sizeof(half->kept) - half->start - half->held);
    if (n == AZM_SOCKET_AGAIN)
        return;
    int64_t now_us = azm_clock_mono_us();
    if (n <= 0) {
        end_half(connection, half, n != 0, now_us);
        return;
    }
    size_t all = half->held + (size_t)n;
    bool began = half->held == 0;
    half->held = azm_observed_first(connection->observed, side_of(connection, half), to, (size_t)n, now_us);
    half->pending = all - half->held;
    if (half->held && half->start + all == sizeof(half->kept)) /* no room to wait for the rest */
        let_go(connection, half);
    if (half->held > 0 && began) {
        half->beats = 0;
        start_beat(connection->relay);
    }
    if (half->pending > 0)
        send_kept(connection, half);
}

static void on_connected(struct connection *connection);

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct connection *connection = poll->data;
    struct half *half = &connection->halves[AZM_FROM_WORKER];
    if (poll != &half->poll)
        half = &connection->halves[AZM_FROM_HOST];
    if (status < 0) { /* an error on the socket, which receive or send will tell; libuv has stopped watching */
        events = half->watched;
        half->watched = 0;
    }
    if (!connection->connected) {
        on_connected(connection);
        return;
    }
    if ((events & UV_WRITABLE) && other(connection, half)->pending > 0)
        send_kept(connection, other(connection, half));
    if ((events & UV_READABLE) && !connection->closing && half->state == HALF_OPEN && half->pending == 0) {
        if (AZM_UNLIKELY(half->held || azm_observed_armed(connection->observed, side_of(connection, half))))
            receive_armed(connection, half);
        else
            receive(connection, half);
    }
    watch_both(connection);
}

static void connect_target(struct connection *connection);

static void on_retry(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    if (connection->closing) {
        on_closed(handle);
        return;
    }
    connection->open_handles--;
    connect_target(connection);
}

/* Every address was tried. */
static void attempt_failed(struct connection *connection)
{
    struct azm_relay *relay = connection->relay;
    connection->address = 0;
    if (++connection->attempt < relay->options.connect_attempts) {
        connection->waits = true;
        start_beat(relay);
    } else {
        close_connection(connection, &connection->halves[relay->near]);
    }
}

static void on_connected(struct connection *connection)
{
    struct half *target = &connection->halves[connection->relay->far];
    if (azm_socket_connected(target->socket)) {
        connection->connected = true;
        watch_both(connection);
    } else {
        connection->address++;
        close_side(target, false, on_retry);
    }
}

static bool open_side(struct connection *connection, struct half *half, azm_socket socket)
{
    if (socket == AZM_SOCKET_NONE)
        return false;
    half->watched = 0;
    half->poll.data = connection;
    if (uv_poll_init_socket(connection->relay->options.loop, &half->poll, (uv_os_sock_t)socket) != 0) {
        azm_socket_close(socket, true);
        return false;
    }
    half->socket = socket;
    connection->open_handles++;
    return true;
}

/* The near side is not watched before the far one is there. */
static void connect_target(struct connection *connection)
{
    struct azm_relay *relay = connection->relay;
    struct half *target = &connection->halves[relay->far];
    if (relay->spare != AZM_SOCKET_NONE) {
        azm_socket spare = relay->spare;
        relay->spare = AZM_SOCKET_NONE;
        if (open_side(connection, target, spare)) {
            watch(connection, target);
            return;
        }
    }
    for (; connection->address < relay->address_count; connection->address++)
        if (open_side(connection, target,
                      azm_socket_connect(relay->addresses[connection->address], relay->options.target.port))) {
            watch(connection, target);
            return;
        }
    attempt_failed(connection);
}

/* One more beat has passed for this connection. True: it needs the next one too. */
static bool beat(struct connection *connection)
{
    struct half *half = &connection->halves[AZM_FROM_WORKER];
    if (connection->waits) {
        connection->waits = false;
        connect_target(connection);
    }
    if (half->held && ++half->beats >= 2) {
        let_go(connection, half);
        send_kept(connection, half);
        watch_both(connection);
    }
    return !connection->closing && (connection->waits || half->held > 0);
}

static void on_beat(uv_timer_t *timer)
{
    struct azm_relay *relay = timer->data;
    bool more = false;
    for (struct connection *c = relay->connections; c; c = c->next)
        more |= !c->closing && beat(c);
    if (more)
        return;
    relay->beating = false;
    uv_timer_stop(timer);
}

static void start_beat(struct azm_relay *relay)
{
    if (relay->beating)
        return;
    relay->beating = true;
    uv_update_time(relay->options.loop);
    uv_timer_start(&relay->beat, on_beat, BEAT_MS, BEAT_MS);
}

static struct connection *new_connection(struct azm_relay *relay)
{
    struct connection *connection = malloc(sizeof(*connection));
    if (!connection)
        return NULL;
    memset(connection, 0, offsetof(struct connection, halves));
    connection->relay = relay;
    for (size_t i = 0; i < AZM_COUNT(connection->halves); i++) {
        memset(&connection->halves[i], 0, offsetof(struct half, kept));
        connection->halves[i].socket = AZM_SOCKET_NONE;
    }
    return connection;
}

static void link_connection(struct azm_relay *relay, struct connection *connection)
{
    connection->next = relay->connections;
    if (connection->next)
        connection->next->prev = connection;
    relay->connections = connection;
    relay->connection_count++;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct azm_relay *relay = poll->data;
    (void)status;
    (void)events;
    azm_socket socket = azm_socket_accept(((struct listener *)(void *)poll)->socket);
    if (socket == AZM_SOCKET_NONE)
        return;
    struct connection *connection = new_connection(relay);
    if (!connection) {
        azm_socket_close(socket, true);
        return;
    }
    if (!open_side(connection, &connection->halves[relay->near], socket)) {
        free(connection);
        return;
    }
    link_connection(relay, connection);
    connection->observed = azm_observer_connection(relay->observer, relay->options.wire, azm_clock_mono_us());
    connect_target(connection);
}

static void on_relay_closed(uv_handle_t *handle)
{
    struct azm_relay *relay = handle->data;
    relay->open_handles--;
    free_unused(relay);
}

void azm_relay_close(struct azm_relay *relay)
{
    if (!relay)
        return;
    relay->closing = true;
    for (struct connection *c = relay->connections; c; c = c->next)
        close_connection(c, &c->halves[relay->near]);
    for (size_t i = 0; i < AZM_LISTENERS_MAX; i++) {
        if (relay->listeners[i].socket == AZM_SOCKET_NONE)
            continue;
        uv_close((uv_handle_t *)&relay->listeners[i].poll, on_relay_closed);
        azm_socket_close(relay->listeners[i].socket, false);
    }
    if (relay->bound != AZM_SOCKET_NONE)
        azm_socket_close(relay->bound, false);
    if (relay->spare != AZM_SOCKET_NONE)
        azm_socket_close(relay->spare, false);
    uv_close((uv_handle_t *)&relay->beat, on_relay_closed);
}

static bool watch_listener(struct azm_relay *relay, struct listener *listener, azm_socket socket)
{
    if (uv_poll_init_socket(relay->options.loop, &listener->poll, (uv_os_sock_t)socket) != 0) {
        azm_socket_close(socket, false);
        return false;
    }
    listener->socket = socket;
    listener->poll.data = relay;
    relay->open_handles++;
    return uv_poll_start(&listener->poll, UV_READABLE, on_connection) == 0;
}

static void set_addresses(struct azm_relay *relay)
{
    if (azm_slice_eq_nocase(azm_slice_str(relay->options.target.host), AZM_S("localhost"))) {
        relay->addresses[relay->address_count++] = "127.0.0.1";
        relay->addresses[relay->address_count++] = "::1";
    } else {
        relay->addresses[relay->address_count++] = relay->options.target.host;
    }
}

static struct azm_relay *new_relay(const struct azm_relay_options *options)
{
    struct azm_relay *relay = calloc(1, sizeof(*relay));
    if (!relay)
        return NULL;
    relay->options = *options;
    relay->near = options->wire == AZM_WIRE_HTTP ? AZM_FROM_HOST : AZM_FROM_WORKER;
    relay->far = options->wire == AZM_WIRE_HTTP ? AZM_FROM_WORKER : AZM_FROM_HOST;
    for (size_t i = 0; i < AZM_LISTENERS_MAX; i++)
        relay->listeners[i].socket = AZM_SOCKET_NONE;
    relay->bound = relay->spare = AZM_SOCKET_NONE;
    uv_timer_init(options->loop, &relay->beat);
    relay->beat.data = relay;
    relay->open_handles = 1;
    set_addresses(relay);
    return relay;
}

static bool listen_now(struct azm_relay *relay, struct azm_error *err)
{
    azm_socket sockets[AZM_LISTENERS_MAX];
    const struct azm_relay_options *options = &relay->options;
    relay->port = azm_listen(options->port_digits, options->localhost, sockets, err);
    bool good = relay->port != 0;
    for (size_t i = 0; i < AZM_LISTENERS_MAX; i++) {
        if (sockets[i] == AZM_SOCKET_NONE || watch_listener(relay, &relay->listeners[i], sockets[i]))
            continue;
        (void)azm_fail(err, AZM_NETWORK, "cannot watch a listening socket");
        good = false;
    }
    return good;
}

static bool bind_only(struct azm_relay *relay, struct azm_error *err)
{
    relay->bound = azm_socket_bind(relay->options.port, err);
    relay->port = relay->options.port;
    return relay->bound != AZM_SOCKET_NONE;
}

struct azm_relay *azm_relay_open(const struct azm_relay_options *options, struct azm_error *err)
{
    struct azm_relay *relay = new_relay(options);
    if (!relay) {
        (void)azm_fail(err, AZM_NO_MEMORY, "no memory for a relay");
        return NULL;
    }
    if (options->port ? bind_only(relay, err) : listen_now(relay, err))
        return relay;
    azm_relay_close(relay);
    return NULL;
}

bool azm_relay_begin(struct azm_relay *relay, azm_socket first)
{
    azm_socket bound = relay->bound;
    relay->bound = AZM_SOCKET_NONE;
    relay->spare = first;
    if (azm_socket_listen_bound(bound))
        return watch_listener(relay, &relay->listeners[0], bound);
    azm_socket_close(bound, false);
    return false;
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
