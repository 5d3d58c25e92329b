#include "peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { READ_MAX = 64 * 1024, BYTES_MAX = 16 * 1024 * 1024, WINDOW = 1024 * 1024, GRPC_HEAD = 5 };

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench peer: %s: %s\n", what, why);
    exit(1);
}

static void check(ssize_t result, const char *what)
{
    if (result < 0)
        die(what, nghttp2_strerror((int)result));
}

static ssize_t take_out(nghttp2_session *session, int32_t stream, uint8_t *bytes, size_t size, uint32_t *flags,
                        nghttp2_data_source *source, void *self)
{
    struct bench_peer *peer = self;
    size_t n = peer->out.len < size ? peer->out.len : size;
    (void)session, (void)stream, (void)flags, (void)source;
    if (n == 0)
        return NGHTTP2_ERR_DEFERRED;
    memcpy(bytes, peer->out.ptr, n);
    azm_buf_consume(&peer->out, n);
    return (ssize_t)n;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t len,
                   void *self)
{
    struct bench_peer *peer = self;
    (void)session, (void)flags;
    if (stream == peer->stream)
        azm_buf_add(&peer->in, azm_slice_of(bytes, len));
    return 0;
}

#define NV(name, value)                                                                                                \
    {                                                                                                                  \
        (uint8_t *)(uintptr_t) "" name, (uint8_t *)(uintptr_t) "" value, sizeof(name) - 1, sizeof(value) - 1,          \
            NGHTTP2_NV_FLAG_NONE                                                                                       \
    }

/* The host's end: the first request is the stream. */
static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *self)
{
    static const nghttp2_nv head[] = {NV(":status", "200"), NV("content-type", "application/grpc")};
    struct bench_peer *peer = self;
    nghttp2_data_provider provider = {.read_callback = take_out};
    if (frame->hd.type != NGHTTP2_HEADERS || peer->stream != 0)
        return 0;
    peer->stream = frame->hd.stream_id;
    return nghttp2_submit_response(session, peer->stream, head, AZM_COUNT(head), &provider);
}

static void begin(struct bench_peer *peer, int fd)
{
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW}};
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    check(nghttp2_submit_settings(peer->session, NGHTTP2_FLAG_NONE, settings, AZM_COUNT(settings)), "settings");
    check(nghttp2_session_set_local_window_size(peer->session, NGHTTP2_FLAG_NONE, 0, WINDOW), "window");
}

static nghttp2_session_callbacks *make_peer(struct bench_peer *peer, int fd)
{
    nghttp2_session_callbacks *callbacks;
    *peer = (struct bench_peer){.fd = fd};
    azm_buf_init(&peer->in, BYTES_MAX);
    azm_buf_init(&peer->out, BYTES_MAX);
    azm_buf_init(&peer->ready, BYTES_MAX);
    check(nghttp2_session_callbacks_new(&callbacks), "callbacks");
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    return callbacks;
}

void bench_peer_connect(struct bench_peer *peer, int fd)
{
    static const nghttp2_nv head[] = {NV(":method", "POST"),
                                      NV(":scheme", "http"),
                                      NV(":path", "/AzureFunctionsRpcMessages.FunctionRpc/EventStream"),
                                      NV(":authority", "127.0.0.1"),
                                      NV("te", "trailers"),
                                      NV("content-type", "application/grpc"),
                                      NV("user-agent", "bench_worker")};
    nghttp2_session_callbacks *callbacks = make_peer(peer, fd);
    nghttp2_data_provider provider = {.read_callback = take_out};
    check(nghttp2_session_client_new(&peer->session, callbacks, peer), "session");
    nghttp2_session_callbacks_del(callbacks);
    begin(peer, fd);
    peer->stream = nghttp2_submit_request(peer->session, NULL, head, AZM_COUNT(head), &provider, NULL);
    check(peer->stream, "request");
}

void bench_peer_accept(struct bench_peer *peer, int fd)
{
    nghttp2_session_callbacks *callbacks = make_peer(peer, fd);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    check(nghttp2_session_server_new(&peer->session, callbacks, peer), "session");
    nghttp2_session_callbacks_del(callbacks);
    begin(peer, fd);
}

void bench_peer_dispose(struct bench_peer *peer)
{
    nghttp2_session_del(peer->session);
    azm_buf_dispose(&peer->in);
    azm_buf_dispose(&peer->out);
    azm_buf_dispose(&peer->ready);
}

static void make_frames(struct bench_peer *peer)
{
    const uint8_t *bytes;
    ssize_t n;
    while ((n = nghttp2_session_mem_send(peer->session, &bytes)) > 0)
        azm_buf_add(&peer->ready, azm_slice_of(bytes, (size_t)n));
    check(n, "send");
}

void bench_peer_write(struct bench_peer *peer, azm_slice message)
{
    azm_buf_add_byte(&peer->out, 0); /* not compressed */
    for (int shift = 24; shift >= 0; shift -= 8)
        azm_buf_add_byte(&peer->out, (uint8_t)(message.len >> shift));
    azm_buf_add(&peer->out, message);
    nghttp2_session_resume_data(peer->session, peer->stream); /* fails when it does not wait: fine */
    make_frames(peer);
}

void bench_peer_flush(struct bench_peer *peer)
{
    make_frames(peer);
    if (peer->in.failed || peer->out.failed || peer->ready.failed)
        die("buffers", "too much waits");
    for (size_t sent = 0; sent < peer->ready.len;) {
        ssize_t n = send(peer->fd, peer->ready.ptr + sent, peer->ready.len - sent, MSG_NOSIGNAL);
        if (n < 0)
            die("send", "the other end is gone");
        sent += (size_t)n;
    }
    azm_buf_clear(&peer->ready);
}

bool bench_peer_read(struct bench_peer *peer)
{
    static uint8_t bytes[READ_MAX];
    azm_buf_consume(&peer->in, peer->read_at);
    peer->read_at = 0;
    ssize_t n = recv(peer->fd, bytes, sizeof(bytes), 0);
    if (n <= 0)
        return false;
    check(nghttp2_session_mem_recv(peer->session, bytes, (size_t)n), "receive");
    return true;
}

bool bench_peer_next(struct bench_peer *peer, azm_slice *message)
{
    azm_slice rest = azm_slice_drop(azm_buf_slice(&peer->in), peer->read_at);
    if (rest.len < GRPC_HEAD)
        return false;
    const uint8_t *head = (const uint8_t *)rest.ptr;
    size_t size = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
    if (rest.len - GRPC_HEAD < size)
        return false;
    *message = azm_slice_take(azm_slice_drop(rest, GRPC_HEAD), size);
    peer->read_at += GRPC_HEAD + size;
    return true;
}
