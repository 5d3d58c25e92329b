#include "hub/state.h"

#include "base/log.h"
#include "hub/head.h"
#include "hub/tls/certificate.h"

#include <stdlib.h>

enum { THREADS = 4, CONNECTION_BYTES = 64 * 1024, SILENCE_S = 90, DRAIN_MS = 2000, TOKEN_MAX = 400 };

static void log_server(void *self, const char *fmt, va_list args) AZM_PRINTF(2, 0);

static void log_server(void *self, const char *fmt, va_list args)
{
    (void)self;
    char line[256];
    vsnprintf(line, sizeof line, fmt, args);
    azm_log(DEBUG, HUB, "%s", line);
}

static void watch_connection(void *all, struct MHD_Connection *connection, void **context,
                             enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = info ? azm_connections_add(all, (azm_socket)info->connect_fd, uv_hrtime()) : NULL;
    } else {
        azm_connections_remove(all, *context);
        *context = NULL;
    }
}

static enum azm_status listen_on(struct azm_listener *listener, struct azm_error *err)
{
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)azm_certificate_show},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)AZM_TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    /* Not by epoll: there, libmicrohttpd 0.9.75 may abort when it is quiesced while its threads look, too. */
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG |
                     (listener->address.ipv6 ? MHD_USE_IPv6 : 0) | (listener->hub->tls ? MHD_USE_TLS : 0);
    listener->daemon = MHD_start_daemon(
        flags, (uint16_t)listener->address.port, NULL, NULL, azm_route_request, listener, MHD_OPTION_EXTERNAL_LOGGER,
        log_server, NULL, MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)(const void *)listener->address.address.bytes,
        MHD_OPTION_URI_LOG_CALLBACK, azm_head_target, NULL, MHD_OPTION_NOTIFY_COMPLETED, azm_route_done, listener,
        MHD_OPTION_NOTIFY_CONNECTION, watch_connection, &listener->connections, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)THREADS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)AZM_HUB_CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SILENCE_S, MHD_OPTION_ARRAY, listener->hub->tls ? tls : &tls[AZM_COUNT(tls) - 1], MHD_OPTION_END);
    if (!listener->daemon) /* the address was free when it was probed */
        return azm_fail(err, AZM_BUSY, "cannot listen on %s:%u any more", listener->address.host,
                        listener->address.port);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (info && info->port)
        listener->address.port = info->port;
    return AZM_OK;
}

/* A usual port that somebody else has is no reason not to start. Before the first thread: what is opened here and there
 * would look like a race to a checker that does not see how libuv closes. */
static enum azm_status probe_otlp(struct azm_hub *hub, const struct azm_hub_options *options, struct azm_error *err)
{
    struct azm_error own = {.text = ""};
    enum azm_status status = azm_listen_probe(&hub->otlp.address, &own);
    if (status == AZM_BUSY && !options->otlp_needed) {
        azm_log(WARN, HUB, "no OTLP/HTTP on %s: %s", options->otlp_http, own.text);
        hub->otlp.address.host[0] = '\0';
        return AZM_OK;
    }
    if (status != AZM_OK && err)
        *err = own;
    return status;
}

static enum azm_status listen_for_otlp(struct azm_hub *hub, const struct azm_hub_options *options,
                                       struct azm_error *err)
{
    struct azm_error own = {.text = ""};
    enum azm_status status = listen_on(&hub->otlp, &own);
    if (status == AZM_OK || options->otlp_needed)
        return status == AZM_OK ? AZM_OK : azm_fail(err, status, "%s", own.text);
    azm_log(WARN, HUB, "no OTLP/HTTP on %s: %s", options->otlp_http, own.text);
    return AZM_OK;
}

static enum azm_status listen_for_grpc(struct azm_hub *hub, const struct azm_hub_options *options,
                                       struct azm_error *err)
{
    struct azm_error own = {.text = ""};
    enum azm_status status =
        azm_grpc_start(&hub->grpc_address, hub->tls, azm_admit_grpc, azm_take_grpc, hub, &hub->grpc, &own);
    if (status == AZM_BUSY && !options->grpc_needed) {
        azm_log(WARN, HUB, "no OTLP/gRPC on %s: %s", options->otlp_grpc, own.text);
        return AZM_OK;
    }
    if (status != AZM_OK && err)
        *err = own;
    return status;
}

static bool given(const char *text)
{
    return text && text[0];
}

struct safety {
    bool token, tls;
};

static enum azm_status check_address(const char *text, struct safety safety, struct azm_listen *address,
                                     struct azm_error *err)
{
    enum azm_status status = azm_listen_parse(azm_slice_str(text), address, err);
    if (status != AZM_OK || address->loopback)
        return status;
    if (!safety.token)
        return azm_fail(err, AZM_BAD_CONFIG, "%s is not a loopback address: a token is needed there", text);
    if (!safety.tls)
        azm_log(WARN, HUB,
                "%s is reachable from other machines, without TLS: the token and all data travel in the clear", text);
    return AZM_OK;
}

/* Else no caller could send it: fields are trimmed, and what reads them has limits. */
static bool is_token(azm_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    return text.len <= TOKEN_MAX;
}

