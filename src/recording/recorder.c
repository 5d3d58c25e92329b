#include "recording/recorder.h"

#include <signal.h>
#include <stdlib.h>

#include "recording/peer.h"
#include "recording/format.h"

struct side {
    uv_tcp_t socket;
    struct link *link;
    enum azm_recording_side name;
    uv_write_t writing; /* to the other side, what was read from this one */
    uv_shutdown_t ending;
    bool closed;    /* its close is written down */
    bool passed_on; /* and the other side was told */
    char bytes[AZM_RECORDING_CHUNK_MAX];
};

struct link {
    struct recorder *recorder;
    uint32_t number;
    uv_connect_t connecting;
    unsigned handles; /* open ones; the link is freed with the last */
    bool ending;
    struct side sides[2]; /* by enum azm_recording_side */
};

struct recorder {
    uv_loop_t loop;
    uv_tcp_t listener;
    uv_signal_t signals[2];
    struct sockaddr_storage to;
    FILE *out;
    struct azm_buf line;
    uint64_t start_ns;
    uint32_t links;
    bool failed;
};

static struct side *other(struct side *side)
{
    return &side->link->sides[side->name == AZM_RECORDING_WORKER ? AZM_RECORDING_HOST : AZM_RECORDING_WORKER];
}

static void write_line(struct recorder *recorder)
{
    azm_slice line = azm_buf_slice(&recorder->line);
    if (recorder->failed)
        return;
    recorder->failed =
        recorder->line.failed || fwrite(line.ptr, 1, line.len, recorder->out) != line.len || fflush(recorder->out) != 0;
    if (recorder->failed)
        fprintf(stderr, "azimuth record: the recording cannot be written and ends here; bytes are still passed on\n");
}

static void note(struct link *link, enum azm_recording_kind kind, enum azm_recording_side side, azm_slice bytes)
{
    struct recorder *recorder = link->recorder;
    struct azm_recording_event event = {.t_us = (int64_t)((uv_hrtime() - recorder->start_ns) / 1000),
                                        .connection = link->number,
                                        .kind = kind,
                                        .side = side,
                                        .bytes = bytes};
    azm_buf_clear(&recorder->line);
    azm_recording_put_event(&recorder->line, &event);
    write_line(recorder);
}

static void note_close(struct side *side)
{
    if (!side->closed)
        note(side->link, AZM_RECORDING_CLOSE, side->name, AZM_S(""));
    side->closed = true;
}

static void on_closed(uv_handle_t *handle)
{
    struct side *side = handle->data;
    struct link *link = side->link;
    if (--link->handles == 0)
        free(link);
}

static void close_link(struct link *link)
{
    if (link->ending)
        return;
    link->ending = true;
    for (int i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&link->sides[i].socket, on_closed);
}

static void break_link(struct side *side)
{
    if (side->link->ending)
        return;
    note_close(side);
    note_close(other(side));
    close_link(side->link);
}

static void read_on(struct side *side);

static void on_written(uv_write_t *request, int status)
{
    struct side *side = request->data;
    if (side->link->ending)
        return;
    if (status < 0)
        break_link(other(side));
    else
        read_on(side);
}

static void on_ended(uv_shutdown_t *request, int status)
{
    struct side *side = request->data;
    side->passed_on = true;
    if (status < 0)
        break_link(other(side));
    else if (other(side)->passed_on)
        close_link(side->link);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct side *side = stream->data;
    uv_buf_t bytes = uv_buf_init(side->bytes, count > 0 ? (unsigned)count : 0);
    (void)buf;
    if (count == 0)
        return;
    uv_read_stop(stream);
    if (count > 0) {
        note(side->link, AZM_RECORDING_CHUNK, side->name, azm_slice_of(side->bytes, (size_t)count));
        side->writing.data = side;
        if (uv_write(&side->writing, (uv_stream_t *)&other(side)->socket, &bytes, 1, on_written) != 0)
            break_link(other(side));
        return;
    }
    note_close(side);
    side->ending.data = side;
    if (count != UV_EOF || uv_shutdown(&side->ending, (uv_stream_t *)&other(side)->socket, on_ended) != 0)
        break_link(side);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct side *side = handle->data;
    (void)suggested;
    *buf = uv_buf_init(side->bytes, sizeof side->bytes);
}

