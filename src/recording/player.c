#include "recording/player.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#include "base/random.h"
#include "recording/peer.h"
#include "recording/control.h"
#include "recording/pair.h"

/* One direction of a connection: what was sent and has not arrived yet. */
struct direction {
    azm_slice expected;
    uint64_t arrived;
    bool closing; /* its sender has closed its half, so an end is expected */
    bool ended;   /* and its receiver has seen it */
};

struct connection {
    struct player *player;
    uint32_t number;
    uv_tcp_t socket;         /* the host's end */
    uv_connect_t connecting; /* on the HTTP leg the host connects */
    uv_shutdown_t ending;
    bool accepted, opened;    /* by the host, by the worker */
    struct direction from[2]; /* by enum azm_recording_side: who sends */
};

struct player {
    const struct azm_player_options *options;
    uv_loop_t loop;
    uv_tcp_t listener, control_listener, control;
    uv_process_t tap;
    uv_timer_t timeout, pace;
    unsigned port, control_port;
    struct azm_recorded_uri uri; /* of a recording that has one */
    bool has_uri;
    unsigned serving, told_port; /* where the worker serves HTTP, and where the host was told to go */
    uint32_t first_http;
    struct azm_buf reports; /* from the stand-in */
    struct azm_random random;
    struct connection *connections; /* [1..count] */
    uint32_t connection_count;
    struct connection *current; /* the one an event is being played on */
    enum azm_recording_side side;
    struct azm_error error; /* the first one */
    uint64_t start_ms;
    int64_t exit_code;
    bool greeted, control_open, tap_running, tap_ended, quitting, timed_out, due;
    char bytes[AZM_RECORDING_CHUNK_MAX];
};

static const char *const direction_name[] = {"worker to host", "host to worker"};

static void fail(struct player *player, enum azm_status status, const char *what)
{
    if (player->error.status == AZM_OK)
        (void)azm_fail(&player->error, status, "%s", what);
}

static void differ(struct connection *connection, enum azm_recording_side from, uint64_t offset, const char *what)
{
    char text[256];
    snprintf(text, sizeof text, "connection %u, %s, byte %" PRIu64 ": %s", connection->number, direction_name[from],
             offset, what);
    fail(connection->player, AZM_BAD_INPUT, text);
}

/* --- what arrives --- */

/* A digit of the worker's port, told to the host: noted, and any digit is right. */
static bool take_digit(struct connection *connection, enum azm_recording_side from, uint64_t at, char digit)
{
    struct player *player = connection->player;
    const struct azm_recorded_uri *uri = &player->uri;
    if (!player->has_uri || connection->number != uri->connection || from != AZM_RECORDING_WORKER ||
        at < uri->port_at || at >= uri->port_at + uri->digits || digit < '0' || digit > '9')
        return false;
    player->told_port = player->told_port * 10 + (unsigned)(digit - '0');
    return true;
}

static size_t same_bytes(struct connection *connection, enum azm_recording_side from, azm_slice bytes)
{
    const struct direction *direction = &connection->from[from];
    azm_slice expected = direction->expected;
    size_t n = 0;
    while (n < expected.len && n < bytes.len &&
           (take_digit(connection, from, direction->arrived + n, bytes.ptr[n]) || expected.ptr[n] == bytes.ptr[n]))
        n++;
    return n;
}

static void arrived(struct connection *connection, enum azm_recording_side from, azm_slice bytes)
{
    struct direction *direction = &connection->from[from];
    size_t same = same_bytes(connection, from, bytes);
    char what[96];
    if (same < bytes.len && same == direction->expected.len)
        snprintf(what, sizeof what, "%zu bytes more than were sent", bytes.len - same);
    else if (same < bytes.len)
        snprintf(what, sizeof what, "sent 0x%02x, arrived as 0x%02x", (uint8_t)direction->expected.ptr[same],
                 (uint8_t)bytes.ptr[same]);
    if (same < bytes.len)
        differ(connection, from, direction->arrived + same, what);
    direction->expected = azm_slice_drop(direction->expected, same);
    direction->arrived += same;
}

