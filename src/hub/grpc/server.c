#include "hub/grpc/parts.h"

#include <signal.h>
#include <stdlib.h>

enum { BACKLOG = 128 };

static struct azm_grpc_stream *take_answered(struct azm_grpc_server *server, bool *stopping)
{
    uv_mutex_lock(&server->mutex);
    struct azm_grpc_stream *list = server->answered;
    server->answered = NULL;
    *stopping = server->stopping;
    uv_mutex_unlock(&server->mutex);
    return list;
}

static void answer(struct azm_grpc_server *server, struct azm_grpc_stream *stream)
{
    server->handling--;
    if (stream->connection)
        azm_grpc_connection_answer(stream);
    else
        azm_grpc_stream_free(stream);
}

/* What is under way is waited for: its answers are on their way when the connections end. */
static void on_wake(uv_async_t *wake)
{
    struct azm_grpc_server *server = wake->data;
    bool stopping;
    struct azm_grpc_stream *list = take_answered(server, &stopping);
    while (list) {
        struct azm_grpc_stream *next = list->next_answered;
        answer(server, list);
        list = next;
    }
    if (!stopping)
        return;
    if (!uv_is_closing((uv_handle_t *)&server->listener))
        uv_close((uv_handle_t *)&server->listener, NULL);
    if (server->handling > 0)
        return;
    azm_grpc_connections_end(server);
    uv_close((uv_handle_t *)&server->wake, NULL);
}

static void run(void *arg)
{
    struct azm_grpc_server *server = arg;
    uv_run(&server->loop, UV_RUN_DEFAULT);
}

static enum azm_status listen_on(struct azm_grpc_server *server, struct azm_listen *address, struct azm_error *err)
{
    struct sockaddr_storage own;
    int len = sizeof own;
    enum azm_status status = azm_listen_probe(address, err);
    if (status != AZM_OK)
        return status;
    int rc = uv_tcp_bind(&server->listener, (const struct sockaddr *)(const void *)address->address.bytes, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&server->listener, BACKLOG, azm_grpc_accept);
    if (rc == 0)
        rc = uv_tcp_getsockname(&server->listener, (struct sockaddr *)&own, &len);
    if (rc != 0)
        return azm_fail(err, rc == UV_EADDRINUSE ? AZM_BUSY : AZM_IO, "cannot listen on %s:%u: %s", address->host,
                        address->port, uv_strerror(rc));
    address->port = own.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)(void *)&own)->sin6_port)
                                              : ntohs(((struct sockaddr_in *)(void *)&own)->sin_port);
    return AZM_OK;
}

/* Before its thread runs, or after. */
static void dispose(struct azm_grpc_server *server)
{
    uv_loop_close(&server->loop);
    azm_tls_server_dispose(&server->tls);
    uv_mutex_destroy(&server->mutex);
    free(server);
}

enum azm_status azm_grpc_start(struct azm_listen *address, bool tls, azm_grpc_admit *admit, azm_grpc_handler *handler,
                               void *self, struct azm_grpc_server **out, struct azm_error *err)
{
    struct azm_grpc_server *server = calloc(1, sizeof *server);
    if (!server)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the gRPC server");
    server->admit = admit;
    server->handler = handler;
    server->self = self;
    server->secure = tls;
#ifdef SIGPIPE
    signal(SIGPIPE, SIG_IGN); /* libuv does not keep it from us when a client is gone */
#endif
    uv_mutex_init(&server->mutex);
    uv_loop_init(&server->loop);
    uv_tcp_init(&server->loop, &server->listener);
    uv_async_init(&server->loop, &server->wake, on_wake);
    server->listener.data = server->wake.data = server;
    enum azm_status status = tls ? azm_tls_server_init(&server->tls, err) : AZM_OK;
    if (status == AZM_OK)
        status = listen_on(server, address, err);
    if (status == AZM_OK && uv_thread_create(&server->thread, run, server) != 0)
        status = azm_fail(err, AZM_NO_MEMORY, "the gRPC server's thread could not be started");
    if (status == AZM_OK) {
        *out = server;
        return AZM_OK;
    }
    uv_close((uv_handle_t *)&server->listener, NULL);
    uv_close((uv_handle_t *)&server->wake, NULL);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    dispose(server);
    return status;
}

void azm_grpc_stop(struct azm_grpc_server *server)
{
    if (!server)
        return;
    uv_mutex_lock(&server->mutex);
    server->stopping = true;
    uv_mutex_unlock(&server->mutex);
    uv_async_send(&server->wake);
    uv_thread_join(&server->thread);
    dispose(server);
}