static void read_on(struct side *side)
{
    if (uv_read_start((uv_stream_t *)&side->socket, on_alloc, on_read) != 0)
        break_link(side);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct link *link = request->data;
    if (link->ending)
        return;
    if (status < 0) {
        fprintf(stderr, "azimuth record: connection %u: cannot reach the host: %s\n", link->number,
                uv_strerror(status));
        close_link(link);
        return;
    }
    note(link, AZM_RECORDING_OPEN, AZM_RECORDING_WORKER, AZM_S(""));
    for (int i = 0; i < 2 && !link->ending; i++)
        read_on(&link->sides[i]);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct recorder *recorder = listener->data;
    struct link *link = status < 0 ? NULL : calloc(1, sizeof *link);
    if (!link)
        return;
    link->recorder = recorder;
    link->number = ++recorder->links;
    link->connecting.data = link;
    for (int i = 0; i < 2; i++) {
        struct side *side = &link->sides[i];
        side->link = link;
        side->name = (enum azm_recording_side)i;
        uv_tcp_init(&recorder->loop, &side->socket);
        side->socket.data = side;
        uv_tcp_nodelay(&side->socket, 1);
        link->handles++;
    }
    if (uv_accept(listener, (uv_stream_t *)&link->sides[AZM_RECORDING_WORKER].socket) != 0 ||
        uv_tcp_connect(&link->connecting, &link->sides[AZM_RECORDING_HOST].socket, (struct sockaddr *)&recorder->to,
                       on_connected) != 0)
        close_link(link);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    (void)signum;
    uv_stop(handle->loop);
}

static void close_any(uv_handle_t *handle, void *self)
{
    struct recorder *recorder = self;
    bool of_link = handle->type == UV_TCP && handle != (uv_handle_t *)&recorder->listener;
    if (of_link)
        close_link(((struct side *)handle->data)->link);
    else if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static enum azm_status begin(struct recorder *recorder, const struct azm_recorder_options *options,
                             struct azm_error *err)
{
    static const int ends[] = {SIGINT, SIGTERM};
    unsigned port;
    enum azm_status st = azm_recording_put_head(&recorder->line, options->meta, err);
    if (st == AZM_OK)
        st = azm_peer_resolve(&recorder->loop, &options->to, &recorder->to, err);
    if (st == AZM_OK)
        st = azm_peer_listen(&recorder->listener, &options->listen, on_connection, &port, err);
    if (st != AZM_OK)
        return st;
    for (size_t i = 0; i < AZM_COUNT(ends); i++)
        uv_signal_start(&recorder->signals[i], on_signal, ends[i]);
    write_line(recorder);
    options->listening(options->self, options->listen.host, port);
    return AZM_OK;
}

enum azm_status azm_recorder_run(const struct azm_recorder_options *options, struct azm_error *err)
{
    struct recorder recorder = {.out = options->out, .start_ns = uv_hrtime()};
    azm_buf_init(&recorder.line, AZM_RECORDING_LINE_MAX);
    azm_peer_ignore_sigpipe();
    uv_loop_init(&recorder.loop);
    uv_tcp_init(&recorder.loop, &recorder.listener);
    recorder.listener.data = &recorder;
    for (size_t i = 0; i < AZM_COUNT(recorder.signals); i++)
        uv_signal_init(&recorder.loop, &recorder.signals[i]);
    enum azm_status st = begin(&recorder, options, err);
    if (st == AZM_OK)
        uv_run(&recorder.loop, UV_RUN_DEFAULT);
    uv_walk(&recorder.loop, close_any, &recorder);
    uv_run(&recorder.loop, UV_RUN_DEFAULT);
    uv_loop_close(&recorder.loop);
    azm_buf_dispose(&recorder.line);
    if (st == AZM_OK && recorder.failed)
        st = azm_fail(err, AZM_IO, "the recording is not complete");
    return st;
}