static void half_ended(struct connection *connection, enum azm_recording_side from)
{
    struct direction *direction = &connection->from[from];
    if (!direction->closing && !connection->player->quitting)
        differ(connection, from, direction->arrived, "closed, but its sender had not closed it");
    direction->ended = true;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct player *player = handle->loop->data;
    (void)suggested;
    *buf = uv_buf_init(player->bytes, sizeof player->bytes);
}

static void on_host_bytes(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct connection *connection = stream->data;
    if (count > 0)
        arrived(connection, AZM_RECORDING_WORKER, azm_slice_of(buf->base, (size_t)count));
    if (count >= 0)
        return;
    uv_read_stop(stream);
    if (count == UV_EOF)
        half_ended(connection, AZM_RECORDING_WORKER);
    else if (!connection->player->quitting)
        differ(connection, AZM_RECORDING_WORKER, connection->from[AZM_RECORDING_WORKER].arrived,
               uv_strerror((int)count));
}

static void on_accept(uv_stream_t *listener, int status)
{
    struct player *player = listener->data;
    struct connection *connection = player->current;
    if (status < 0 || player->quitting)
        return;
    if (!connection || connection->accepted) {
        fail(player, AZM_BAD_INPUT, "the tap opened a connection that the worker had not opened");
        return;
    }
    uv_tcp_init(&player->loop, &connection->socket);
    uv_tcp_nodelay(&connection->socket, 1);
    connection->socket.data = connection;
    connection->accepted = true;
    if (uv_accept(listener, (uv_stream_t *)&connection->socket) != 0 ||
        uv_read_start((uv_stream_t *)&connection->socket, on_alloc, on_host_bytes) != 0)
        fail(player, AZM_NETWORK, "the host cannot accept a connection");
}

/* --- the stand-in's reports --- */

static void greet(struct player *player, azm_slice uri)
{
    char own[64], what[160];
    snprintf(own, sizeof own, "http://127.0.0.1:%u/", player->port);
    player->greeted = true;
    if (!azm_slice_eq(uri, azm_slice_str(own)))
        return;
    snprintf(what, sizeof what, "the tap is not in the path: the worker was given the host's own port, %u",
             player->port);
    fail(player, AZM_BAD_INPUT, what);
}

static void take_report(struct player *player, const struct azm_control_frame *frame)
{
    if (frame->verb == AZM_CONTROL_HELLO) {
        greet(player, frame->bytes);
        return;
    }
    if (frame->verb == AZM_CONTROL_SERVING) {
        uint64_t port = 0;
        player->serving = azm_slice_to_u64(frame->bytes, &port) == AZM_OK ? (unsigned)port : 0;
        return;
    }
    if (frame->connection == 0 || frame->connection > player->connection_count)
        return;
    struct connection *connection = &player->connections[frame->connection];
    switch (frame->verb) {
    case AZM_CONTROL_OPENED: connection->opened = true; return;
    case AZM_CONTROL_RECEIVED: arrived(connection, AZM_RECORDING_HOST, frame->bytes); return;
    case AZM_CONTROL_ENDED: half_ended(connection, AZM_RECORDING_HOST); return;
    case AZM_CONTROL_FAILED: {
        char what[160];
        azm_slice_copy(frame->bytes, what, sizeof what);
        differ(connection, AZM_RECORDING_HOST, connection->from[AZM_RECORDING_HOST].arrived, what);
        return;
    }
    case AZM_CONTROL_OPEN:
    case AZM_CONTROL_SEND:
    case AZM_CONTROL_END:
    case AZM_CONTROL_QUIT:
    case AZM_CONTROL_SERVE:
    case AZM_CONTROL_EXPECT:
    case AZM_CONTROL_SERVING:
    case AZM_CONTROL_HELLO: return;
    }
}

static void on_reports(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct player *player = stream->data;
    struct azm_control_frame frame;
    if (count < 0) {
        uv_read_stop(stream);
        if (!player->quitting)
            fail(player, AZM_IO, "the stand-in for the worker is gone");
        return;
    }
    azm_buf_add(&player->reports, azm_slice_of(buf->base, (size_t)count));
    azm_slice rest = azm_buf_slice(&player->reports);
    while (azm_control_next(&rest, &frame) == AZM_OK)
        take_report(player, &frame);
    azm_buf_consume(&player->reports, player->reports.len - rest.len);
}

