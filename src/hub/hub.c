#include "hub/state.h"

#include "base/log.h"

#include <stdlib.h>

enum { THREADS = 4, CONNECTIONS = 256, CONNECTION_BYTES = 64 * 1024, SILENCE_S = 90, DRAIN_MS = 2000 };

static void log_server(void *self, const char *fmt, va_list args) AZM_PRINTF(2, 0);

static void log_server(void *self, const char *fmt, va_list args)
{
    (void)self;
    char line[256];
    vsnprintf(line, sizeof line, fmt, args);
    azm_log(DEBUG, HUB, "%s", line);
}

static enum azm_status listen_on(struct azm_hub *hub, struct azm_error *err)
{
    unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG |
                     (hub->address.ipv6 ? MHD_USE_IPv6 : 0);
    enum azm_status status = azm_listen_probe(&hub->address, err); /* the server itself does not tell what is wrong */
    if (status != AZM_OK)
        return status;
    hub->daemon = MHD_start_daemon(
        flags, (uint16_t)hub->address.port, NULL, NULL, azm_route_request, hub, MHD_OPTION_EXTERNAL_LOGGER, log_server,
        NULL, MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)(const void *)hub->address.address.bytes,
        MHD_OPTION_NOTIFY_COMPLETED, azm_route_done, hub, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S, MHD_OPTION_END);
    if (!hub->daemon && (status = azm_listen_probe(&hub->address, err)) != AZM_OK)
        return status; /* taken since */
    if (!hub->daemon)
        return azm_fail(err, AZM_IO, "cannot start the HTTP server on %s:%u", hub->address.host, hub->address.port);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(hub->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (info && info->port)
        hub->address.port = info->port;
    return AZM_OK;
}

static enum azm_status check(const struct azm_hub_options *options, struct azm_hub *hub, struct azm_error *err)
{
    enum azm_status status = azm_listen_parse(azm_slice_str(options->listen), &hub->address, err);
    if (status != AZM_OK)
        return status;
    bool token = options->token && options->token[0];
    if (!hub->address.loopback && !token)
        return azm_fail(err, AZM_BAD_CONFIG, "%s is not a loopback address: a token is needed there", options->listen);
    if (!hub->address.loopback)
        azm_log(WARN, HUB,
                "%s is reachable from other machines, without TLS: the token and all data travel in the clear",
                options->listen);
    hub->token = token ? strdup(options->token) : NULL;
    return token && !hub->token ? azm_fail(err, AZM_NO_MEMORY, "no memory for the token") : AZM_OK;
}

enum azm_status azm_hub_start(const struct azm_hub_options *options, struct azm_hub **out, struct azm_error *err)
{
    struct azm_hub *hub = calloc(1, sizeof *hub);
    if (!hub)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the hub");
    uv_mutex_init(&hub->mutex);
    uv_cond_init(&hub->settled);
    hub->last_ns = uv_hrtime();
    const struct azm_store_options store = {
        .dir = options->data_dir, .max_age_us = options->max_age_us, .max_bytes = options->max_bytes};
    enum azm_status status = check(options, hub, err);
    if (status == AZM_OK)
        status = azm_listen_probe(&hub->address, err); /* before the data folder is touched */
    if (status == AZM_OK)
        status = azm_store_open(&store, &hub->store, err);
    if (status == AZM_OK)
        status = listen_on(hub, err);
    if (status == AZM_OK)
        *out = hub;
    else
        azm_hub_stop(hub);
    return status;
}

static void drain(struct azm_hub *hub)
{
    MHD_socket listening = MHD_quiesce_daemon(hub->daemon);
    for (int ms = 0; hub->requests > 0 && ms < DRAIN_MS; ms += 10)
        uv_sleep(10);
    uv_mutex_lock(&hub->mutex);
    hub->stopping = true; /* no connection is suspended from here on */
    while (hub->commits > 0)
        uv_cond_wait(&hub->settled, &hub->mutex);
    uv_mutex_unlock(&hub->mutex);
    MHD_stop_daemon(hub->daemon);
    if (listening != MHD_INVALID_SOCKET)
        azm_listen_close((intptr_t)listening);
}

void azm_hub_stop(struct azm_hub *hub)
{
    if (!hub)
        return;
    if (hub->daemon)
        drain(hub);
    while (hub->reader_count > 0)
        azm_reader_close(hub->readers[--hub->reader_count]);
    azm_store_close(hub->store);
    uv_cond_destroy(&hub->settled);
    uv_mutex_destroy(&hub->mutex);
    free(hub->token);
    free(hub);
}

unsigned azm_hub_port(const struct azm_hub *hub)
{
    return hub->address.port;
}

uint64_t azm_hub_idle_ms(struct azm_hub *hub)
{
    return hub->requests > 0 ? 0 : (uv_hrtime() - hub->last_ns) / 1000000;
}
