#include "recording/peer.h"

#include <signal.h>
#include <stdlib.h>

static enum azm_status fail(const struct azm_endpoint *endpoint, const char *what, int cause, struct azm_error *err)
{
    return azm_fail(err, AZM_NETWORK, "%s %s:%u: %s", what, endpoint->host, endpoint->port, uv_strerror(cause));
}

enum azm_status azm_peer_resolve(uv_loop_t *loop, const struct azm_endpoint *endpoint, struct sockaddr_storage *out,
                                 struct azm_error *err)
{
    uv_getaddrinfo_t request;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char port[8];
    snprintf(port, sizeof port, "%u", endpoint->port);
    int cause = uv_getaddrinfo(loop, &request, NULL, endpoint->host, port, &hints);
    if (cause < 0)
        return fail(endpoint, "cannot find", cause, err);
    memset(out, 0, sizeof *out);
    memcpy(out, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
    uv_freeaddrinfo(request.addrinfo);
    return AZM_OK;
}

static unsigned port_of(uv_tcp_t *listener)
{
    struct sockaddr_storage name;
    int size = sizeof name;
    if (uv_tcp_getsockname(listener, (struct sockaddr *)&name, &size) != 0)
        return 0;
    return ntohs(name.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&name)->sin6_port
                                            : ((struct sockaddr_in *)&name)->sin_port);
}

enum azm_status azm_peer_listen(uv_tcp_t *listener, const struct azm_endpoint *endpoint, uv_connection_cb accept,
                                unsigned *port, struct azm_error *err)
{
    struct sockaddr_storage name;
    enum azm_status st = azm_peer_resolve(listener->loop, endpoint, &name, err);
    if (st != AZM_OK)
        return st;
    int cause = uv_tcp_bind(listener, (struct sockaddr *)&name, 0);
    if (cause == 0)
        cause = uv_listen((uv_stream_t *)listener, 128, accept);
    if (cause != 0)
        return fail(endpoint, "cannot listen on", cause, err);
    *port = port_of(listener);
    return AZM_OK;
}

struct sending {
    uv_write_t request;
    struct azm_buf bytes;
};

static void on_sent(uv_write_t *request, int status)
{
    struct sending *sending = (struct sending *)request;
    (void)status;
    azm_buf_dispose(&sending->bytes);
    free(sending);
}

static struct sending *new_sending(void)
{
    struct sending *sending = calloc(1, sizeof *sending);
    if (!sending)
        abort();
    azm_buf_init(&sending->bytes, AZM_CONTROL_BYTES_MAX + 64);
    return sending;
}

static void send_now(struct sending *sending, uv_tcp_t *to)
{
    uv_buf_t bytes = uv_buf_init(sending->bytes.ptr, (unsigned)sending->bytes.len);
    if (uv_write(&sending->request, (uv_stream_t *)to, &bytes, 1, on_sent) != 0)
        on_sent(&sending->request, UV_ECANCELED);
}

void azm_peer_send(uv_tcp_t *to, azm_slice bytes)
{
    struct sending *sending = new_sending();
    azm_buf_add(&sending->bytes, bytes);
    send_now(sending, to);
}

void azm_peer_send_frame(uv_tcp_t *to, enum azm_control_verb verb, uint32_t connection, azm_slice bytes)
{
    struct sending *sending = new_sending();
    azm_control_put(&sending->bytes, verb, connection, bytes);
    send_now(sending, to);
}

void azm_peer_ignore_sigpipe(void)
{
#ifdef SIGPIPE
    signal(SIGPIPE, SIG_IGN);
#endif
}
