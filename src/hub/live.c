/* GET /api/live. One thread looks for news for all clients; none of them holds a thread. A client that has nothing to
 * be sent is suspended, and resumed when there is something. One that does not read what it was given is asked nothing
 * more for: what comes meanwhile is told as skipped, so all that a client holds is one helping. */
#include "hub/respond.h"
#include "hub/state.h"

#include "base/log.h"
#include "hub/query/live.h"
#include "os/clock.h"
#include "os/socket.h"

#include <stdlib.h>

enum { CLIENTS_MAX = 64, HELPING_MAX = 1024 * 1024, BLOCK = 16 * 1024, PERIOD_MS = 200 };

struct client {
    struct azm_live *live;
    struct client *next;
    azm_socket socket;
    struct azm_live_place place; /* the thread's own */
    char service[1025];
    /* guarded by the mutex: */
    struct MHD_Connection *connection;
    struct azm_buf text; /* to be sent, from `at` on */
    size_t at;
    bool suspended;
    bool lost; /* the other side went away: to be ended */
    bool gone; /* the connection is: the thread may free it */
};

struct azm_live {
    struct azm_hub *hub;
    uv_thread_t thread;
    uv_mutex_t mutex; /* guards all below */
    uv_cond_t wake;
    struct client *clients; /* grows at its head; only the thread takes out */
    unsigned count;         /* of those that are not gone */
    bool ending;
};

/* --- on the server's threads --- */

/* The mutex is held: a connection that is resumed before it sleeps would sleep for ever. */
static ssize_t sleep_or_end(struct client *client)
{
    if (client->live->ending || client->lost)
        return MHD_CONTENT_READER_END_OF_STREAM;
    client->suspended = true;
    MHD_suspend_connection(client->connection);
    return 0;
}

static ssize_t give_text(void *self, uint64_t position, char *out, size_t max)
{
    (void)position;
    struct client *client = self;
    uv_mutex_lock(&client->live->mutex);
    azm_slice rest = azm_slice_take(azm_slice_drop(azm_buf_slice(&client->text), client->at), max);
    ssize_t given = rest.len ? (ssize_t)rest.len : sleep_or_end(client);
    if (rest.len)
        memcpy(out, rest.ptr, rest.len);
    client->at += rest.len;
    uv_mutex_unlock(&client->live->mutex);
    return given;
}

static void leave(void *self)
{
    struct client *client = self;
    struct azm_live *live = client->live;
    uv_mutex_lock(&live->mutex);
    client->gone = true;
    live->count--;
    uv_cond_signal(&live->wake);
    uv_mutex_unlock(&live->mutex);
}

static void free_client(struct client *client)
{
    azm_buf_dispose(&client->text);
    free(client);
}

/* False: there are too many, or the hub ends. */
static bool enter(struct azm_live *live, struct client *client)
{
    uv_mutex_lock(&live->mutex);
    bool room = live->count < CLIENTS_MAX && !live->ending;
    if (room) {
        client->next = live->clients;
        live->clients = client;
        live->count++;
        uv_cond_signal(&live->wake);
    }
    uv_mutex_unlock(&live->mutex);
    return room;
}

/* Last-Event-ID, else now; never later, whatever another hub may have told. */
static enum azm_status find_place(struct azm_request *request, struct azm_live_place *place, struct azm_error *err)
{
    struct azm_reader *reader;
    uint64_t cursor = INT64_MAX;
    azm_slice last = azm_request_header(request, "Last-Event-ID");
    if (last.len && (azm_slice_to_u64(last, &cursor) != AZM_OK || cursor > INT64_MAX))
        return azm_fail(err, AZM_BAD_INPUT, "Last-Event-ID: %.*s: expected the id of an event that was received",
                        AZM_FMT(azm_slice_take(last, 60)));
    enum azm_status status = azm_hub_take_reader(request->hub, &reader, err);
    if (status != AZM_OK)
        return status;
    status = azm_reader_last_change(reader, &place->cursor, err);
    azm_hub_give_reader(request->hub, reader);
    if ((int64_t)cursor < place->cursor)
        place->cursor = (int64_t)cursor;
    return status;
}

static enum azm_status make_client(struct azm_request *request, struct client *client, struct azm_error *err)
{
    struct azm_params params;
    enum azm_status status = azm_request_params(request, AZM_LIVE_TAKES, &params, err);
    if (status == AZM_OK)
        status = find_place(request, &client->place, err);
    if (status != AZM_OK)
        return status;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    client->socket = info ? (azm_socket)info->connect_fd : AZM_SOCKET_NONE;
    client->live = request->hub->live;
    client->connection = request->connection;
    client->place.told_us = azm_clock_mono_us();
    client->place.service =
        azm_slice_of(client->service, azm_slice_copy(params.event.service, client->service, sizeof client->service));
    azm_buf_init(&client->text, HELPING_MAX);
    azm_buf_add_str(&client->text, ": here is what comes\n");
    azm_live_tell_place(&client->place, &client->text);
    return AZM_OK;
}

