#include "recording/stand_in.h"

#include <stdlib.h>

#include "recording/peer.h"
#include "recording/control.h"
#include "recording/format.h"

struct stand_in;

struct connection {
    struct stand_in *stand_in;
    uint32_t number;
    uv_tcp_t socket;
    uv_connect_t connecting;
    uv_shutdown_t ending;
    bool open;
};

struct stand_in {
    uv_loop_t loop;
    uv_tcp_t control, listener;
    uint32_t expected; /* connection, on the listener */
    bool came;         /* one that is not accepted yet */
    uv_connect_t connecting;
    struct azm_buf commands;
    struct sockaddr_storage host;
    const char *uri;
    struct connection connections[AZM_RECORDING_CONNECTIONS + 1];
    struct azm_error error;
    bool done;
    char bytes[AZM_RECORDING_CHUNK_MAX];
};

static void report(struct stand_in *self, enum azm_control_verb verb, uint32_t connection, azm_slice bytes)
{
    azm_peer_send_frame(&self->control, verb, connection, bytes);
}

static void report_failure(struct connection *connection, const char *what, int cause)
{
    char text[160];
    snprintf(text, sizeof text, "%s: %s", what, uv_strerror(cause));
    report(connection->stand_in, AZM_CONTROL_FAILED, connection->number, azm_slice_str(text));
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct stand_in *self = handle->loop->data;
    (void)suggested;
    *buf = uv_buf_init(self->bytes, sizeof self->bytes);
}

static void on_bytes(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct connection *connection = stream->data;
    if (count > 0)
        report(connection->stand_in, AZM_CONTROL_RECEIVED, connection->number, azm_slice_of(buf->base, (size_t)count));
    if (count >= 0)
        return;
    uv_read_stop(stream);
    if (count == UV_EOF)
        report(connection->stand_in, AZM_CONTROL_ENDED, connection->number, AZM_S(""));
    else
        report_failure(connection, "the worker's connection broke", (int)count);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct connection *connection = request->data;
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&connection->socket, on_alloc, on_bytes);
    if (status == 0)
        report(connection->stand_in, AZM_CONTROL_OPENED, connection->number, AZM_S(""));
    else
        report_failure(connection, "the worker cannot connect to the tap", status);
}

static void open_connection(struct stand_in *self, struct connection *connection, uint32_t number)
{
    connection->stand_in = self;
    connection->number = number;
    connection->open = true;
    connection->connecting.data = connection;
    uv_tcp_init(&self->loop, &connection->socket);
    uv_tcp_nodelay(&connection->socket, 1);
    connection->socket.data = connection;
    int cause =
        uv_tcp_connect(&connection->connecting, &connection->socket, (struct sockaddr *)&self->host, on_connected);
    if (cause != 0)
        report_failure(connection, "the worker cannot connect", cause);
}

/* Once it has come and its number is known: either may be first. */
static void accept_http(struct stand_in *self)
{
    struct connection *connection = &self->connections[self->expected];
    if (self->expected == 0 || !self->came)
        return;
    self->came = false;
    connection->stand_in = self;
    connection->number = self->expected;
    connection->open = true;
    self->expected = 0;
    uv_tcp_init(&self->loop, &connection->socket);
    uv_tcp_nodelay(&connection->socket, 1);
    connection->socket.data = connection;
    int status = uv_accept((uv_stream_t *)&self->listener, (uv_stream_t *)&connection->socket);
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&connection->socket, on_alloc, on_bytes);
    if (status == 0)
        report(self, AZM_CONTROL_OPENED, connection->number, AZM_S(""));
    else
        report_failure(connection, "the worker cannot accept HTTP", status);
}

static void on_http(uv_stream_t *listener, int status)
{
    struct stand_in *self = listener->data;
    if (status < 0)
        return;
    self->came = true;
    accept_http(self);
}

static void serve(struct stand_in *self)
{
    static const struct azm_endpoint any = {"127.0.0.1", 0};
    unsigned port;
    char text[16];
    uv_tcp_init(&self->loop, &self->listener);
    self->listener.data = self;
    if (azm_peer_listen(&self->listener, &any, on_http, &port, &self->error) != AZM_OK) {
        self->done = true;
        return;
    }
    snprintf(text, sizeof text, "%u", port);
    report(self, AZM_CONTROL_SERVING, 0, azm_slice_str(text));
}

static void end_half(struct connection *connection)
{
    int cause = uv_shutdown(&connection->ending, (uv_stream_t *)&connection->socket, NULL);
    if (cause != 0)
        report_failure(connection, "the worker cannot close its half", cause);
}

static void end(struct stand_in *self)
{
    self->done = true;
    uv_stop(&self->loop);
}

