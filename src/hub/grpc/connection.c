#include "hub/grpc/parts.h"

#include <stdio.h>
#include <stdlib.h>

/* WINDOW: of flow control, for a stream and for the connection. RESETS: more than that is an attack. SILENCE_MS: a
 * connection without calls that says nothing for so long is closed. GREETING_MS: for the handshake of TLS and HTTP/2's
 * first frame. */
enum {
    WINDOW = 4 * 1024 * 1024,
    READ = 64 * 1024,
    RECORD = 16 * 1024, /* of TLS, the longest */
    RESETS = 1000,
    SILENCE_MS = 300 * 1000,
    GREETING_MS = 20 * 1000,
    LEAVE_MS = 2000,
    OPEN_STREAMS = 256
};

struct azm_grpc_connection {
    uv_tcp_t tcp;
    uv_timer_t silence;
    struct azm_grpc_server *server;
    struct azm_grpc_connection *next, **at;
    nghttp2_session *session;
    struct azm_tls_channel *tls; /* NULL: without */
    struct azm_grpc_stream *streams[OPEN_STREAMS];
    unsigned resets, handles; /* handles: that are not closed yet */
    bool greeted;             /* a frame of HTTP/2 has come */
    bool ending;              /* nothing is read any more; closed when all is written */
    bool leaving;             /* the server stops: closed when the timer says so */
    bool broken;              /* to be closed when nghttp2 has returned */
    bool closing;
    char input[READ];
};

static void on_closed(uv_handle_t *handle)
{
    struct azm_grpc_connection *c = handle->data;
    if (--c->handles > 0)
        return;
    nghttp2_session_del(c->session);
    azm_tls_channel_free(c->tls);
    free(c);
}

static void forget_streams(struct azm_grpc_connection *c)
{
    for (size_t i = 0; i < OPEN_STREAMS; i++) {
        struct azm_grpc_stream *stream = c->streams[i];
        c->streams[i] = NULL;
        if (!stream)
            continue;
        stream->connection = NULL;
        if (stream->state != AZM_GRPC_HANDLING) /* else whoever answers it will find the client gone */
            azm_grpc_stream_free(stream);
    }
}

static void close_connection(struct azm_grpc_connection *c)
{
    if (c->closing)
        return;
    c->closing = true;
    forget_streams(c);
    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
    c->server->connection_count--;
    uv_close((uv_handle_t *)&c->tcp, on_closed);
    uv_close((uv_handle_t *)&c->silence, on_closed);
}

/* --- writing --- */

struct writing {
    uv_write_t request;
    struct azm_grpc_connection *connection;
    char *bytes;
};

static void flush(struct azm_grpc_connection *c);

static void on_written(uv_write_t *request, int status)
{
    struct writing *writing = request->data;
    struct azm_grpc_connection *c = writing->connection;
    free(writing->bytes);
    free(writing);
    if (c->closing)
        return;
    if (status < 0)
        close_connection(c);
    else
        flush(c);
}

static bool write_plain(struct azm_grpc_connection *c, const void *bytes, size_t len)
{
    struct writing *writing = malloc(sizeof *writing);
    char *copy = malloc(len);
    if (!writing || !copy) {
        free(writing);
        free(copy);
        return false;
    }
    memcpy(copy, bytes, len);
    *writing = (struct writing){.connection = c, .bytes = copy};
    writing->request.data = writing;
    uv_buf_t buf = uv_buf_init(copy, (unsigned)len);
    if (uv_write(&writing->request, (uv_stream_t *)&c->tcp, &buf, 1, on_written) == 0)
        return true;
    free(copy);
    free(writing);
    return false;
}

/* What TLS has for the client, the handshake's messages too. */
static bool write_output(struct azm_grpc_connection *c)
{
    struct azm_buf *output = azm_tls_channel_output(c->tls);
    bool ok = !output->failed && (output->len == 0 || write_plain(c, output->ptr, output->len));
    azm_buf_clear(output);
    return ok;
}