static void on_control(uv_stream_t *listener, int status)
{
    struct player *player = listener->data;
    if (status < 0 || player->control_open)
        return;
    uv_tcp_init(&player->loop, &player->control);
    uv_tcp_nodelay(&player->control, 1);
    player->control.data = player;
    player->control_open = true;
    if (uv_accept(listener, (uv_stream_t *)&player->control) != 0 ||
        uv_read_start((uv_stream_t *)&player->control, on_alloc, on_reports) != 0)
        fail(player, AZM_NETWORK, "the stand-in for the worker cannot be heard");
}

/* --- what is sent --- */

static void command(struct player *player, enum azm_control_verb verb, uint32_t connection, azm_slice bytes)
{
    azm_peer_send_frame(&player->control, verb, connection, bytes);
}

static void send_bytes(struct player *player, azm_slice bytes)
{
    struct direction *direction = &player->current->from[player->side];
    direction->expected =
        (azm_slice){direction->expected.len ? direction->expected.ptr : bytes.ptr, direction->expected.len + bytes.len};
    if (player->side == AZM_RECORDING_WORKER)
        command(player, AZM_CONTROL_SEND, player->current->number, bytes);
    else
        azm_peer_send(&player->current->socket, bytes);
}

/* --- waiting --- */

/* A timer may run before the loop waits for other things; without uv_stop() it would then wait for the next of them. */

static void on_timeout(uv_timer_t *timer)
{
    struct player *player = timer->data;
    player->timed_out = true;
    uv_stop(timer->loop);
}

static void on_due(uv_timer_t *timer)
{
    struct player *player = timer->data;
    player->due = true;
    uv_stop(timer->loop);
}

/* Runs the loop until it is so; false when it failed or did not become so in time. */
static bool wait_until(struct player *player, bool (*so)(const struct player *player), uint64_t timeout_ms)
{
    player->timed_out = false;
    uv_update_time(&player->loop);
    uv_timer_start(&player->timeout, on_timeout, timeout_ms, 0);
    while (player->error.status == AZM_OK && !player->timed_out && !so(player))
        uv_run(&player->loop, UV_RUN_ONCE);
    uv_timer_stop(&player->timeout);
    return player->error.status == AZM_OK && so(player);
}

static void await(struct player *player, bool (*so)(const struct player *player), const char *missing)
{
    char text[200];
    if (wait_until(player, so, player->options->timeout_ms))
        return;
    if (!player->current) {
        fail(player, AZM_TIMEOUT, missing);
        return;
    }
    const struct direction *direction = &player->current->from[player->side];
    snprintf(text, sizeof text, "connection %u, %s, byte %" PRIu64 ": %s within %u ms", player->current->number,
             direction_name[player->side], direction->arrived, missing, player->options->timeout_ms);
    fail(player, AZM_TIMEOUT, text);
}

static bool is_greeted(const struct player *player)
{
    return player->greeted;
}

static bool is_open(const struct player *player)
{
    return player->current->accepted && player->current->opened;
}

static bool is_there(const struct player *player)
{
    return player->current->from[player->side].expected.len == 0;
}

static bool is_ended(const struct player *player)
{
    return player->current->from[player->side].ended;
}

static bool is_due(const struct player *player)
{
    return player->due;
}

static bool is_over(const struct player *player)
{
    return player->tap_ended;
}

/* --- the recording's events --- */

static size_t next_cut(struct player *player)
{
    uint32_t max = player->options->cut_max;
    if (max == 0)
        return SIZE_MAX;
    return max == 1 ? 1 : 1 + (size_t)(azm_random_u64(&player->random) % max);
}

/* A tap may hold the worker's HttpUri back until it is complete: pieces that end inside it are not waited for. */
static bool ends_in_uri(const struct player *player, uint64_t end)
{
    const struct azm_recorded_uri *uri = &player->uri;
    return player->has_uri && player->side == AZM_RECORDING_WORKER && player->current->number == uri->connection &&
           end > uri->at && end < uri->at + uri->len;
}

