/* Hostile bytes on both sides of a gRPC and an HTTP connection, in pieces: the first byte of each piece says whose it
 * is, on which, and how long. */
#include "tap/observe.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/file.h"
#include "tap/patch.h"

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
    if (strcmp(name, "AZIMUTH_TRACE_CONTEXT") == 0)
        return AZM_S("rewrite");
    return strcmp(name, "ELASTIC_APM_SERVER_URL") == 0 ? AZM_S("http://127.0.0.1:9") : (azm_slice){NULL, 0};
}

static uint16_t open_forward(void *self, const struct azm_http_uri *uri)
{
    static const uint16_t ports[] = {0, 1, 12, 123, 1234, 12345};
    (void)self;
    return uri->port_digits < AZM_COUNT(ports) ? ports[uri->port_digits] : 0;
}

/* As the relay does it while a patch is armed: what is held stays where it is. */
struct held {
    char bytes[65536];
    size_t start, len;
};

static void show_first(struct azm_observed *connection, enum azm_side side, struct held *held, const char *piece,
                       size_t len, int64_t now_us)
{
    if (held->len == 0)
        held->start = 0;
    char *to = held->bytes + held->start + held->len;
    size_t all = held->len + len;
    if (held->start + all >= sizeof held->bytes) { /* too much: the relay's time limit */
        azm_observed_let_go(connection, side);
        azm_observed_bytes(connection, side, (azm_slice){piece, len}, now_us);
        held->len = 0;
        return;
    }
    memcpy(to, piece, len);
    held->len = azm_observed_first(connection, side, to, len, now_us);
    if (held->len > all)
        abort();
    held->start += all - held->len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct azm_env env = {get, NULL};
    static struct held held[2][2]; /* by connection and side */
    struct azm_observer_options options = {
        .env = &env, .program = "/nonexistent/azimuth-tap", .forward = {open_forward, NULL}, .close_wait_ms = 60000};
    if (!made)
        make_run_dir();
    struct azm_observer *observer = azm_observer_open(&options);
    struct azm_observed *grpc = azm_observer_connection(observer, AZM_WIRE_GRPC, 1);
    struct azm_observed *http = azm_observer_connection(observer, AZM_WIRE_HTTP, 1);
    int64_t now_us = 1;
    held[0][0].len = held[0][1].len = held[1][0].len = held[1][1].len = 0;
    while (size) {
        enum azm_side side = data[0] & 0x80 ? AZM_FROM_HOST : AZM_FROM_WORKER;
        struct azm_observed *connection = data[0] & 0x40 ? http : grpc;
        size_t len = (data[0] & 0x3f) == 0x3f ? size : (data[0] & 0x3fu);
        data++;
        size--;
        len = len < size ? len : size;
        char *piece = malloc(len ? len : 1); /* exact, so that a read past the end is seen */
        if (len)
            memcpy(piece, data, len);
        struct held *there = &held[connection == http][side];
        if (azm_observed_armed(connection, side) || there->len)
            show_first(connection, side, there, piece, len, now_us++);
        else
            azm_observed_bytes(connection, side, (azm_slice){piece, len}, now_us++);
        free(piece);
        data += len;
        size -= len;
    }
    azm_observed_close(http, now_us);
    azm_observed_close(grpc, now_us);
    azm_observer_tick(observer, now_us);
    azm_observer_close(observer);
    (void)!azm_dir_list(run_dir, remove_file, NULL, NULL);
    return 0;
}