static bool write_bytes(struct azm_grpc_connection *c, const void *bytes, size_t len)
{
    if (!c->tls)
        return write_plain(c, bytes, len);
    return azm_tls_channel_write(c->tls, azm_slice_of(bytes, len)) == AZM_OK && write_output(c);
}

static bool shakes_hands(const struct azm_grpc_connection *c)
{
    return c->tls && !azm_tls_channel_greeted(c->tls);
}

/* One piece at a time: what the client does not read does not pile up. */
static void flush(struct azm_grpc_connection *c)
{
    const uint8_t *bytes;
    if (c->closing || c->tcp.write_queue_size > 0 || (shakes_hands(c) && !c->ending))
        return;
    ssize_t len = shakes_hands(c) ? 0 : nghttp2_session_mem_send(c->session, &bytes);
    if (len > 0 && write_bytes(c, bytes, (size_t)len))
        return;
    bool done = !nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session);
    if (len != 0 || c->ending || done)
        close_connection(c);
}

/* --- answering --- */

static ssize_t read_answer(nghttp2_session *session, int32_t id, uint8_t *out, size_t room, uint32_t *flags,
                           nghttp2_data_source *source, void *self)
{
    (void)self;
    struct azm_grpc_stream *stream = source->ptr;
    azm_slice rest = azm_slice_take(azm_slice_drop(azm_buf_slice(&stream->answer), stream->sent), room);
    if (rest.len)
        memcpy(out, rest.ptr, rest.len);
    stream->sent += rest.len;
    if (stream->sent < stream->answer.len)
        return (ssize_t)rest.len;
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const nghttp2_nv trailer = {(uint8_t *)"grpc-status", (uint8_t *)"0", 11, 1, NGHTTP2_NV_FLAG_NONE};
    return nghttp2_submit_trailer(session, id, &trailer, 1) == 0 ? (ssize_t)rest.len
                                                                 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

/* grpc-message is percent-encoded. */
static void encode_message(const char *message, char *out, size_t size)
{
    size_t n = 0;
    for (const unsigned char *c = (const unsigned char *)message; *c && n + 4 < size; c++) {
        if (*c >= 0x20 && *c <= 0x7e && *c != '%')
            out[n++] = (char)*c;
        else
            n += (size_t)snprintf(out + n, size - n, "%%%02X", *c);
    }
    out[n] = '\0';
}

/* May be called while nghttp2 calls us: sends nothing. */
static void submit_answer(struct azm_grpc_stream *stream)
{
    struct azm_grpc_connection *c = stream->connection;
    char code[16], message[800];
    stream->state = AZM_GRPC_ANSWERING;
    snprintf(code, sizeof code, "%d", (int)stream->code);
    encode_message(stream->message, message, sizeof message);
    const nghttp2_nv good[] = {field(":status", "200"), field("content-type", "application/grpc"),
                               field("grpc-accept-encoding", "identity,gzip")};
    const nghttp2_nv bad[] = {field(":status", "200"), field("content-type", "application/grpc"),
                              field("grpc-status", code), field("grpc-message", message)};
    const nghttp2_data_provider body = {.source = {.ptr = stream}, .read_callback = read_answer};
    int rc = stream->code == AZM_GRPC_OK ? nghttp2_submit_response(c->session, stream->id, good, AZM_COUNT(good), &body)
                                         : nghttp2_submit_response(c->session, stream->id, bad, AZM_COUNT(bad), NULL);
    c->broken = c->broken || rc != 0;
}

void azm_grpc_connection_answer(struct azm_grpc_stream *stream)
{
    struct azm_grpc_connection *c = stream->connection;
    submit_answer(stream);
    if (c->broken)
        close_connection(c);
    else
        flush(c);
}

/* Before it is gRPC at all: an HTTP status. */
static void answer_http(struct azm_grpc_connection *c, int32_t id, const char *status)
{
    const nghttp2_nv head[] = {field(":status", status)};
    nghttp2_submit_response(c->session, id, head, AZM_COUNT(head), NULL);
}

/* --- what nghttp2 tells --- */

static struct azm_grpc_stream *stream_of(struct azm_grpc_connection *c, int32_t id)
{
    return nghttp2_session_get_stream_user_data(c->session, id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *self)
{
    struct azm_grpc_connection *c = self;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    for (size_t i = 0; i < OPEN_STREAMS; i++) {
        if (c->streams[i])
            continue;
        c->streams[i] = azm_grpc_stream_new(c, c->server, frame->hd.stream_id);
        nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, c->streams[i]);
        return c->streams[i] ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *self)
{
    (void)session, (void)flags;
    struct azm_grpc_stream *stream = stream_of(self, frame->hd.stream_id);
    if (stream)
        azm_grpc_stream_header(stream, azm_slice_of(name, name_len), azm_slice_of(value, value_len));
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *self)
{
    (void)session, (void)flags;
    struct azm_grpc_stream *stream = stream_of(self, id);
    if (stream)
        azm_grpc_stream_data(stream, azm_slice_of(data, len));
    return 0;
}

static void dispatch(struct azm_grpc_connection *c, struct azm_grpc_stream *stream)
{
    if (!stream->grpc || !stream->post) {
        stream->state = AZM_GRPC_ANSWERING;
        answer_http(c, stream->id, stream->post ? "415" : "405");
    } else if (azm_grpc_stream_dispatch(stream)) {
        submit_answer(stream);
    }
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *self)
{
    (void)session;
    struct azm_grpc_connection *c = self;
    c->greeted = true;
    if (frame->hd.type == NGHTTP2_RST_STREAM && ++c->resets > RESETS)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    struct azm_grpc_stream *stream = carries ? stream_of(c, frame->hd.stream_id) : NULL;
    if (stream && frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        azm_grpc_stream_admit(stream);
    if (stream && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) && stream->state == AZM_GRPC_RECEIVING)
        dispatch(c, stream);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *self)
{
    (void)session, (void)code;
    struct azm_grpc_connection *c = self;
    struct azm_grpc_stream *stream = stream_of(c, id);
    for (size_t i = 0; stream && i < OPEN_STREAMS; i++) {
        if (c->streams[i] != stream)
            continue;
        c->streams[i] = NULL;
        stream->connection = NULL;
        if (stream->state != AZM_GRPC_HANDLING)
            azm_grpc_stream_free(stream);
        break;
    }
    return 0;
}

static nghttp2_session *make_session(struct azm_grpc_connection *c)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_session *session = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return NULL;
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_server_new(&session, callbacks, c);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, AZM_GRPC_STREAMS},
                                               {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW},
                                               {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, AZM_GRPC_HEAD_MAX}};
    if (session && (nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, AZM_COUNT(settings)) != 0 ||
                    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, WINDOW) != 0)) {
        nghttp2_session_del(session);
        session = NULL;
    }
    return session;
}