static void play_chunk(struct player *player, azm_slice bytes)
{
    const struct direction *direction = &player->current->from[player->side];
    uint64_t at = direction->arrived;
    while (bytes.len > 0 && player->error.status == AZM_OK) {
        azm_slice piece = azm_slice_take(bytes, next_cut(player));
        send_bytes(player, piece);
        at += piece.len;
        if (!ends_in_uri(player, at))
            await(player, is_there, "these bytes did not arrive");
        bytes = azm_slice_drop(bytes, piece.len);
    }
}

static void play_close(struct player *player)
{
    struct connection *connection = player->current;
    connection->from[player->side].closing = true;
    if (player->side == AZM_RECORDING_WORKER)
        command(player, AZM_CONTROL_END, connection->number, AZM_S(""));
    else if (uv_shutdown(&connection->ending, (uv_stream_t *)&connection->socket, NULL) != 0)
        differ(connection, player->side, connection->from[player->side].arrived, "the host cannot close its half");
    await(player, is_ended, "the end of this half did not arrive");
}

static void on_http_connected(uv_connect_t *request, int status)
{
    struct connection *connection = request->data;
    connection->accepted = status == 0;
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&connection->socket, on_alloc, on_host_bytes);
    if (status != 0 && !connection->player->quitting)
        fail(connection->player, AZM_NETWORK, "the host cannot connect to the port in HttpUri");
}

/* The host goes where the worker's HttpUri, as it arrived, sends it. */
static void open_http(struct player *player)
{
    struct connection *connection = player->current;
    struct sockaddr_in to;
    uv_ip4_addr("127.0.0.1", (int)player->told_port, &to);
    uv_tcp_init(&player->loop, &connection->socket);
    uv_tcp_nodelay(&connection->socket, 1);
    connection->socket.data = connection->connecting.data = connection;
    if (uv_tcp_connect(&connection->connecting, &connection->socket, (struct sockaddr *)&to, on_http_connected) != 0)
        fail(player, AZM_NETWORK, "the host cannot connect to the port in HttpUri");
}

static void play_open(struct player *player)
{
    if (player->first_http && player->current->number >= player->first_http) {
        command(player, AZM_CONTROL_EXPECT, player->current->number, AZM_S(""));
        open_http(player);
        await(player, is_open, "the HTTP connection did not reach the worker");
        return;
    }
    command(player, AZM_CONTROL_OPEN, player->current->number, AZM_S(""));
    await(player, is_open, "the connection did not reach the host");
}

static void keep_pace(struct player *player, int64_t since_first_us)
{
    double due_ms = player->options->speed > 0 ? (double)since_first_us / 1000 / player->options->speed : 0;
    uint64_t now_ms = uv_hrtime() / 1000000 - player->start_ms;
    if (due_ms <= (double)now_ms)
        return;
    uint64_t wait_ms = (uint64_t)due_ms - now_ms;
    player->due = false;
    uv_update_time(&player->loop);
    uv_timer_start(&player->pace, on_due, wait_ms, 0);
    (void)wait_until(player, is_due, wait_ms + player->options->timeout_ms);
}

static void play_event(struct player *player, const struct azm_recording_event *event)
{
    player->current = &player->connections[event->connection];
    player->side = event->side;
    switch (event->kind) {
    case AZM_RECORDING_OPEN: play_open(player); return;
    case AZM_RECORDING_CHUNK: play_chunk(player, event->bytes); return;
    case AZM_RECORDING_CLOSE: play_close(player); return;
    }
}

static bool is_serving(const struct player *player)
{
    return player->serving > 0;
}

/* The worker's HTTP server has another port than when it was recorded; its HttpUri says so. */
static void serve_http(struct player *player)
{
    char digits[16];
    if (!player->has_uri) {
        fail(player, AZM_BAD_INPUT, "the recording has an HTTP leg, but no HttpUri of its worker was found");
        return;
    }
    command(player, AZM_CONTROL_SERVE, 0, AZM_S(""));
    await(player, is_serving, "the worker did not serve HTTP in time");
    int len = snprintf(digits, sizeof digits, "%u", player->serving);
    if (len != (int)player->uri.digits)
        fail(player, AZM_BUSY, "the worker's port has other digits than the recorded one; try again");
    else
        memcpy(player->uri.port, digits, player->uri.digits);
}

