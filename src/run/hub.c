#include "run/hub.h"

#include <stdlib.h>

#include <curl/curl.h>
#include <jansson.h>
#include <uv.h>

#include "os/file.h"
#include "os/private_dir.h"
#include "os/run_dir.h"

enum { ANSWER_MAX = 65536, PROBE_MS = 2000, START_MS = 10000, TAKEN_MS = 2000 };

#define IDLE_SECONDS "28800"

/* --- who is there --- */

static size_t on_body(char *bytes, size_t one, size_t count, void *self)
{
    struct azm_buf *body = self;
    (void)one;
    azm_buf_add(body, azm_slice_of(bytes, count));
    return body->failed ? 0 : count;
}

static bool is_ours(azm_slice body)
{
    json_t *answer = json_loadb(body.ptr ? body.ptr : "", body.len, 0, NULL);
    bool ours = json_is_object(json_object_get(answer, "azimuth"));
    json_decref(answer);
    return ours;
}

static CURLcode get(unsigned port, struct azm_buf *body)
{
    char url[64];
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    if (!curl)
        return CURLE_OUT_OF_MEMORY;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)PROBE_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return code;
}

enum azm_run_hub_answer azm_run_hub_probe(unsigned port)
{
    struct azm_buf body;
    azm_buf_init(&body, ANSWER_MAX);
    CURLcode code = get(port, &body);
    enum azm_run_hub_answer answer = code == CURLE_COULDNT_CONNECT                       ? AZM_RUN_HUB_NOBODY
                                     : code == CURLE_OK && is_ours(azm_buf_slice(&body)) ? AZM_RUN_HUB_OURS
                                                                                         : AZM_RUN_HUB_FOREIGN;
    azm_buf_dispose(&body);
    return answer;
}

/* --- starting one --- */

struct launch {
    uv_loop_t loop;
    uv_process_t process;
    uv_timer_t timeout;
    uv_pipe_t complaint;
    bool ended, late;
    int64_t exit_code;
    char text[256]; /* the beginning of what it said */
    size_t len;
    char bytes[4096];
};

static void on_exit_of_hub(uv_process_t *process, int64_t exit_code, int signum)
{
    struct launch *launch = process->data;
    launch->ended = true;
    launch->exit_code = signum ? 128 + signum : exit_code;
}

static void on_late(uv_timer_t *timer)
{
    struct launch *launch = timer->data;
    launch->late = true;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct launch *launch = handle->data;
    (void)suggested;
    *buf = uv_buf_init(launch->bytes, sizeof launch->bytes);
}

static void on_complaint(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct launch *launch = stream->data;
    if (count < 0)
        uv_read_stop(stream);
    for (ssize_t i = 0; i < count && launch->len + 1 < sizeof launch->text && buf->base[i] != '\n'; i++)
        launch->text[launch->len++] = buf->base[i];
}

static int spawn(struct launch *launch, const char *program, unsigned port, const char *port_file)
{
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    /* Without TLS, also where the environment names a certificate: those who ask here use http. */
    const char *argv[] = {program,     "hub", "--daemon",       "--listen",   address,       "--tls-cert", "",
                          "--tls-key", "",    "--idle-seconds", IDLE_SECONDS, "--port-file", port_file,    NULL};
    if (!port_file)
        argv[AZM_COUNT(argv) - 3] = NULL;
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&launch->complaint}};
    uv_process_options_t options = {.file = program,
                                    .args = (char **)argv,
                                    .exit_cb = on_exit_of_hub,
                                    .flags = UV_PROCESS_DETACHED | UV_PROCESS_WINDOWS_HIDE,
                                    .stdio = stdio,
                                    .stdio_count = 3};
    int cause = uv_spawn(&launch->loop, &launch->process, &options);
    if (cause == 0)
        cause = uv_read_start((uv_stream_t *)&launch->complaint, on_alloc, on_complaint);
    return cause;
}

