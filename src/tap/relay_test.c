#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <uv.h>

#include "os/process.h"
#include "tap/relay.h"

/* A worker or a host: a socket on the test's own loop that writes when it is told to and counts what it gets. */
struct peer {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    uv_shutdown_t shutdown;
    bool open, connected, written, closed;
    int ended; /* 0, or libuv's reason */
    uint64_t got;
    uint32_t sum; /* of what it got, in order */
};

static uv_loop_t loop;
static uv_tcp_t listener;
enum { MANY = 120 };

static struct peer pool[MANY], *host; /* the connections to the host, and the last of them */
static size_t hosts;
static char chunk[32 * 1024];
static int changes;
static struct azm_relay *relays[4]; /* of this test */
static size_t relay_count;

static void give_chunk(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(chunk, sizeof(chunk));
}

static uint32_t add_up(uint32_t sum, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + (unsigned char)bytes[i];
    return sum;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct peer *peer = stream->data;
    if (n > 0) {
        peer->got += (size_t)n;
        peer->sum = add_up(peer->sum, buf->base, (size_t)n);
    } else if (n < 0) {
        peer->ended = (int)n;
        uv_read_stop(stream);
    }
}

static void peer_read(struct peer *peer)
{
    assert_int_equal(uv_read_start((uv_stream_t *)&peer->tcp, give_chunk, on_read), 0);
}

static void on_written(uv_write_t *request, int status)
{
    struct peer *peer = request->data;
    peer->written = status == 0;
}

static void peer_write(struct peer *peer, char *bytes, size_t len)
{
    uv_buf_t buf = uv_buf_init(bytes, (unsigned)len);
    peer->written = false;
    peer->write.data = peer;
    assert_int_equal(uv_write(&peer->write, (uv_stream_t *)&peer->tcp, &buf, 1, on_written), 0);
}

static void peer_end(struct peer *peer)
{
    assert_int_equal(uv_shutdown(&peer->shutdown, (uv_stream_t *)&peer->tcp, NULL), 0);
}

static void on_closed(uv_handle_t *handle)
{
    ((struct peer *)handle->data)->closed = true;
}

static void peer_close(struct peer *peer, bool reset)
{
    if (!peer->open)
        return;
    peer->open = false;
    if (!reset || uv_tcp_close_reset(&peer->tcp, on_closed) != 0)
        uv_close((uv_handle_t *)&peer->tcp, on_closed);
    while (!peer->closed)
        uv_run(&loop, UV_RUN_ONCE);
}

static void peer_init(struct peer *peer)
{
    *peer = (struct peer){.open = true};
    uv_tcp_init(&loop, &peer->tcp);
    peer->tcp.data = peer;
}

static void on_host(uv_stream_t *stream, int status)
{
    assert_int_equal(status, 0);
    host = &pool[hosts++];
    peer_init(host);
    assert_int_equal(uv_accept(stream, (uv_stream_t *)&host->tcp), 0);
}

static void on_connect(uv_connect_t *request, int status)
{
    struct peer *peer = request->data;
    peer->connected = status == 0;
    peer->ended = status;
}

static void on_changed(void *self)
{
    (void)self;
    changes++;
}

static struct azm_relay *open_relay(uint16_t host_port, const char *name)
{
    struct azm_error err;
    struct azm_relay_options options = {.loop = &loop, .target = {.port = host_port}, .changed = on_changed};
    snprintf(options.target.host, sizeof(options.target.host), "%s", name);
    struct azm_relay *relay = azm_relay_open(&options, &err);
    assert_non_null(relay);
    relays[relay_count++] = relay;
    return relay;
}

static uint16_t listen_as_host(const char *address)
{
    struct sockaddr_storage any, got;
    int size = sizeof(got);
    if (uv_ip4_addr(address, 0, (struct sockaddr_in *)&any) != 0)
        assert_int_equal(uv_ip6_addr(address, 0, (struct sockaddr_in6 *)&any), 0);
    uv_tcp_init(&loop, &listener);
    if (uv_tcp_bind(&listener, (const struct sockaddr *)&any, 0) != 0)
        return 0;
    assert_int_equal(uv_listen((uv_stream_t *)&listener, 128, on_host), 0);
    uv_tcp_getsockname(&listener, (struct sockaddr *)&got, &size);
    return ntohs(((struct sockaddr_in *)&got)->sin_port); /* the same place in both families */
}