/* --- reading --- */

/* To a client that speaks HTTP/1. */
static void answer_http1(struct azm_grpc_connection *c)
{
    static const char text[] = "{\"error\":\"this port speaks gRPC (HTTP/2); OTLP over HTTP is taken on port 4318\"}";
    char answer[400];
    int n = snprintf(answer, sizeof answer,
                     "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                     "Connection: close\r\n\r\n%s",
                     sizeof text - 1, text);
    c->ending = true;
    uv_read_stop((uv_stream_t *)&c->tcp);
    if (!write_bytes(c, answer, (size_t)n))
        close_connection(c);
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    (void)wanted;
    struct azm_grpc_connection *c = handle->data;
    *buf = uv_buf_init(c->input, sizeof c->input);
}

/* False: no more is to be read. */
static bool take(struct azm_grpc_connection *c, const char *bytes, size_t len)
{
    ssize_t rc = nghttp2_session_mem_recv(c->session, (const uint8_t *)bytes, len);
    if (c->closing)
        return false;
    if (rc == NGHTTP2_ERR_BAD_CLIENT_MAGIC)
        answer_http1(c);
    else if (rc < 0 || c->broken)
        close_connection(c);
    else
        return true;
    return false;
}

static bool take_secret(struct azm_grpc_connection *c, const char *bytes, size_t len)
{
    char plain[RECORD];
    enum azm_status status;
    azm_tls_channel_feed(c->tls, azm_slice_of(bytes, len));
    while ((status = azm_tls_channel_read(c->tls, plain, sizeof plain, &len)) == AZM_OK)
        if (!take(c, plain, len))
            return false;
    if (write_output(c) && status == AZM_MORE)
        return true;
    c->ending = true; /* the alert is written first */
    uv_read_stop((uv_stream_t *)&c->tcp);
    if (c->tcp.write_queue_size == 0)
        close_connection(c);
    return false;
}

