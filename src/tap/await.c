#include "tap/await.h"

#include <stdlib.h>

#include <uv.h>

enum { SOON_MS = 5, LATER_MS = 25, SOON_FOR_MS = 2000 };

struct azm_await {
    uv_timer_t timer;
    uv_poll_t poll; /* of the socket, where there is one */
    azm_socket socket;
    const char *host;
    uint64_t since_ms;
    void (*there)(void *self, azm_socket socket);
    void *self;
    int open_handles;
    bool ended;
    uint16_t port;
};

static void on_closed(uv_handle_t *handle)
{
    struct azm_await *await = handle->data;
    if (--await->open_handles == 0)
        free(await);
}

static void ask(struct azm_await *await);

static void on_timer(uv_timer_t *timer)
{
    ask(timer->data);
}

static void ask_later(struct azm_await *await)
{
    uint64_t waited_ms = uv_now(await->timer.loop) - await->since_ms;
    uv_timer_start(&await->timer, on_timer, waited_ms < SOON_FOR_MS ? SOON_MS : LATER_MS, 0);
}

static void on_asked_again(uv_handle_t *handle)
{
    struct azm_await *await = handle->data;
    if (await->ended) {
        on_closed(handle);
        return;
    }
    await->open_handles--;
    ask_later(await);
}

static void on_answer(uv_poll_t *poll, int status, int events)
{
    struct azm_await *await = poll->data;
    azm_socket socket = await->socket;
    (void)events;
    await->socket = AZM_SOCKET_NONE;
    uv_poll_stop(poll);
    if (status == 0 && azm_socket_connected(socket)) {
        uv_close((uv_handle_t *)poll, on_closed);
        await->there(await->self, socket);
    } else {
        uv_close((uv_handle_t *)poll, on_asked_again);
        azm_socket_close(socket, false);
    }
}

static void ask(struct azm_await *await)
{
    azm_socket socket = azm_socket_connect(await->host, await->port);
    if (socket == AZM_SOCKET_NONE) {
        ask_later(await);
    } else if (uv_poll_init_socket(await->timer.loop, &await->poll, (uv_os_sock_t)socket) != 0) {
        azm_socket_close(socket, false);
        ask_later(await);
    } else {
        await->open_handles++;
        await->socket = socket;
        await->poll.data = await;
        uv_poll_start(&await->poll, UV_WRITABLE, on_answer);
    }
}

struct azm_await *azm_await_begin(struct uv_loop_s *loop, const char *host, uint16_t port,
                                  void (*there)(void *self, azm_socket socket), void *self)
{
    struct azm_await *await = calloc(1, sizeof *await);
    if (!await)
        return NULL;
    *await = (struct azm_await){.socket = AZM_SOCKET_NONE,
                                .host = host,
                                .since_ms = uv_now(loop),
                                .there = there,
                                .self = self,
                                .open_handles = 1,
                                .port = port};
    uv_timer_init(loop, &await->timer);
    await->timer.data = await;
    ask(await);
    return await;
}

void azm_await_end(struct azm_await *await)
{
    if (!await || await->ended)
        return;
    await->ended = true;
    if (await->socket != AZM_SOCKET_NONE) {
        uv_poll_stop(&await->poll);
        uv_close((uv_handle_t *)&await->poll, on_closed);
        azm_socket_close(await->socket, false);
    }
    uv_close((uv_handle_t *)&await->timer, on_closed);
}
