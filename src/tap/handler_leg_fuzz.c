/* Bytes of a host and a custom handler on two connections: a byte in which 0x80 means the host, 0x40 the second
 * connection and the rest a length (0x3f: all that follows), then that many bytes. Events go into a real ring. */
#include <stdlib.h>

#include "os/file.h"
#include "tap/death.h"
#include "tap/observe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char run_dir[] = "/tmp/azimuth-fuzz-XXXXXX";
static bool made;

static bool remove_file(void *self, azm_slice name)
{
    char path[512];
    (void)self;
    azm_slice_copy(azm_slice_str(run_dir), path, sizeof path);
    size_t len = sizeof run_dir - 1;
    path[len] = '/';
    azm_slice_copy(name, path + len + 1, sizeof path - len - 1);
    (void)!azm_file_remove(path, NULL);
    return true;
}

static void remove_run_dir(void)
{
    (void)!azm_dir_remove(run_dir, NULL);
}

static azm_slice get(const void *self, const char *name)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"AZIMUTH_TRACE_CONTEXT", "rewrite"},
        {"ELASTIC_APM_LOG_SENDING", "true"},
        {"ELASTIC_APM_SERVER_URL", "http://127.0.0.1:9"},
        {"AzureFunctionsJobHost__customHandler__enableForwardingHttpRequest", "true"},
    };
    (void)self;
    if (strcmp(name, "AZIMUTH_RUN_DIR") == 0)
        return azm_slice_str(run_dir);
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        if (strcmp(name, rows[i].name) == 0)
            return azm_slice_str(rows[i].value);
    return (azm_slice){NULL, 0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct azm_env env = {get, NULL};
    struct azm_observer_options options = {
        .env = &env, .program = "/nonexistent/azimuth-tap", .handler = true, .close_wait_ms = 60000};
    int64_t now_us = 1;
    if (!made && !mkdtemp(run_dir))
        abort();
    if (!made)
        atexit(remove_run_dir);
    made = true;
    struct azm_observer *observer = azm_observer_open(&options);
    struct azm_observed *connections[2] = {azm_observer_connection(observer, AZM_WIRE_HTTP, 1),
                                           azm_observer_connection(observer, AZM_WIRE_HTTP, 1)};
    while (size) {
        enum azm_side side = data[0] & 0x80 ? AZM_FROM_HOST : AZM_FROM_WORKER;
        struct azm_observed *connection = connections[data[0] & 0x40 ? 1 : 0];
        size_t len = (data[0] & 0x3f) == 0x3f ? size : (data[0] & 0x3fu);
        data++;
        size--;
        len = len < size ? len : size;
        char *piece = malloc(len ? len : 1); /* exact, so that a read past the end is seen */
        if (len)
            memcpy(piece, data, len);
        if (len == 0)
            azm_observed_end(connection, side, now_us++);
        else
            azm_observed_bytes(connection, side, (azm_slice){piece, len}, now_us++);
        free(piece);
        data += len;
        size -= len;
    }
    azm_observed_close(connections[0], now_us);
    azm_observer_tick(observer, now_us + 2000000);
    struct azm_worker_end end = {.exit_code = 3};
    azm_observer_worker_exit(observer, &end, now_us + 2000001);
    azm_observed_close(connections[1], now_us + 2000002);
    azm_observer_close(observer);
    (void)!azm_dir_list(run_dir, remove_file, NULL, NULL);
    return 0;
}
