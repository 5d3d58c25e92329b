/* Hostile bytes on both sides of a connection, in pieces: the first byte of each piece says whose it is and how long.
 */
#include "tap/observe.h"

#include <stdint.h>
#include <stdlib.h>

static azm_slice get(const void *self, const char *name)
{
    (void)self;
    /* Configured, but a folder that cannot be: nothing is written, everything is parsed. */
    if (strcmp(name, "AZIMUTH_RUN_DIR") == 0)
        return AZM_S("/dev/null/none");
    return strcmp(name, "ELASTIC_APM_SERVER_URL") == 0 ? AZM_S("http://127.0.0.1:9") : (azm_slice){NULL, 0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct azm_env env = {get, NULL};
    struct azm_observer_options options = {.env = &env, .program = "/nonexistent/azimuth-tap", .close_wait_ms = 60000};
    struct azm_observer *observer = azm_observer_open(&options);
    struct azm_observed *connection = azm_observer_connection(observer, 1);
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
    return 0;
}
