#include "tap/tap.h"

#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

#include "base/env.h"
#include "os/clock.h"
#include "os/process.h"
#include "os/self.h"
#include "os/ticker.h"
#include "tap/arguments.h"
#include "tap/await.h"
#include "tap/death.h"
#include "tap/executable.h"
#include "tap/handler.h"
#include "tap/observe.h"
#include "tap/patch.h"
#include "tap/relay.h"
#include "tap/stderr.h"

enum {
    ARENA_MAX = 8 * 1024 * 1024, /* argv is at most 2 MiB on Linux */
    TICK_MS = 1000,
    KILL_AFTER_MS = 900, /* with the tick that finds the host dead: within 2 s */
    DRAIN_TICK_MS = 50,
    DRAIN_IDLE_MS = 500,
    DRAIN_MAX_MS = 5000,
    DEPTH_MAX = 8,
    OBSERVER_WAIT_MS = 300,
    FORWARDS_MAX = 4,
    CONNECT_ATTEMPTS = 120, /* 3 s: the host, too, waits for a worker whose HTTP server is not up yet */
};

/* One per process. Never freed: the process ends. */
struct tap {
    uv_loop_t loop;
    uv_timer_t kill, drain;
    struct azm_arena arena;
    struct azm_arguments arguments;
    struct azm_executable executable;
    struct azm_relay *relays[AZM_TARGETS_MAX];
    struct azm_relay *forwards[FORWARDS_MAX];
    struct azm_http_uri uris[FORWARDS_MAX]; /* where these lead */
    size_t forward_count;
    uint16_t handler_port; /* a custom handler's own; 0: this is a worker that speaks gRPC */
    struct azm_await *handler;
    struct azm_observer *observer;
    struct azm_process *worker;
    struct azm_parent *host;
    struct azm_stderr *stderr_copy;
    bool worker_ended, host_gone;
    bool nested; /* below another tap, which sees everything already */
    int exit_code;
    uint64_t moved; /* at the last look */
    int idle_ms, drain_ms;
};

static struct tap tap;

static bool all_passed_on(void)
{
    if (tap.stderr_copy && !azm_stderr_ended(tap.stderr_copy))
        return false;
    for (size_t i = 0; i < tap.arguments.target_count; i++)
        if (!azm_relay_drained(tap.relays[i]))
            return false;
    for (size_t i = 0; i < tap.forward_count; i++)
        if (!azm_relay_drained(tap.forwards[i]))
            return false;
    return true;
}

static uint64_t moved_so_far(void)
{
    uint64_t moved = tap.stderr_copy ? azm_stderr_moved(tap.stderr_copy) : 0;
    for (size_t i = 0; i < tap.arguments.target_count; i++)
        moved += azm_relay_moved(tap.relays[i]);
    for (size_t i = 0; i < tap.forward_count; i++)
        moved += azm_relay_moved(tap.forwards[i]);
    return moved;
}

static void on_drain(uv_timer_t *timer)
{
    (void)timer;
    uint64_t moved = moved_so_far();
    tap.drain_ms += DRAIN_TICK_MS;
    tap.idle_ms = moved == tap.moved ? tap.idle_ms + DRAIN_TICK_MS : 0;
    tap.moved = moved;
    if (all_passed_on() || tap.idle_ms >= DRAIN_IDLE_MS || tap.drain_ms >= DRAIN_MAX_MS)
        uv_stop(&tap.loop);
}

static void on_ended(void *self, int exit_code)
{
    (void)self;
    tap.worker_ended = true;
    tap.exit_code = exit_code;
    tap.moved = moved_so_far();
    if (all_passed_on())
        uv_stop(&tap.loop);
    else
        uv_timer_start(&tap.drain, on_drain, DRAIN_TICK_MS, DRAIN_TICK_MS);
}

static void on_kill(uv_timer_t *timer)
{
    (void)timer;
    azm_process_kill(tap.worker);
}

static void on_host_gone(void *self)
{
    (void)self;
    if (tap.host_gone)
        return;
    tap.host_gone = true;
    azm_process_terminate(tap.worker);
    uv_timer_start(&tap.kill, on_kill, KILL_AFTER_MS, 0);
}

/* A connection or stderr came to an end. */
static void on_changed(void *self)
{
    (void)self;
    if (tap.worker_ended && all_passed_on())
        uv_stop(&tap.loop);
    if (tap.host && azm_parent_gone(tap.host))
        on_host_gone(NULL);
}