static enum MHD_Result begin_stream(struct azm_request *request, struct client *client)
{
    if (!enter(client->live, client)) {
        char text[80];
        snprintf(text, sizeof text, "%d clients follow already, or the hub is stopping", CLIENTS_MAX);
        free_client(client);
        return azm_respond(request->connection, 503, azm_response_error(text));
    }
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, give_text, client, leave);
    azm_response_head(response, "text/event-stream");
    if (response)
        MHD_add_response_header(response, "X-Accel-Buffering", "no"); /* nginx would keep events back */
    else
        leave(client);
    return azm_respond(request->connection, 200, response);
}

enum MHD_Result azm_show_live(struct azm_request *request, const char *data, size_t *size)
{
    (void)data;
    (void)size;
    struct azm_error err = {.status = AZM_OK};
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return azm_respond(request->connection, 503, azm_response_error("no memory for one more client"));
    enum azm_status status = make_client(request, client, &err);
    if (status == AZM_OK)
        return begin_stream(request, client);
    free_client(client);
    return azm_respond(request->connection, azm_respond_status(status), azm_response_error(err.text));
}

/* --- on the thread --- */

/* It has sent all that it was given. */
static bool is_waiting(struct client *client)
{
    uv_mutex_lock(&client->live->mutex);
    if (client->suspended && azm_socket_has_ended(client->socket))
        client->lost = true;
    bool waiting = !client->gone && !client->lost && client->at == client->text.len;
    uv_mutex_unlock(&client->live->mutex);
    return waiting;
}

static void wake(struct client *client)
{
    if (client->suspended && !client->gone) {
        client->suspended = false;
        MHD_resume_connection(client->connection);
    }
}

/* text is empty afterwards. */
static void hand_over(struct client *client, struct azm_buf *text)
{
    uv_mutex_lock(&client->live->mutex);
    if (text->len) {
        azm_buf_dispose(&client->text);
        client->text = *text;
        client->at = 0;
        azm_buf_init(text, HELPING_MAX);
    }
    if (client->lost || client->at < client->text.len)
        wake(client);
    uv_mutex_unlock(&client->live->mutex);
}

static void serve(struct client *client, struct azm_reader *reader, int64_t last_change)
{
    struct azm_buf text;
    azm_buf_init(&text, HELPING_MAX);
    struct azm_error err = {.text = ""};
    if (is_waiting(client) &&
        azm_live_tell(reader, &client->place, last_change, azm_clock_mono_us(), &text, &err) != AZM_OK)
        azm_log(DEBUG, HUB, "a client that follows was not told: %s", err.text); /* it stays where it was */
    hand_over(client, &text);
    azm_buf_dispose(&text);
}

static struct client *first(struct azm_live *live)
{
    uv_mutex_lock(&live->mutex);
    struct client *client = live->clients;
    uv_mutex_unlock(&live->mutex);
    return client;
}

static void serve_all(struct azm_live *live)
{
    struct azm_reader *reader;
    int64_t last_change = 0;
    if (azm_hub_take_reader(live->hub, &reader, NULL) != AZM_OK)
        return;
    if (azm_reader_last_change(reader, &last_change, NULL) != AZM_OK)
        last_change = 0;
    for (struct client *client = first(live); client; client = client->next)
        serve(client, reader, last_change);
    azm_hub_give_reader(live->hub, reader);
}

/* With the mutex held. */
static void free_the_gone(struct azm_live *live)
{
    for (struct client **at = &live->clients; *at;) {
        struct client *client = *at;
        if (client->gone) {
            *at = client->next;
            free_client(client);
        } else {
            at = &client->next;
        }
    }
}

static void run(void *self)
{
    struct azm_live *live = self;
    uv_mutex_lock(&live->mutex);
    while (!live->ending) {
        free_the_gone(live);
        if (!live->clients) {
            uv_cond_wait(&live->wake, &live->mutex);
            continue;
        }
        uv_mutex_unlock(&live->mutex);
        serve_all(live);
        uv_mutex_lock(&live->mutex);
        if (!live->ending)
            uv_cond_timedwait(&live->wake, &live->mutex, PERIOD_MS * UINT64_C(1000000));
    }
    uv_mutex_unlock(&live->mutex);
}

enum azm_status azm_live_start(struct azm_hub *hub, struct azm_live **out, struct azm_error *err)
{
    struct azm_live *live = calloc(1, sizeof *live);
    if (!live)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the live tail");
    live->hub = hub;
    uv_mutex_init(&live->mutex);
    uv_cond_init(&live->wake);
    if (uv_thread_create(&live->thread, run, live) == 0) {
        *out = live;
        return AZM_OK;
    }
    uv_cond_destroy(&live->wake);
    uv_mutex_destroy(&live->mutex);
    free(live);
    return azm_fail(err, AZM_NO_MEMORY, "the live tail's thread could not be started");
}

void azm_live_end(struct azm_live *live)
{
    if (!live)
        return;
    uv_mutex_lock(&live->mutex);
    live->ending = true;
    uv_cond_signal(&live->wake);
    uv_mutex_unlock(&live->mutex);
    uv_thread_join(&live->thread);
    uv_mutex_lock(&live->mutex);
    for (struct client *client = live->clients; client; client = client->next)
        wake(client);
    uv_mutex_unlock(&live->mutex);
}

void azm_live_free(struct azm_live *live)
{
    if (!live)
        return;
    free_the_gone(live);
    uv_cond_destroy(&live->wake);
    uv_mutex_destroy(&live->mutex);
    free(live);
}
