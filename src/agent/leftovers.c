#include "agent/leftovers.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/log.h"
#include "os/file.h"
#include "os/private_dir.h"
#include "ring/record.h"

#define PATH_BYTES 700u

struct reading {
    const char *dir;
    uint64_t *next;
    azm_leftover_visit *visit;
    void *self;
    struct azm_arena arena;
    struct azm_buf file;
};

static void tell(struct reading *reading, struct azm_leftover *leftover, bool whole)
{
    struct azm_source source;
    struct azm_arena_mark mark = azm_arena_mark(&reading->arena);
    if (whole && azm_record_get_source(leftover->segment.source, &reading->arena, &source) == AZM_OK)
        leftover->destination = &source.destination;
    reading->visit(reading->self, leftover);
    azm_arena_rewind(&reading->arena, mark);
}

static void read_batch(struct reading *reading, const char *path, uint64_t serial)
{
    struct azm_leftover leftover = {.serial = serial};
    struct azm_error err = {AZM_OK, ""};
    azm_buf_clear(&reading->file);
    enum azm_status status = azm_file_read(path, &reading->file, &err);
    if (status != AZM_OK) { /* not ours to remove, perhaps */
        azm_log(WARN, EXPORT, "doctor: a batch of the spool is left alone: %s", err.text);
        return;
    }
    status = azm_segment_read(azm_buf_slice(&reading->file), &leftover.segment);
    if (status == AZM_UNSUPPORTED) {
        azm_log(WARN, EXPORT, "doctor: %s is left alone: another version of Azimuth wrote it", path);
        return;
    }
    leftover.file_bytes = reading->file.len;
    tell(reading, &leftover, status == AZM_OK);
}

static bool look_at(void *self, azm_slice name)
{
    struct reading *reading = self;
    char path[PATH_BYTES];
    uint64_t serial;
    snprintf(path, sizeof path, "%s/%.*s", reading->dir, AZM_FMT(azm_slice_take(name, 90)));
    if (azm_slice_ends(name, AZM_S(".tmp")))
        azm_file_remove(path, NULL);
    if (name.len != 26 || !azm_slice_ends(name, AZM_S(".batch")) ||
        azm_slice_to_u64(azm_slice_take(name, 20), &serial) != AZM_OK || serial == UINT64_MAX)
        return true;
    if (serial >= *reading->next)
        *reading->next = serial + 1;
    read_batch(reading, path, serial);
    return true;
}

enum azm_status azm_leftovers_read(const char *dir, uint64_t *next, azm_leftover_visit *visit, void *self,
                                   struct azm_error *err)
{
    struct reading reading = {.dir = dir, .next = next, .visit = visit, .self = self};
    azm_arena_init(&reading.arena, 0);
    azm_buf_init(&reading.file, AZM_SEGMENT_FRONT + AZM_SEGMENT_BODY);
    enum azm_status status = azm_private_dir_make(dir, err);
    if (status == AZM_OK)
        status = azm_dir_list(dir, look_at, &reading, err);
    azm_arena_dispose(&reading.arena);
    azm_buf_dispose(&reading.file);
    return status;
}
