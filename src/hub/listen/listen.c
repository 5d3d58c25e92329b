#include "hub/listen/listen.h"

#include <stdio.h>
#include <uv.h>

_Static_assert(sizeof(struct sockaddr_storage) <= sizeof(((struct azm_listen *)0)->address), "an address fits");

static bool split(azm_slice text, azm_slice *host, azm_slice *port)
{
    size_t colon = azm_slice_rfind(text, ':');
    if (colon == text.len)
        return false;
    *host = azm_slice_take(text, colon);
    *port = azm_slice_drop(text, colon + 1);
    bool brackets = host->len > 2 && host->ptr[0] == '[' && host->ptr[host->len - 1] == ']';
    if (brackets)
        *host = azm_slice_of(host->ptr + 1, host->len - 2);
    return brackets == (azm_slice_find(*host, ':') < host->len);
}

static bool fill(struct azm_listen *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out->address.bytes;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out->address.bytes;
    const char *host = strcmp(out->host, "localhost") == 0 ? "127.0.0.1" : out->host;
    if (uv_ip4_addr(host, (int)out->port, v4) == 0) {
        out->loopback = ((const uint8_t *)&v4->sin_addr)[0] == 127;
        return true;
    }
    static const uint8_t loopback[16] = {[15] = 1};
    out->ipv6 = true;
    if (uv_ip6_addr(host, (int)out->port, v6) != 0)
        return false;
    out->loopback = memcmp(&v6->sin6_addr, loopback, sizeof loopback) == 0;
    return true;
}

enum azm_status azm_listen_parse(azm_slice text, struct azm_listen *out, struct azm_error *err)
{
    azm_slice host, port;
    uint64_t number;
    *out = (struct azm_listen){.port = 0};
    bool ok = split(text, &host, &port) && host.len < sizeof out->host && host.len > 0 &&
              azm_slice_to_u64(port, &number) == AZM_OK && number <= 65535;
    if (ok) {
        azm_slice_copy(host, out->host, sizeof out->host);
        out->port = (unsigned)number;
        ok = fill(out);
    }
    text = azm_slice_take(text, 100);
    return ok ? AZM_OK
              : azm_fail(err, AZM_BAD_CONFIG,
                         "\"%.*s\": expected ADDRESS:PORT, such as 127.0.0.1:8200, localhost:8200 or [::1]:8200",
                         AZM_FMT(text));
}

static enum azm_status probe(uv_loop_t *loop, const struct azm_listen *listen, struct azm_error *err)
{
    uv_tcp_t tcp;
    uv_tcp_init(loop, &tcp);
    int rc = uv_tcp_bind(&tcp, (const struct sockaddr *)(const void *)listen->address.bytes, 0);
    struct sockaddr_storage bound;
    int len = sizeof bound;
    if (rc == 0) /* tells what binding met; listening for a moment would look like a server to whoever asks just then */
        rc = uv_tcp_getsockname(&tcp, (struct sockaddr *)&bound, &len);
    uv_close((uv_handle_t *)&tcp, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    if (rc == 0)
        return AZM_OK;
    enum azm_status status = rc == UV_EADDRINUSE ? AZM_BUSY : rc == UV_EACCES ? AZM_DENIED : AZM_IO;
    return azm_fail(err, status, "cannot listen on %s%s%s:%u: %s", listen->ipv6 ? "[" : "", listen->host,
                    listen->ipv6 ? "]" : "", listen->port, uv_strerror(rc));
}

enum azm_status azm_listen_probe(const struct azm_listen *listen, struct azm_error *err)
{
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0)
        return azm_fail(err, AZM_IO, "cannot make an event loop");
    enum azm_status status = probe(&loop, listen, err);
    uv_loop_close(&loop);
    return status;
}

void azm_listen_close(intptr_t handle)
{
    uv_loop_t loop;
    uv_tcp_t tcp;
    if (uv_loop_init(&loop) != 0)
        return;
    uv_tcp_init(&loop, &tcp);
    if (uv_tcp_open(&tcp, (uv_os_sock_t)handle) == 0)
        uv_close((uv_handle_t *)&tcp, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}