static enum azm_status check(const struct azm_hub_options *options, struct azm_hub *hub, struct azm_error *err)
{
    bool token = given(options->token);
    const struct safety safety = {token, given(options->tls_cert)};
    enum azm_status status = check_address(options->listen, safety, &hub->main.address, err);
    if (status == AZM_OK && options->otlp_http)
        status = check_address(options->otlp_http, safety, &hub->otlp.address, err);
    if (status == AZM_OK && options->otlp_grpc)
        status = check_address(options->otlp_grpc, safety, &hub->grpc_address, err);
    if (status != AZM_OK)
        return status;
    if (token && !is_token(azm_slice_str(options->token)))
        return azm_fail(err, AZM_BAD_CONFIG, "the token: expected 1 to %d printable ASCII characters without spaces",
                        (int)TOKEN_MAX);
    hub->token = token ? strdup(options->token) : NULL;
    return token && !hub->token ? azm_fail(err, AZM_NO_MEMORY, "no memory for the token") : AZM_OK;
}

static enum azm_status prepare_tls(const struct azm_hub_options *options, struct azm_hub *hub, struct azm_error *err)
{
    if (given(options->tls_cert) != given(options->tls_key))
        return azm_fail(err, AZM_BAD_CONFIG, "a certificate and its key go together: --tls-cert FILE --tls-key FILE");
    if (!given(options->tls_cert))
        return AZM_OK;
    enum azm_status status = azm_certificate_open(options->tls_cert, options->tls_key, err);
    hub->tls = status == AZM_OK;
    return status;
}

enum azm_status azm_hub_start(const struct azm_hub_options *options, struct azm_hub **out, struct azm_error *err)
{
    struct azm_hub *hub = calloc(1, sizeof *hub);
    if (!hub)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the hub");
    hub->main.hub = hub->otlp.hub = hub;
    hub->otlp.otlp_only = true;
    azm_connections_init(&hub->main.connections);
    azm_connections_init(&hub->otlp.connections);
    uv_mutex_init(&hub->mutex);
    uv_cond_init(&hub->settled);
    hub->last_ns = uv_hrtime();
    const struct azm_store_options store = {.place = options->store,
                                            .dir = options->data_dir,
                                            .max_age_us = options->max_age_us,
                                            .max_bytes = options->max_bytes};
    enum azm_status status = check(options, hub, err);
    if (status == AZM_OK)
        status = prepare_tls(options, hub, err);
    if (status == AZM_OK)
        status = azm_listen_probe(&hub->main.address, err); /* before the data folder is touched */
    if (status == AZM_OK && hub->otlp.address.host[0])
        status = probe_otlp(hub, options, err);
    if (status == AZM_OK)
        status = azm_store_open(&store, &hub->store, err);
    if (status == AZM_OK)
        status = azm_live_start(hub, &hub->live, err);
    if (status == AZM_OK && hub->grpc_address.host[0])
        status = listen_for_grpc(hub, options, err);
    if (status == AZM_OK)
        status = listen_on(&hub->main, err);
    if (status == AZM_OK && hub->otlp.address.host[0])
        status = listen_for_otlp(hub, options, err);
    if (status == AZM_OK)
        *out = hub;
    else
        azm_hub_stop(hub);
    return status;
}

static void end_listener(struct azm_listener *listener, MHD_socket listening)
{
    if (!listener->daemon)
        return;
    MHD_stop_daemon(listener->daemon);
    if (listening != MHD_INVALID_SOCKET)
        azm_listen_close((intptr_t)listening);
}

static MHD_socket quiesce(const struct azm_listener *listener)
{
    return listener->daemon ? MHD_quiesce_daemon(listener->daemon) : MHD_INVALID_SOCKET;
}

static void drain(struct azm_hub *hub)
{
    azm_live_end(hub->live);
    MHD_socket main = quiesce(&hub->main), otlp = quiesce(&hub->otlp);
    for (int ms = 0; hub->requests > 0 && ms < DRAIN_MS; ms += 10)
        uv_sleep(10);
    uv_mutex_lock(&hub->mutex);
    hub->stopping = true; /* no connection is suspended from here on */
    while (hub->commits > 0)
        uv_cond_wait(&hub->settled, &hub->mutex);
    uv_mutex_unlock(&hub->mutex);
    end_listener(&hub->main, main);
    end_listener(&hub->otlp, otlp);
}

void azm_hub_stop(struct azm_hub *hub)
{
    if (!hub)
        return;
    azm_grpc_stop(hub->grpc);
    drain(hub);
    azm_live_free(hub->live);
    while (hub->reader_count > 0)
        azm_reader_close(hub->readers[--hub->reader_count]);
    azm_store_close(hub->store);
    if (hub->tls)
        azm_certificate_close();
    azm_connections_dispose(&hub->main.connections);
    azm_connections_dispose(&hub->otlp.connections);
    uv_cond_destroy(&hub->settled);
    uv_mutex_destroy(&hub->mutex);
    free(hub->token);
    free(hub);
}

void azm_hub_renew(struct azm_hub *hub)
{
    if (hub->tls)
        azm_certificate_renew();
}

void azm_hub_sweep(struct azm_hub *hub)
{
    azm_connections_sweep(&hub->main.connections, uv_hrtime());
    azm_connections_sweep(&hub->otlp.connections, uv_hrtime());
}

const char *azm_hub_store_path(const struct azm_hub *hub)
{
    return azm_store_path(hub->store);
}

unsigned azm_hub_port(const struct azm_hub *hub)
{
    return hub->main.address.port;
}

unsigned azm_hub_otlp_port(const struct azm_hub *hub)
{
    return hub->otlp.daemon ? hub->otlp.address.port : 0;
}

unsigned azm_hub_grpc_port(const struct azm_hub *hub)
{
    return hub->grpc ? hub->grpc_address.port : 0;
}

uint64_t azm_hub_idle_ms(struct azm_hub *hub)
{
    return hub->requests > 0 ? 0 : (uv_hrtime() - hub->last_ns) / 1000000;
}