static void play(struct player *player, const struct azm_recording *recording)
{
    await(player, is_greeted, "the tap did not start the worker in time");
    if (player->first_http)
        serve_http(player);
    player->start_ms = uv_hrtime() / 1000000;
    for (size_t i = 0; i < recording->event_count && player->error.status == AZM_OK; i++) {
        keep_pace(player, recording->events[i].t_us - recording->events[0].t_us);
        play_event(player, &recording->events[i]);
    }
    player->current = NULL;
}

/* --- the tap's life --- */

static void on_exit_of_tap(uv_process_t *process, int64_t exit_code, int signum)
{
    struct player *player = process->data;
    char what[96];
    player->tap_ended = true;
    player->exit_code = signum ? 128 + signum : exit_code;
    snprintf(what, sizeof what, "the tap ended too early, with exit code %d", (int)player->exit_code);
    if (!player->quitting)
        fail(player, AZM_IO, what);
}

/* Our own environment with the additions in front; names that are added hide those that were there. */
static char **environment(struct azm_arena *arena, const char *const *added)
{
    uv_env_item_t *own;
    int own_count = 0;
    size_t count = 0, n = 0;
    if (uv_os_environ(&own, &own_count) != 0)
        own_count = 0;
    while (added && added[count])
        count++;
    char **out = azm_arena_array(arena, char *, count + (size_t)own_count + 1);
    for (size_t i = 0; i < count; i++)
        out[n++] = azm_arena_str(arena, azm_slice_str(added[i]));
    for (int i = 0; i < own_count; i++) {
        struct azm_slice prefix = azm_slice_str(azm_arena_printf(arena, "%s=", own[i].name));
        bool hidden = false;
        for (size_t k = 0; k < count && !hidden; k++)
            hidden = azm_slice_starts(azm_slice_str(added[k]), prefix);
        if (!hidden)
            out[n++] = azm_arena_printf(arena, "%s=%s", own[i].name, own[i].value);
    }
    if (own_count > 0)
        uv_os_free_environ(own, own_count);
    return out;
}

/* As a host starts a worker: functions-worker-protocol has both spellings of every option. */
static void start_tap(struct player *player, struct azm_arena *arena)
{
    char *port = azm_arena_printf(arena, "%u", player->port);
    char *uri = azm_arena_printf(arena, "http://127.0.0.1:%u/", player->port);
    char *control = azm_arena_printf(arena, "127.0.0.1:%u", player->control_port);
    const char *argv[] = {player->options->tap,
                          "--",
                          player->options->program,
                          "replay",
                          "--as-worker",
                          control,
                          "--",
                          "--host",
                          "127.0.0.1",
                          "--port",
                          port,
                          "--workerId",
                          "6e4f1c36-3c5b-4f1e-9b0e-0c6f5d1a2b3c",
                          "--requestId",
                          "c1b6a5d4-8f0e-4a7b-9d2c-1e3f5a7b9c0d",
                          "--grpcMaxMessageLength",
                          "2147483647",
                          "--functions-uri",
                          uri,
                          "--functions-worker-id",
                          "6e4f1c36-3c5b-4f1e-9b0e-0c6f5d1a2b3c",
                          "--functions-request-id",
                          "c1b6a5d4-8f0e-4a7b-9d2c-1e3f5a7b9c0d",
                          "--functions-grpc-max-message-length",
                          "2147483647",
                          NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE}, {.flags = UV_INHERIT_FD, .data.fd = 2}, {.flags = UV_INHERIT_FD, .data.fd = 2}};
    uv_process_options_t options = {.file = player->options->tap,
                                    .args = (char **)argv,
                                    .env = environment(arena, player->options->env),
                                    .exit_cb = on_exit_of_tap,
                                    .stdio = stdio,
                                    .stdio_count = 3};
    player->tap.data = player;
    int cause = uv_spawn(&player->loop, &player->tap, &options);
    player->tap_running = cause == 0;
    if (cause != 0)
        (void)azm_fail(&player->error, AZM_NOT_FOUND, "cannot start the tap %s: %s", player->options->tap,
                       uv_strerror(cause));
}