static void obey(struct stand_in *self, const struct azm_control_frame *frame)
{
    struct connection *connection =
        &self->connections[frame->connection <= AZM_RECORDING_CONNECTIONS ? frame->connection : 0];
    switch (frame->verb) {
    case AZM_CONTROL_QUIT: end(self); return;
    case AZM_CONTROL_OPEN:
        if (!connection->open)
            open_connection(self, connection, frame->connection);
        return;
    case AZM_CONTROL_SEND:
        if (connection->open)
            azm_peer_send(&connection->socket, frame->bytes);
        return;
    case AZM_CONTROL_END:
        if (connection->open)
            end_half(connection);
        return;
    case AZM_CONTROL_SERVE: serve(self); return;
    case AZM_CONTROL_EXPECT:
        self->expected = connection->open ? 0 : frame->connection;
        accept_http(self);
        return;
    case AZM_CONTROL_HELLO:
    case AZM_CONTROL_SERVING:
    case AZM_CONTROL_OPENED:
    case AZM_CONTROL_RECEIVED:
    case AZM_CONTROL_ENDED:
    case AZM_CONTROL_FAILED: return;
    }
}

static void on_command(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct stand_in *self = stream->data;
    struct azm_control_frame frame;
    enum azm_status st;
    if (count < 0) {
        (void)azm_fail(&self->error, AZM_NETWORK, "replay is gone");
        end(self);
        return;
    }
    azm_buf_add(&self->commands, azm_slice_of(buf->base, (size_t)count));
    azm_slice rest = azm_buf_slice(&self->commands);
    while ((st = azm_control_next(&rest, &frame)) == AZM_OK)
        obey(self, &frame);
    azm_buf_consume(&self->commands, self->commands.len - rest.len);
    if (st != AZM_MORE || self->commands.failed) {
        (void)azm_fail(&self->error, AZM_BAD_INPUT, "replay sent what makes no sense");
        end(self);
    }
}

static void on_control(uv_connect_t *request, int status)
{
    struct stand_in *self = request->data;
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&self->control, on_alloc, on_command);
    if (status == 0) {
        report(self, AZM_CONTROL_HELLO, 0, azm_slice_str(self->uri));
        return;
    }
    (void)azm_fail(&self->error, AZM_NETWORK, "cannot reach replay: %s", uv_strerror(status));
    end(self);
}

static const char *argument(char **arguments, const char *name)
{
    for (; arguments[0] && arguments[1]; arguments++)
        if (strcmp(arguments[0], name) == 0)
            return arguments[1];
    return "";
}

/* Workers differ in which of the two they read, so both must say the same. */
static enum azm_status read_arguments(struct stand_in *self, char **arguments, struct azm_error *err)
{
    struct azm_endpoint uri;
    char old[AZM_ENDPOINT_HOST_MAX + 16];
    self->uri = argument(arguments, "--functions-uri");
    enum azm_status st = azm_endpoint_parse(azm_slice_str(self->uri), &uri, err);
    if (st != AZM_OK)
        return azm_fail(err, st, "--functions-uri \"%.100s\": expected http://HOST:PORT/", self->uri);
    snprintf(old, sizeof old, "http://%.200s:%.5s/", argument(arguments, "--host"), argument(arguments, "--port"));
    if (strcmp(old, self->uri) != 0)
        return azm_fail(err, AZM_BAD_USAGE, "--host and --port say %s, --functions-uri %.100s", old, self->uri);
    return azm_peer_resolve(&self->loop, &uri, &self->host, err);
}

static enum azm_status start(struct stand_in *self, const char *control, char **arguments, struct azm_error *err)
{
    struct azm_endpoint endpoint;
    struct sockaddr_storage name;
    enum azm_status st = read_arguments(self, arguments, err);
    if (st == AZM_OK)
        st = azm_endpoint_parse(azm_slice_str(control), &endpoint, err);
    if (st == AZM_OK)
        st = azm_peer_resolve(&self->loop, &endpoint, &name, err);
    if (st != AZM_OK)
        return st;
    uv_tcp_init(&self->loop, &self->control);
    uv_tcp_nodelay(&self->control, 1);
    self->control.data = self;
    self->connecting.data = self;
    int cause = uv_tcp_connect(&self->connecting, &self->control, (struct sockaddr *)&name, on_control);
    return cause == 0 ? AZM_OK : azm_fail(err, AZM_NETWORK, "cannot reach replay: %s", uv_strerror(cause));
}

static void close_any(uv_handle_t *handle, void *self)
{
    (void)self;
    uv_close(handle, NULL);
}

enum azm_status azm_stand_in_run(const char *control, char **arguments, struct azm_error *err)
{
    struct stand_in *self = calloc(1, sizeof *self);
    if (!self)
        return azm_fail(err, AZM_NO_MEMORY, "out of memory");
    azm_buf_init(&self->commands, 4 * AZM_CONTROL_BYTES_MAX);
    azm_peer_ignore_sigpipe();
    uv_loop_init(&self->loop);
    self->loop.data = self;
    enum azm_status st = start(self, control, arguments, err);
    while (st == AZM_OK && !self->done)
        uv_run(&self->loop, UV_RUN_ONCE);
    if (st == AZM_OK && self->error.status != AZM_OK)
        st = azm_fail(err, self->error.status, "%s", self->error.text);
    uv_walk(&self->loop, close_any, NULL);
    uv_run(&self->loop, UV_RUN_DEFAULT);
    uv_loop_close(&self->loop);
    azm_buf_dispose(&self->commands);
    free(self);
    return st;
}