static void close_any(uv_handle_t *handle, void *self)
{
    (void)self;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static enum azm_status outcome(const struct launch *launch, int cause, struct azm_error *err)
{
    if (cause != 0)
        return azm_fail(err, AZM_IO, "the hub cannot be started: %s", uv_strerror(cause));
    if (!launch->ended)
        return azm_fail(err, AZM_TIMEOUT, "the hub did not start within %d s", START_MS / 1000);
    if (launch->exit_code != 0)
        return azm_fail(err, AZM_IO, "the hub ended with exit code %d%s%s", (int)launch->exit_code,
                        launch->len ? ": " : "", launch->text);
    return AZM_OK;
}

static enum azm_status launch(const char *program, unsigned port, const char *port_file, struct azm_error *err)
{
    struct launch *self = calloc(1, sizeof *self);
    if (!self)
        return azm_fail(err, AZM_NO_MEMORY, "out of memory");
    uv_loop_init(&self->loop);
    uv_timer_init(&self->loop, &self->timeout);
    uv_pipe_init(&self->loop, &self->complaint, 0);
    self->process.data = self->timeout.data = self->complaint.data = self;
    uv_timer_start(&self->timeout, on_late, START_MS, 0);
    int cause = spawn(self, program, port, port_file);
    while (cause == 0 && !self->ended && !self->late)
        uv_run(&self->loop, UV_RUN_ONCE);
    uv_run(&self->loop, UV_RUN_NOWAIT); /* what it said may come behind its end */
    enum azm_status st = outcome(self, cause, err);
    uv_walk(&self->loop, close_any, NULL);
    uv_run(&self->loop, UV_RUN_DEFAULT);
    uv_loop_close(&self->loop);
    free(self);
    return st;
}

/* --- which port --- */

static const char *memory_path(const struct azm_run_hub_options *options, struct azm_arena *arena)
{
    char folder[AZM_RUN_DIR_MAX];
    return azm_run_dir(options->env, folder, NULL) == AZM_OK ? azm_arena_printf(arena, "%s/hub-port", folder) : NULL;
}

/* The port of the hub that was started last; 0: unknown. */
static unsigned remembered(const char *path)
{
    char storage[16];
    struct azm_buf text;
    uint64_t port;
    azm_buf_init_fixed(&text, storage, sizeof storage);
    if (!path || azm_file_read(path, &text, NULL) != AZM_OK)
        return 0;
    azm_slice digits = azm_slice_take(azm_buf_slice(&text), azm_slice_find(azm_buf_slice(&text), '\n'));
    return azm_slice_to_u64(digits, &port) == AZM_OK && port < 65536 ? (unsigned)port : 0;
}

unsigned azm_run_hub_port(const struct azm_env *env)
{
    struct azm_arena arena;
    char folder[AZM_RUN_DIR_MAX];
    unsigned port = 0;
    azm_arena_init(&arena, 0);
    if (azm_run_dir_path(env, folder, NULL) == AZM_OK && azm_private_dir_check(folder, NULL) == AZM_OK)
        port = remembered(azm_arena_printf(&arena, "%s/hub-port", folder));
    azm_arena_dispose(&arena);
    return port && azm_run_hub_probe(port) == AZM_RUN_HUB_OURS ? port : AZM_RUN_HUB_PORT;
}

/* Another run's hub on the port. It may have taken the port and not answer yet. */
static bool anothers(unsigned port)
{
    uint64_t until = uv_hrtime() + TAKEN_MS * UINT64_C(1000000);
    enum azm_run_hub_answer answer = azm_run_hub_probe(port);
    while (answer != AZM_RUN_HUB_OURS && uv_hrtime() < until) {
        uv_sleep(20);
        answer = azm_run_hub_probe(port);
    }
    return answer == AZM_RUN_HUB_OURS;
}

/* `azimuth hub --daemon` returns when its hub listens, or says why it cannot. Another run may have been faster: then
 * its hub is as good. */
static enum azm_status start(const struct azm_run_hub_options *options, unsigned port, const char *memory,
                             struct azm_run_hub *out, struct azm_error *err)
{
    enum azm_status st = launch(options->program, port, memory, err);
    out->port = port ? port : remembered(memory);
    return st == AZM_OK || (out->port && anothers(out->port)) ? AZM_OK : st;
}

enum azm_status azm_run_hub_find(const struct azm_run_hub_options *options, struct azm_arena *arena,
                                 struct azm_run_hub *out, struct azm_error *err)
{
    const char *memory = memory_path(options, arena);
    enum azm_run_hub_answer answer = azm_run_hub_probe(options->port);
    *out = (struct azm_run_hub){.port = options->port, .moved = answer == AZM_RUN_HUB_FOREIGN};
    if (answer == AZM_RUN_HUB_OURS)
        return AZM_OK;
    out->port = remembered(memory);
    if (out->port && azm_run_hub_probe(out->port) == AZM_RUN_HUB_OURS)
        return AZM_OK;
    if (out->moved && !memory)
        return azm_fail(err, AZM_IO, "port %u belongs to another program, and there is no folder to note another in",
                        options->port);
    return start(options, out->moved ? 0 : options->port, memory, out, err);
}