static void connect_worker(struct peer *worker, const struct azm_relay *relay)
{
    struct sockaddr_in address;
    uv_ip4_addr("127.0.0.1", azm_relay_port(relay), &address);
    peer_init(worker);
    worker->connect.data = worker;
    assert_int_equal(uv_tcp_connect(&worker->connect, &worker->tcp, (const struct sockaddr *)&address, on_connect), 0);
}

#define run_until(condition)                                                                                           \
    while (!(condition))                                                                                               \
    uv_run(&loop, UV_RUN_ONCE)

/* So that a run_until() that waits for something else comes back now and then. */
static uv_timer_t heartbeat;
static int beats;

static void on_beat(uv_timer_t *timer)
{
    (void)timer;
    beats++;
}

/* Time enough for bytes to move that must not move; a slow machine can only make the test weaker. */
static void run_a_while(void)
{
    int until = beats + 10;
    run_until(beats >= until);
}

static int set_up(void **state)
{
    (void)state;
    uv_loop_init(&loop);
    uv_timer_init(&loop, &heartbeat);
    uv_timer_start(&heartbeat, on_beat, 10, 10);
    host = NULL;
    hosts = 0;
    changes = 0;
    return 0;
}

static void close_any(uv_handle_t *handle, void *self)
{
    (void)self;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    while (relay_count > 0)
        azm_relay_close(relays[--relay_count]);
    uv_walk(&loop, close_any, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static char *noise(size_t size)
{
    char *bytes = malloc(size);
    uint32_t x = 1;
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
    return bytes;
}

enum {
    MUCH = 8 * 1024 * 1024,
    FAR_TOO_MUCH = 64 * 1024 * 1024, /* more than the sockets' buffers between a writer and who does not read */
};

/* Half-close in either order, with more on the way than any buffer holds. */
static void test_bytes_and_ends(void **state)
{
    (void)state;
    struct azm_relay *relay = open_relay(listen_as_host("127.0.0.1"), "127.0.0.1");
    char *bytes = noise(MUCH);
    for (int order = 0; order < 2; order++) {
        struct peer worker;
        hosts = 0;
        connect_worker(&worker, relay);
        run_until(hosts == 1 && worker.connected);
        struct peer *first = order ? host : &worker, *second = order ? &worker : host;
        peer_read(second);
        peer_write(first, bytes, MUCH);
        peer_end(first);
        run_until(second->ended);
        assert_int_equal(second->ended, UV_EOF);
        assert_int_equal(second->got, MUCH);
        assert_int_equal(second->sum, add_up(0, bytes, MUCH));
        assert_int_equal(azm_relay_drained(relay), first == &worker);
        peer_read(first);
        peer_write(second, bytes, 1000);
        peer_end(second);
        run_until(first->ended);
        assert_int_equal(first->got, 1000);
        peer_close(&worker, false);
        peer_close(host, false);
        run_until(azm_relay_connections(relay) == 0);
        assert_true(azm_relay_drained(relay));
        assert_int_equal(azm_relay_moved(relay), (uint64_t)(order + 1) * (MUCH + 1000));
    }
    assert_true(changes > 0);
    free(bytes);
}

static void test_a_slow_reader_stalls_the_other_side(void **state)
{
    (void)state;
    struct azm_relay *relay = open_relay(listen_as_host("127.0.0.1"), "127.0.0.1");
    char *bytes = noise(FAR_TOO_MUCH);
    struct peer worker;
    connect_worker(&worker, relay);
    run_until(hosts == 1 && worker.connected);
    peer_write(&worker, bytes, FAR_TOO_MUCH);
    run_a_while();
    assert_false(worker.written);
    uint64_t moved = azm_relay_moved(relay);
    run_a_while();
    assert_int_equal(azm_relay_moved(relay), moved);
    peer_read(&worker); /* the other direction goes on meanwhile */
    peer_write(host, bytes, 1000);
    run_until(worker.got == 1000);
    peer_read(host);
    run_until(host->got == FAR_TOO_MUCH);
    assert_int_equal(host->sum, add_up(0, bytes, FAR_TOO_MUCH));
    peer_close(&worker, false);
    run_until(host->ended);
    free(bytes);
}

/* A side that breaks off: the other sees all that it sent before, then a reset. */
static void test_a_reset_is_passed_on(void **state)
{
    (void)state;
    struct azm_relay *relay = open_relay(listen_as_host("127.0.0.1"), "127.0.0.1");
    char *bytes = noise(1000);
    for (int order = 0; order < 2; order++) {
        struct peer worker;
        hosts = 0;
        connect_worker(&worker, relay);
        run_until(hosts == 1 && worker.connected);
        struct peer *breaks = order ? host : &worker, *sees = order ? &worker : host;
        peer_read(sees);
        peer_write(breaks, bytes, 1000);
        run_until(sees->got == 1000);
        peer_close(breaks, true);
        run_until(sees->ended);
        assert_int_equal(sees->ended, UV_ECONNRESET);
        peer_close(&worker, false);
        peer_close(host, false);
        run_until(azm_relay_connections(relay) == 0);
    }
    free(bytes);
}

/* A side that went away while more is sent to it: what it had sent arrives, the sender is reset. */
static void test_a_side_that_went_away(void **state)
{
    (void)state;
    struct azm_relay *relay = open_relay(listen_as_host("127.0.0.1"), "127.0.0.1");
    char *bytes = noise(FAR_TOO_MUCH);
    struct peer worker;
    connect_worker(&worker, relay);
    run_until(hosts == 1 && worker.connected);
    peer_write(&worker, bytes, FAR_TOO_MUCH);
    run_a_while();
    peer_write(host, bytes, 500);
    peer_close(host, false); /* with the worker's bytes unread: a reset */
    peer_read(&worker);
    run_until(worker.ended);
    assert_int_equal(worker.got, 500);
    assert_false(worker.written); /* the reset may have shown at the write, once */
    peer_close(&worker, false);
    run_until(azm_relay_connections(relay) == 0);
    free(bytes);
}

static void test_a_host_that_refuses(void **state)
{
    (void)state;
    uint16_t port = listen_as_host("127.0.0.1");
    uv_close((uv_handle_t *)&listener, NULL);
    run_a_while();
    static const char *const names[] = {"127.0.0.1", "localhost"};
    for (size_t i = 0; i < AZM_COUNT(names); i++) {
        struct azm_relay *relay = open_relay(port, names[i]);
        struct peer worker;
        connect_worker(&worker, relay);
        run_until(worker.connected || worker.ended);
        if (worker.connected) {
            peer_read(&worker);
            run_until(worker.ended);
        }
        assert_int_equal(worker.ended, UV_ECONNRESET);
        peer_close(&worker, false);
        run_until(azm_relay_connections(relay) == 0);
    }
}

/* "localhost" may mean ::1 only. */
static void test_localhost_in_both_families(void **state)
{
    (void)state;
    uint16_t port = listen_as_host("::1");
    if (port == 0) {
        print_message("no IPv6 on this machine\n");
        skip();
    }
    struct azm_relay *relay = open_relay(port, "localhost");
    struct peer worker;
    connect_worker(&worker, relay);
    run_until(hosts == 1);
    peer_read(&worker);
    peer_write(host, chunk, 10);
    run_until(worker.got == 10);
    peer_close(&worker, false);
}

static void test_many_connections(void **state)
{
    (void)state;
    static struct peer workers[MANY];
    struct azm_relay *relay = open_relay(listen_as_host("127.0.0.1"), "127.0.0.1");
    for (size_t i = 0; i < MANY; i++) {
        connect_worker(&workers[i], relay);
        run_until(hosts == i + 1);
        peer_read(&workers[i]);
    }
    assert_int_equal(azm_relay_connections(relay), MANY);
    for (size_t i = 0; i < MANY; i++)
        peer_write(&pool[i], chunk, 10 + i);
    for (size_t i = 0; i < MANY; i++)
        run_until(workers[i].got == 10 + i);
    for (size_t i = 0; i < MANY; i++)
        peer_close(&workers[i], false);
    for (size_t i = 0; i < MANY; i++)
        peer_close(&pool[i], false);
    run_until(azm_relay_connections(relay) == 0);
}

int main(void)
{
    azm_process_inherit(); /* a write to a side that is gone is an error, not the end */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes_and_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_slow_reader_stalls_the_other_side, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_reset_is_passed_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_side_that_went_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_host_that_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_localhost_in_both_families, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_connections, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