static void on_read(uv_stream_t *tcp, ssize_t len, const uv_buf_t *buf)
{
    struct azm_grpc_connection *c = tcp->data;
    if (len < 0) {
        close_connection(c);
        return;
    }
    if (!(c->tls ? take_secret(c, buf->base, (size_t)len) : take(c, buf->base, (size_t)len)))
        return;
    if (c->greeted)
        uv_timer_again(&c->silence);
    flush(c);
}

static bool has_calls(const struct azm_grpc_connection *c)
{
    for (size_t i = 0; i < OPEN_STREAMS; i++)
        if (c->streams[i] && c->streams[i]->state == AZM_GRPC_HANDLING)
            return true;
    return false;
}

static void on_silence(uv_timer_t *timer)
{
    struct azm_grpc_connection *c = timer->data;
    if (c->leaving || !has_calls(c))
        close_connection(c);
}

void azm_grpc_connections_end(struct azm_grpc_server *server)
{
    for (struct azm_grpc_connection *c = server->connections, *next; c; c = next) {
        next = c->next;
        if (shakes_hands(c)) {
            close_connection(c);
            continue;
        }
        c->leaving = true;
        nghttp2_session_terminate_session(c->session, NGHTTP2_NO_ERROR);
        uv_timer_start(&c->silence, on_silence, LEAVE_MS, 0);
        flush(c);
    }
}

static bool has_streams(const struct azm_grpc_connection *c)
{
    for (size_t i = 0; i < OPEN_STREAMS; i++)
        if (c->streams[i])
            return true;
    return false;
}

/* Ends the oldest connection that has nothing under way, else the oldest that has sent no whole call yet. */
static void make_room(struct azm_grpc_server *server, const struct azm_grpc_connection *newcomer)
{
    struct azm_grpc_connection *idle = NULL, *receiving = NULL;
    for (struct azm_grpc_connection *c = server->connections; c; c = c->next) {
        if (c == newcomer || has_calls(c))
            continue;
        receiving = c; /* the list begins with the newest */
        if (!has_streams(c))
            idle = c;
    }
    if (idle || receiving)
        close_connection(idle ? idle : receiving);
}

void azm_grpc_accept(uv_stream_t *listener, int status)
{
    struct azm_grpc_server *server = listener->data;
    struct azm_grpc_connection *c = status == 0 ? calloc(1, sizeof *c) : NULL;
    if (!c)
        return;
    c->server = server;
    c->handles = 2;
    uv_tcp_init(&server->loop, &c->tcp);
    uv_timer_init(&server->loop, &c->silence);
    c->tcp.data = c->silence.data = c;
    c->session = make_session(c);
    c->next = server->connections;
    c->at = &server->connections;
    if (c->next)
        c->next->at = &c->next;
    server->connections = c;
    server->connection_count++;
    c->tls = server->secure ? azm_tls_channel_new(&server->tls) : NULL;
    if (server->connection_count > AZM_GRPC_CONNECTIONS)
        make_room(server, c);
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 || !c->session || (server->secure && !c->tls) ||
        server->connection_count > AZM_GRPC_CONNECTIONS ||
        uv_read_start((uv_stream_t *)&c->tcp, on_room, on_read) != 0) {
        close_connection(c);
        return;
    }
    /* Nothing is sent yet: a client that speaks HTTP/1 would take our SETTINGS for its answer. */
    uv_timer_start(&c->silence, on_silence, GREETING_MS, SILENCE_MS);
}
