#include "agent/folder.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/self.h"
#include "ring/name.h"
#include "trace/host_file.h"

#define RETRY_SOON_US 250000            /* its writer is about to make it */
#define RETRY_LATE_US 10000000          /* nothing will change by itself */
#define ABANDONED_US  INT64_C(60000000) /* its writer needs less than a second for that */

void azm_folder_init(struct azm_folder *folder, const char *path, struct azm_feed_tools *tools)
{
    *folder = (struct azm_folder){.path = path, .tools = tools};
}

void azm_folder_dispose(struct azm_folder *folder)
{
    while (folder->feeds) {
        struct azm_feed *next = folder->feeds->next;
        azm_feed_close(folder->feeds);
        folder->feeds = next;
    }
    while (folder->odd) {
        struct azm_odd_file *next = folder->odd->next;
        free(folder->odd);
        folder->odd = next;
    }
}

struct scan {
    struct azm_folder *folder;
    int64_t now_us;
};

static struct azm_odd_file *find_odd(struct azm_folder *folder, const char *name)
{
    struct azm_odd_file *odd = folder->odd;
    while (odd && strcmp(odd->name, name) != 0)
        odd = odd->next;
    return odd;
}

static struct azm_odd_file *add_odd(struct azm_folder *folder, const char *name)
{
    struct azm_odd_file *odd = calloc(1, sizeof *odd);
    if (!odd)
        abort();
    snprintf(odd->name, sizeof odd->name, "%s", name);
    odd->next = folder->odd;
    folder->odd = odd;
    return odd;
}

static bool is_abandoned(const char *path)
{
    struct azm_file_info info;
    return azm_file_info(path, &info, NULL) == AZM_OK && azm_clock_wall_us() - info.modified_us > ABANDONED_US;
}

static void note_odd(struct scan *scan, struct azm_odd_file *odd, const char *name, const struct azm_error *err)
{
    char path[640];
    if (!odd)
        odd = add_odd(scan->folder, name);
    odd->seen = true;
    odd->retry_us = scan->now_us + (err->status == AZM_MORE ? RETRY_SOON_US : RETRY_LATE_US);
    if (err->status == AZM_MORE) {
        snprintf(path, sizeof path, "%s/%s", scan->folder->path, name);
        if (is_abandoned(path))
            azm_file_remove(path, NULL);
    } else if (!odd->told) {
        odd->told = true;
        azm_log(WARN, RING, "doctor: a ring is left alone: %s", err->text);
    }
}

static void open_feed(struct scan *scan, const char *name)
{
    struct azm_error err = {AZM_OK, ""};
    struct azm_odd_file *odd = find_odd(scan->folder, name);
    if (odd && scan->now_us < odd->retry_us) {
        odd->seen = true;
        return;
    }
    struct azm_feed *feed = azm_feed_open(scan->folder->path, name, scan->folder->tools, scan->now_us, &err);
    if (!feed) {
        note_odd(scan, odd, name, &err);
        return;
    }
    feed->next = scan->folder->feeds;
    scan->folder->feeds = feed;
    azm_log(DEBUG, RING, "%s: found", name);
}

/* What a host's workers shared is of no use once their host is gone. A young file is left alone: its maker may be a
 * worker that the host's death has not reached yet. */
static void tidy_host_file(const struct azm_folder *folder, azm_slice name)
{
    char path[640];
    uint32_t host;
    uint64_t start, now_start = 0;
    enum azm_host_file kind;
    if (!azm_host_file_parse(name, &kind, &host, &start))
        return;
    if (azm_process_start_time(host, &now_start, NULL) == AZM_OK && now_start == start)
        return;
    snprintf(path, sizeof path, "%s/%.*s", folder->path, AZM_FMT(azm_slice_take(name, 100)));
    if (is_abandoned(path))
        azm_file_remove(path, NULL);
}

static bool look_at(void *self, azm_slice name)
{
    struct scan *scan = self;
    char text[64];
    tidy_host_file(scan->folder, name);
    uint32_t pid;
    uint64_t start;
    if (!azm_ring_name_parse(name, &pid, &start) || azm_slice_copy(name, text, sizeof text) < name.len)
        return true;
    for (struct azm_feed *feed = scan->folder->feeds; feed; feed = feed->next)
        if (strcmp(feed->name, text) == 0)
            return true;
    open_feed(scan, text);
    return true;
}

static void forget_unseen(struct azm_folder *folder)
{
    struct azm_odd_file **at = &folder->odd;
    while (*at) {
        struct azm_odd_file *odd = *at;
        if (odd->seen) {
            odd->seen = false;
            at = &odd->next;
        } else {
            *at = odd->next;
            free(odd);
        }
    }
}

void azm_folder_scan(struct azm_folder *folder, int64_t now_us)
{
    struct scan scan = {folder, now_us};
    struct azm_error err;
    enum azm_status status = azm_dir_list(folder->path, look_at, &scan, &err);
    if (status != AZM_OK && !folder->lost)
        azm_log(ERROR, AGENT, "doctor: no new processes are seen: %s", err.text);
    folder->lost = status != AZM_OK;
    folder->gone = status == AZM_NOT_FOUND;
    forget_unseen(folder);
}

void azm_folder_clean(struct azm_folder *folder, void (*finished)(void *self, struct azm_feed *feed), void *self)
{
    struct azm_feed **at = &folder->feeds;
    while (*at) {
        struct azm_feed *feed = *at;
        char path[640];
        if (!azm_feed_finished(feed)) {
            at = &feed->next;
            continue;
        }
        finished(self, feed);
        snprintf(path, sizeof path, "%s/%s", folder->path, feed->name);
        azm_file_remove(path, NULL);
        azm_log(DEBUG, RING, "%s: everything is answered, removed", feed->name);
        *at = feed->next;
        azm_feed_close(feed);
    }
}
