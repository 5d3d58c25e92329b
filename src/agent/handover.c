#include "agent/handover.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/daemon.h"
#include "os/file.h"
#include "os/thread.h"

#define VERSION_MAX 64u
#define PATH_SIZE   600u

int azm_version_compare(const char *a, const char *b)
{
    while (*a || *b) {
        char *end_a, *end_b;
        unsigned long left = strtoul(a, &end_a, 10), right = strtoul(b, &end_b, 10);
        if (left != right)
            return left < right ? -1 : 1;
        a = end_a + strcspn(end_a, ".");
        b = end_b + strcspn(end_b, ".");
        a += *a == '.';
        b += *b == '.';
    }
    return 0;
}

static void path_of(char out[PATH_SIZE], const char *run_dir, const char *name)
{
    snprintf(out, PATH_SIZE, "%s/%s", run_dir, name);
}

/* Empty when there is none, or none that can be read. */
static void read_version(const char *run_dir, const char *name, char out[VERSION_MAX])
{
    char path[PATH_SIZE];
    struct azm_buf text;
    path_of(path, run_dir, name);
    azm_buf_init(&text, VERSION_MAX - 1);
    if (azm_file_read(path, &text, NULL) != AZM_OK)
        azm_buf_clear(&text);
    azm_slice_copy(azm_buf_slice(&text), out, VERSION_MAX);
    out[strcspn(out, "\n")] = 0;
    azm_buf_dispose(&text);
}

static enum azm_status write_version(const char *run_dir, const char *name, const char *version, struct azm_error *err)
{
    char path[PATH_SIZE];
    path_of(path, run_dir, name);
    return azm_file_write(path, azm_slice_str(version), 0600, err);
}

static void remove_request(const char *run_dir)
{
    char path[PATH_SIZE];
    path_of(path, run_dir, "agent.request");
    azm_file_remove(path, NULL);
}

static struct azm_lock *wait_for(const char *run_dir, const char *path, const char *version, struct azm_error *err)
{
    int64_t deadline_us = azm_clock_mono_us() + AZM_HANDOVER_WAIT_US;
    struct azm_lock *lock = NULL;
    if (write_version(run_dir, "agent.request", version, err) != AZM_OK)
        return NULL;
    while (!lock && azm_clock_mono_us() < deadline_us && !azm_daemon_stop_asked()) {
        azm_thread_sleep_us(50000);
        lock = azm_lock_try(path, err);
    }
    remove_request(run_dir);
    return lock;
}

struct azm_lock *azm_handover_begin(const char *run_dir, const char *version, struct azm_error *err)
{
    char path[PATH_SIZE], other[VERSION_MAX];
    struct azm_error busy = {AZM_OK, ""};
    path_of(path, run_dir, "agent.lock");
    struct azm_lock *lock = azm_lock_try(path, &busy);
    if (!lock && busy.status == AZM_BUSY) {
        read_version(run_dir, "agent.version", other);
        if (other[0] && azm_version_compare(other, version) < 0)
            lock = wait_for(run_dir, path, version, &busy);
    }
    if (!lock)
        azm_fail(err, busy.status, "%s", busy.text);
    else if (write_version(run_dir, "agent.version", version, &busy) != AZM_OK)
        /* a full disk is no reason not to send what the rings hold already */
        azm_log(WARN, AGENT, "a newer agent will not know our version: %s", busy.text);
    return lock;
}

bool azm_handover_asked(const char *run_dir, const char *version)
{
    char other[VERSION_MAX];
    read_version(run_dir, "agent.request", other);
    if (!other[0])
        return false;
    if (azm_version_compare(other, version) > 0)
        return true;
    remove_request(run_dir); /* left by one that gave up */
    return false;
}
