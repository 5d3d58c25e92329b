/* Hostile bytes on both sides of a connection, in pieces: the first byte of each piece says whose it is and how long.
 */
#include "tap/observe.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/file.h"

static char run_dir[] = "/tmp/observe-fuzz-XXXXXX";
static bool made;

static bool remove_file(void *self, azm_slice name)
{
    char path[sizeof run_dir + 256];
    (void)self;
    snprintf(path, sizeof path, "%s/%.*s", run_dir, AZM_FMT(name));
    (void)!azm_file_remove(path, NULL);
    return true;
}

static void remove_run_dir(void)
{
    (void)!azm_dir_remove(run_dir, NULL);
}

/* Events go into a real ring, in a folder of this process. */
static void make_run_dir(void)
{
    made = mkdtemp(run_dir) != NULL;
    if (!made)
        abort();
    atexit(remove_run_dir);
}

static azm_slice get(const void *self, const char *name)
{
    (void)self;
    if (strcmp(name, "AZIMUTH_RUN_DIR") == 0)
        return azm_slice_str(run_dir);
    return strcmp(name, "ELASTIC_APM_SERVER_URL") == 0 ? AZM_S("http://127.0.0.1:9") : (azm_slice){NULL, 0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct azm_env env = {get, NULL};
    struct azm_observer_options options = {.env = &env, .program = "/nonexistent/azimuth-tap", .close_wait_ms = 60000};
    if (!made)
        make_run_dir();
    struct azm_observer *observer = azm_observer_open(&options);
    struct azm_observed *connection = azm_observer_connection(observer, AZM_WIRE_GRPC, 1);
    int64_t now_us = 1;
    while (size) {
        enum azm_side side = data[0] & 0x80 ? AZM_FROM_HOST : AZM_FROM_WORKER;
        size_t len = (data[0] & 0x7f) == 0x7f ? size : (data[0] & 0x7fu);
        data++;
        size--;
        len = len < size ? len : size;
        char *piece = malloc(len ? len : 1); /* exact, so that a read past the end is seen */
        if (len)
            memcpy(piece, data, len);
        azm_observed_bytes(connection, side, (azm_slice){piece, len}, now_us++);
        free(piece);
        data += len;
        size -= len;
    }
    azm_observed_close(connection, now_us);
    azm_observer_tick(observer, now_us);
    azm_observer_close(observer);
    (void)!azm_dir_list(run_dir, remove_file, NULL, NULL);
    return 0;
}
