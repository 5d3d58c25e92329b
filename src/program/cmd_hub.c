/* azimuth hub: the receiver, store and page, until SIGTERM, SIGINT or its idle time. */
#include "program/commands.h"

#include "base/log.h"
#include "hub/hub.h"
#include "os/file.h"
#include "program/data_dir.h"
#include "program/detach.h"
#include "program/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

static const char *const about = "Receives traces, logs and metrics (Elastic APM intake v2, OTLP), keeps them, and "
                                 "shows them at http://ADDRESS:PORT/.\n"
                                 "Ends with SIGTERM or SIGINT.";

/* SWEEP_TICKS: between two looks at the certificate's files, and at slow connections. */
enum { TICK_MS = 500, SWEEP_TICKS = 10 };

struct arguments {
    const char *listen, *otlp_http, *otlp_grpc, *data_dir, *store, *token, *tls_cert, *tls_key, *idle, *port_file,
        *days, *megabytes;
    bool detach, detached;
    uint64_t idle_ms;
    struct azm_hub_options hub;
};

struct watch {
    struct azm_hub *hub;
    uint64_t idle_ms;
    unsigned ticks;
    uv_signal_t term, interrupt, hangup;
    uv_timer_t timer;
};

static void stop(uv_loop_t *loop)
{
    uv_stop(loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    stop(handle->loop);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    (void)number;
    const struct watch *watch = handle->data;
    azm_hub_renew(watch->hub);
}

static void on_tick(uv_timer_t *timer)
{
    struct watch *watch = timer->data;
    if (++watch->ticks % SWEEP_TICKS == 0) {
        azm_hub_renew(watch->hub);
        azm_hub_sweep(watch->hub);
    }
    if (watch->idle_ms && azm_hub_idle_ms(watch->hub) >= watch->idle_ms)
        stop(timer->loop);
}

/* Before anybody can know that the hub is there, and so end it. */
static void begin_watch(struct watch *watch, bool tls)
{
    uv_loop_t *loop = uv_default_loop();
    uv_signal_init(loop, &watch->term);
    uv_signal_init(loop, &watch->interrupt);
    uv_signal_init(loop, &watch->hangup);
    watch->hangup.data = watch;
    uv_signal_start(&watch->term, on_signal, SIGTERM);
    uv_signal_start(&watch->interrupt, on_signal, SIGINT);
    if (tls) /* else a hub ends with its terminal */
        uv_signal_start(&watch->hangup, on_hangup, SIGHUP);
}

static void wait_for_end(struct watch *watch)
{
    uv_loop_t *loop = uv_default_loop();
    uv_timer_init(loop, &watch->timer);
    watch->timer.data = watch;
    uv_timer_start(&watch->timer, on_tick, TICK_MS, TICK_MS);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&watch->term, NULL);
    uv_close((uv_handle_t *)&watch->interrupt, NULL);
    uv_close((uv_handle_t *)&watch->hangup, NULL);
    uv_close((uv_handle_t *)&watch->timer, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
}

static bool write_port(const char *path, unsigned port)
{
    char text[16];
    struct azm_error err;
    int n = snprintf(text, sizeof text, "%u\n", port);
    if (azm_file_write(path, azm_slice_of(text, (size_t)n), 0644, &err) == AZM_OK)
        return true;
    fprintf(stderr, "azimuth hub: --port-file: %s\n", err.text);
    return false;
}

static int serve(const struct arguments *args)
{
    struct azm_hub *hub = NULL;
    struct azm_error err = {.status = AZM_OK};
    struct watch watch = {.idle_ms = args->idle_ms};
    bool tls = args->hub.tls_cert && args->hub.tls_cert[0];
    begin_watch(&watch, tls);
    enum azm_status status = azm_hub_start(&args->hub, &hub, &err);
    if (status != AZM_OK) {
        fprintf(stderr, "azimuth hub: %s\n", err.text);
        return status == AZM_BAD_CONFIG ? 2 : 1;
    }
    bool ok = !args->port_file || write_port(args->port_file, azm_hub_port(hub));
    if (ok) {
        azm_slice host = azm_slice_str(args->hub.listen);
        host = azm_slice_take(host, azm_slice_rfind(host, ':'));
        printf("azimuth hub: http%s://%.*s:%u/ (data in %s)\n", tls ? "s" : "", AZM_FMT(host), azm_hub_port(hub),
               args->hub.store ? azm_hub_store_path(hub) : args->hub.data_dir);
        if (azm_hub_otlp_port(hub))
            printf("azimuth hub: OTLP/HTTP on port %u\n", azm_hub_otlp_port(hub));
        if (azm_hub_grpc_port(hub))
            printf("azimuth hub: OTLP/gRPC on port %u\n", azm_hub_grpc_port(hub));
        fflush(stdout);
        if (args->detached)
            ok = azm_detach_log(args->hub.data_dir);
        watch.hub = hub;
        wait_for_end(&watch);
    }
    azm_hub_stop(hub);
    return ok ? 0 : 1;
}

static bool number(const char *option, const char *text, uint64_t most, uint64_t *out)
{
    if (!text || (azm_slice_to_u64(azm_slice_str(text), out) == AZM_OK && *out <= most))
        return true;
    fprintf(stderr, "azimuth hub: %s %.100s: expected a number from 0 to %" PRIu64 "\n", option, text, most);
    return false;
}

static const char *address_or_off(const char *given, const char *usual)
{
    return !given ? usual : strcmp(given, "off") == 0 ? NULL : given;
}

/* The defaults; what was given replaces them. */
static bool complete(struct arguments *args)
{
    static char folder[4096];
    uint64_t idle_s = 0, days = 7, megabytes;
    const char *store = args->store ? args->store : getenv("AZIMUTH_HUB_STORE");
    if (store && !store[0])
        store = NULL;
    megabytes = store ? 0 : 2048; /* a server of its own has a disk of its own */
    if (!number("--idle-seconds", args->idle, 100000000, &idle_s) || !number("--keep-days", args->days, 36500, &days) ||
        !number("--keep-mb", args->megabytes, 1000000000, &megabytes))
        return false;
    if (!args->data_dir) {
        if (!azm_data_dir(folder, sizeof folder)) {
            fputs("azimuth hub: neither XDG_DATA_HOME nor HOME is set; name a folder with --data-dir\n", stderr);
            return false;
        }
        args->data_dir = folder;
    }
    args->idle_ms = idle_s * 1000;
    args->hub = (struct azm_hub_options){.listen = args->listen,
                                         .otlp_http = address_or_off(args->otlp_http, "127.0.0.1:4318"),
                                         .otlp_needed = args->otlp_http != NULL,
                                         .otlp_grpc = address_or_off(args->otlp_grpc, "127.0.0.1:4317"),
                                         .grpc_needed = args->otlp_grpc != NULL,
                                         .store = store,
                                         .data_dir = args->data_dir,
                                         .token = args->token ? args->token : getenv("AZIMUTH_HUB_TOKEN"),
                                         .tls_cert = args->tls_cert ? args->tls_cert : getenv("AZIMUTH_HUB_TLS_CERT"),
                                         .tls_key = args->tls_key ? args->tls_key : getenv("AZIMUTH_HUB_TLS_KEY"),
                                         .max_age_us = (int64_t)days * 86400 * 1000000,
                                         .max_bytes = megabytes * 1024 * 1024};
    return true;
}

int azm_cmd_hub(int argc, char **argv)
{
    struct arguments args = {.listen = "127.0.0.1:8200"};
    const struct azm_option options[] = {
        {"--listen", "ADDRESS:PORT", "where to listen; default 127.0.0.1:8200, port 0 takes a free one", NULL,
         &args.listen, NULL},
        {"--otlp-http", "ADDRESS:PORT", "where to listen for OTLP/HTTP; default 127.0.0.1:4318, off: nowhere", NULL,
         &args.otlp_http, NULL},
        {"--otlp-grpc", "ADDRESS:PORT", "where to listen for OTLP/gRPC; default 127.0.0.1:4317, off: nowhere", NULL,
         &args.otlp_grpc, NULL},
        {"--data-dir", "DIR", "where to keep the data; default $XDG_DATA_HOME/azimuth", NULL, &args.data_dir, NULL},
        {"--store", "ADDRESS",
         "keep the data in ClickHouse: clickhouse://[USER:PASSWORD@]HOST[:8123]/DATABASE, "
         "clickhouses:// for TLS; else $AZIMUTH_HUB_STORE",
         NULL, &args.store, NULL},
        {"--token", "TOKEN", "what callers must send; needed when not on loopback; else $AZIMUTH_HUB_TOKEN", NULL,
         &args.token, NULL},
        {"--tls-cert", "FILE", "speak TLS on all ports, with this certificate (PEM); else $AZIMUTH_HUB_TLS_CERT", NULL,
         &args.tls_cert, NULL},
        {"--tls-key", "FILE", "and its private key; else $AZIMUTH_HUB_TLS_KEY", NULL, &args.tls_key, NULL},
        {"--keep-days", "N", "forget older traces; default 7, 0: never", NULL, &args.days, NULL},
        {"--keep-mb", "N", "forget the oldest traces when the store is larger; default 2048 (0 with --store), 0: never",
         NULL, &args.megabytes, NULL},
        {"--idle-seconds", "N", "end after N seconds without a request; default 0: never", NULL, &args.idle, NULL},
        {"--daemon", NULL, "return when it listens and go on in the background", &args.detach, NULL, NULL},
        {"--port-file", "FILE", "write the port there when it listens", NULL, &args.port_file, NULL},
        {"--detached", NULL, NULL, &args.detached, NULL, NULL},
    };
    const struct azm_usage usage = {"azimuth hub [OPTIONS]\n       azimuth hub backup FILE | check | vacuum\n       "
                                    "azimuth hub export TRACE_ID | import FILE...",
                                    about, options, AZM_COUNT(options), false};
    int code;
    if (azm_cmd_hub_store(argc, argv, &code) || azm_cmd_hub_exchange(argc, argv, &code))
        return code;
    char **given = azm_detach_copy(argc, argv);
    int rest = azm_options_parse(&usage, argc, argv);
    code = rest == AZM_OPTIONS_HELP ? 0 : 2;
    if (rest > 0)
        fprintf(stderr, "azimuth hub: %.100s: no such argument\n", argv[1]);
    else if (rest == 0 && complete(&args))
        code = args.detach ? azm_detach_run("azimuth hub", given) : serve(&args);
    free(given);
    return code;
}