/* The worker's exit code must come through the tap. */
static void end_tap(struct player *player)
{
    char what[96];
    player->quitting = true;
    command(player, AZM_CONTROL_QUIT, 0, AZM_S(""));
    await(player, is_over, "the tap did not end in time after its worker");
    snprintf(what, sizeof what, "the worker ended with exit code 0, the tap with %d", (int)player->exit_code);
    if (player->error.status == AZM_OK && player->exit_code != 0)
        fail(player, AZM_BAD_INPUT, what);
}

static void kill_tap(struct player *player)
{
    player->quitting = true;
    uv_process_kill(&player->tap, SIGKILL);
    while (!player->tap_ended)
        uv_run(&player->loop, UV_RUN_ONCE);
}

static void listen_on_both(struct player *player)
{
    static const struct azm_endpoint any = {"127.0.0.1", 0};
    enum azm_status st = azm_peer_listen(&player->listener, &any, on_accept, &player->port, &player->error);
    if (st == AZM_OK)
        st = azm_peer_listen(&player->control_listener, &any, on_control, &player->control_port, &player->error);
    (void)st; /* it is in player->error */
}

static void close_any(uv_handle_t *handle, void *self)
{
    (void)self;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void set_up(struct player *player, const struct azm_recording *recording)
{
    const uint64_t seed[4] = {player->options->seed};
    azm_random_init(&player->random, seed);
    azm_buf_init(&player->reports, 4 * AZM_CONTROL_BYTES_MAX);
    azm_peer_ignore_sigpipe();
    uv_loop_init(&player->loop);
    player->loop.data = player;
    uv_tcp_init(&player->loop, &player->listener);
    uv_tcp_init(&player->loop, &player->control_listener);
    uv_timer_init(&player->loop, &player->timeout);
    uv_timer_init(&player->loop, &player->pace);
    player->listener.data = player->control_listener.data = player->timeout.data = player->pace.data = player;
    player->connection_count = recording->connections;
    player->first_http = recording->first_http;
    player->has_uri = azm_recording_find_uri(recording, &player->uri);
    for (uint32_t i = 1; i <= recording->connections; i++) {
        player->connections[i].player = player;
        player->connections[i].number = i;
    }
}

static void tear_down(struct player *player, struct azm_player_result *result)
{
    *result = (struct azm_player_result){.connections = player->connection_count};
    result->patched = player->first_http && player->told_port != player->serving;
    for (uint32_t i = 1; i <= player->connection_count; i++) {
        result->worker_bytes += player->connections[i].from[AZM_RECORDING_WORKER].arrived;
        result->host_bytes += player->connections[i].from[AZM_RECORDING_HOST].arrived;
    }
    uv_walk(&player->loop, close_any, NULL);
    uv_run(&player->loop, UV_RUN_DEFAULT);
    uv_loop_close(&player->loop);
    azm_buf_dispose(&player->reports);
}

enum azm_status azm_player_run(const struct azm_recording *recording, const struct azm_player_options *options,
                               struct azm_player_result *result, struct azm_error *err)
{
    struct azm_arena arena;
    azm_arena_init(&arena, 0);
    struct player *player = azm_arena_new(&arena, struct player);
    player->options = options;
    player->connections = azm_arena_array(&arena, struct connection, recording->connections + 1);
    set_up(player, recording);
    listen_on_both(player);
    if (player->error.status == AZM_OK)
        start_tap(player, &arena);
    if (player->error.status == AZM_OK)
        play(player, recording);
    if (player->error.status == AZM_OK)
        end_tap(player);
    if (player->tap_running && !player->tap_ended)
        kill_tap(player);
    tear_down(player, result);
    enum azm_status st = player->error.status;
    if (st != AZM_OK)
        st = azm_fail(err, st, "%s", player->error.text);
    azm_arena_dispose(&arena);
    return st;
}