static void on_tick(void *self)
{
    (void)self;
    if (tap.host && azm_parent_gone(tap.host))
        on_host_gone(NULL);
    azm_observer_tick(tap.observer, azm_clock_mono_us());
}

static int fail(const struct azm_error *err)
{
    fprintf(stderr, "azimuth-tap: error: %s\n", err->text);
    return err->status == AZM_NOT_FOUND ? 127 : 126;
}

/* A worker executable that leads back to the tap through a script would start itself for ever, and where two ways lead
 * in (`azimuth run` around an app with install-tap, say) everything would be seen twice. The count is the one variable
 * the tap adds to the worker's environment. */
static char **with_depth(char **envp, struct azm_error *err)
{
    static const char name[] = "AZIMUTH_TAP_DEPTH=";
    size_t count = 0, at;
    uint64_t depth = 0;
    while (envp[count])
        count++;
    for (at = 0; at < count && strncmp(envp[at], name, sizeof(name) - 1) != 0; at++)
        ;
    if (at < count && azm_slice_to_u64(azm_slice_str(envp[at] + sizeof(name) - 1), &depth) == AZM_OK &&
        depth >= DEPTH_MAX) {
        (void)azm_fail(err, AZM_BAD_CONFIG, "the worker's executable starts azimuth-tap again and again");
        return NULL;
    }
    tap.nested = depth > 0;
    char **out = azm_arena_array(&tap.arena, char *, count + 2);
    char *entry = azm_arena_printf(&tap.arena, "%s%u", name, (unsigned)depth + 1);
    if (!out || !entry)
        return envp;
    memcpy(out, envp, sizeof(*out) * count);
    out[at] = entry;
    return out;
}

static bool begin_loop(void)
{
    if (uv_loop_init(&tap.loop) != 0)
        return false;
    uv_timer_init(&tap.loop, &tap.kill);
    uv_timer_init(&tap.loop, &tap.drain);
    return true;
}

/* False: relaying is not possible; then the worker is better off without us. */
static bool listen_for_worker(uint16_t ports[AZM_TARGETS_MAX])
{
    if (!begin_loop())
        return false;
    for (size_t i = 0; i < tap.arguments.target_count; i++) {
        struct azm_relay_options options = {
            .loop = &tap.loop, .target = tap.arguments.targets[i], .changed = on_changed};
        tap.relays[i] = azm_relay_open(&options, NULL);
        if (!tap.relays[i])
            return false;
        ports[i] = azm_relay_port(tap.relays[i]);
    }
    return true;
}

/* One more relay, for the HTTP that the host sends to the worker. A worker tells the same address again when it is
 * specialized. */
static uint16_t forward_http(void *self, const struct azm_http_uri *uri)
{
    (void)self;
    size_t at = 0;
    while (at < tap.forward_count && (tap.uris[at].port != uri->port || strcmp(tap.uris[at].host, uri->host) != 0))
        at++;
    if (at < tap.forward_count)
        return azm_relay_port(tap.forwards[at]);
    if (at == FORWARDS_MAX)
        return 0;
    tap.uris[at] = *uri;
    struct azm_relay_options options = {.loop = &tap.loop,
                                        .target = {.port = uri->port},
                                        .wire = AZM_WIRE_HTTP,
                                        .port_digits = uri->port_digits,
                                        .localhost = strcmp(uri->host, "localhost") == 0,
                                        .connect_attempts = CONNECT_ATTEMPTS,
                                        .changed = on_changed};
    azm_slice_copy(azm_slice_str(uri->host), options.target.host, sizeof options.target.host);
    tap.forwards[at] = azm_relay_open(&options, NULL);
    if (!tap.forwards[at])
        return 0;
    azm_relay_observe(tap.forwards[at], tap.observer);
    tap.forward_count++;
    return azm_relay_port(tap.forwards[at]);
}

static enum azm_status start_worker(char **argv, char **envp, struct azm_error *err)
{
    int stderr_fd;
    tap.stderr_copy = azm_stderr_open(&tap.loop, on_changed, NULL);
    struct azm_process_options options = {.program = tap.executable.path,
                                          .argv = argv,
                                          .envp = envp,
                                          .stderr_pipe = tap.stderr_copy != NULL,
                                          .loop = &tap.loop,
                                          .ended = on_ended};
    tap.worker = azm_process_start(&options, &stderr_fd, err);
    if (!tap.worker)
        return err->status;
    if (tap.stderr_copy)
        azm_stderr_read_from(tap.stderr_copy, stderr_fd);
    return AZM_OK;
}

/* To the host a handler is ready once anything but a refused connection comes of a request. */
static void on_handler_there(void *self, azm_socket socket)
{
    (void)self;
    azm_await_end(tap.handler);
    if (!azm_relay_begin(tap.forwards[0], socket))
        fprintf(stderr, "azimuth-tap: error: cannot listen on the custom handler's port\n");
}

static void await_handler(void)
{
    azm_relay_observe(tap.forwards[0], tap.observer);
    tap.handler = azm_await_begin(&tap.loop, "127.0.0.1", tap.handler_port, on_handler_there, NULL);
}

static void relay_until_the_end(const char *self, const struct azm_env *env)
{
    struct azm_observer_options options = {.env = env,
                                           .program = self,
                                           .worker_pid = azm_process_id(tap.worker),
                                           .forward = {forward_http, NULL},
                                           .handler = tap.handler_port != 0,
                                           .close_wait_ms = OBSERVER_WAIT_MS};
    tap.observer = azm_observer_open(&options);
    for (size_t i = 0; i < tap.arguments.target_count; i++)
        azm_relay_observe(tap.relays[i], tap.observer);
    if (tap.handler_port)
        await_handler();
    azm_process_raise_file_limit();
    azm_ticker_start(&tap.loop, TICK_MS, on_tick, NULL);
    uv_run(&tap.loop, UV_RUN_DEFAULT);
    struct azm_worker_end end = {.exit_code = tap.exit_code,
                                 .asked = tap.host_gone || azm_process_was_asked(tap.worker),
                                 .stderr_tail =
                                     tap.stderr_copy ? azm_stderr_tail(tap.stderr_copy) : (azm_slice){NULL, 0}};
    azm_observer_worker_exit(tap.observer, &end, azm_clock_mono_us());
    azm_observer_close(tap.observer);
}

/* The worker's argv with our address in it; NULL when there is nothing to relay, or no means to. */
static char **listen_and_rewrite(int argc, char **argv)
{
    uint16_t ports[AZM_TARGETS_MAX];
    azm_arguments_read(argc, argv, &tap.arguments);
    if (tap.arguments.target_count == 0 || tap.nested || !listen_for_worker(ports))
        return NULL;
    return azm_arguments_rewrite(&tap.arguments, argc, argv, ports, &tap.arena);
}

/* As listen_and_rewrite, for a custom handler, whose environment has the address too. */
static char **take_port(uint16_t port, int argc, char **argv, char ***envp)
{
    uint16_t own = tap.nested ? 0 : azm_handler_free_port();
    if (own == 0 || !begin_loop())
        return NULL;
    char **handler_argv = azm_handler_arguments(argc, argv, port, own, &tap.arena);
    char **handler_envp = azm_handler_environment(*envp, port, own, &tap.arena);
    struct azm_relay_options options = {
        .loop = &tap.loop, .target = {"127.0.0.1", own}, .wire = AZM_WIRE_HTTP, .port = port, .changed = on_changed};
    tap.forwards[0] = handler_argv && handler_envp ? azm_relay_open(&options, NULL) : NULL;
    if (!tap.forwards[0])
        return NULL;
    tap.forward_count = 1;
    tap.handler_port = own;
    *envp = handler_envp;
    return handler_argv;
}

int azm_tap_main(int argc, char **argv, char **envp)
{
    struct azm_error err;
    char path[4096];
    azm_process_inherit();
    azm_arena_init(&tap.arena, ARENA_MAX);
    const char *self = azm_self_path(path, sizeof(path), NULL) == AZM_OK ? path : NULL;
    if (azm_executable_find(argc, argv, &azm_env_process, self, &tap.arena, &tap.executable, &err) != AZM_OK)
        return fail(&err);
    argc -= tap.executable.skip;
    argv += tap.executable.skip;
    envp = with_depth(envp, &err);
    if (!envp)
        return fail(&err);
    argv[0] = (char *)(uintptr_t)tap.executable.name;
    uint16_t port = azm_handler_port(&azm_env_process);
    char **worker_argv = port ? take_port(port, argc, argv, &envp) : listen_and_rewrite(argc, argv);
    if (!worker_argv)
        return azm_process_become(tap.executable.path, argv, envp, &err) == AZM_OK ? 0 : fail(&err);
    tap.host = azm_parent_watch(&tap.loop, on_host_gone, NULL);
    if (start_worker(worker_argv, envp, &err) != AZM_OK)
        return fail(&err);
    relay_until_the_end(self, &azm_env_process);
    return tap.exit_code;
}
