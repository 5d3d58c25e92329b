#include "doctor/peek.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/status.h"
#include "json/read.h"
#include "os/file.h"
#include "os/lock.h"

#define RING_MAX   (AZM_RING_FRONT + (64u << 20)) /* larger ones are made by nobody */
#define STATUS_MAX 65536u
#define ALIGNMENT  64u

struct look {
    struct azm_feed feed; /* one that nobody feeds: only what is known of the writer */
    void *memory;
    size_t size;
    struct azm_peek *out;
};

static enum azm_status copy_ring(struct look *look, const char *path, struct azm_error *err)
{
    struct azm_buf file;
    azm_buf_init(&file, RING_MAX);
    enum azm_status status = azm_file_read(path, &file, err);
    if (status == AZM_OK && file.len == 0)
        status = AZM_MORE;
    if (status == AZM_OK) {
        look->size = (file.len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        look->memory = aligned_alloc(ALIGNMENT, look->size);
        if (!look->memory)
            abort();
        memset(look->memory, 0, look->size);
        memcpy(look->memory, file.ptr, file.len);
        look->size = file.len;
    }
    azm_buf_dispose(&file);
    return status;
}

static void read_source(struct look *look, azm_slice record)
{
    struct azm_source source;
    if (azm_record_get_source(record, &look->feed.source_arena, &source) != AZM_OK)
        return;
    look->feed.source = source;
    look->feed.has_source = true;
}

static void read_record(struct look *look, const struct azm_ring_record *record)
{
    azm_slice line;
    switch (record->kind) {
    case AZM_RECORD_SOURCE: read_source(look, record->bytes); break;
    case AZM_RECORD_TRANSACTION: look->out->waiting++; break;
    case AZM_RECORD_NOTE:
        if (azm_record_get_note(record->bytes, &line) == AZM_OK)
            azm_news_note(&look->feed.news, line);
        break;
    case AZM_RECORD_REPORT: (void)!azm_news_report(&look->feed.news, record->bytes); break;
    default: break;
    }
}

static void read_records(struct look *look)
{
    struct azm_ring_record record;
    enum azm_status status;
    azm_slice kept = azm_ring_kept(&look->feed.reader);
    if (kept.len > sizeof(uint64_t)) /* the position up to which all was answered, then the source */
        read_source(look, azm_slice_drop(kept, sizeof(uint64_t)));
    while ((status = azm_ring_next(&look->feed.reader, &record)) == AZM_OK || azm_ring_skip(&look->feed.reader))
        if (status == AZM_OK)
            read_record(look, &record);
    look->feed.counts.in_memory = look->out->waiting;
}

/* What a status file would say, without what only an agent knows. */
static json_t *status_of(const struct look *look)
{
    static const char *const agents[] = {"agent_pid", "version",  "updated",    "events",  "delivered",
                                         "unsampled", "requests", "taken_over", "spooled", "bytes_out"};
    struct azm_buf text;
    json_t *status = NULL;
    azm_buf_init(&text, STATUS_MAX);
    struct azm_json_writer json = azm_json_writer(&text);
    azm_status_put(&json, &look->feed, !look->out->alive && !look->out->waiting);
    if (text.failed || azm_json_parse(azm_buf_slice(&text), look->feed.name, &status, NULL) != AZM_OK)
        status = json_object();
    for (size_t i = 0; i < AZM_COUNT(agents); i++)
        json_object_del(status, agents[i]);
    azm_buf_dispose(&text);
    return status;
}

enum azm_status azm_peek(const char *run_dir, const char *name, struct azm_peek *out, struct azm_error *err)
{
    char path[640];
    struct look *look = calloc(1, sizeof *look);
    if (!look)
        abort();
    snprintf(path, sizeof path, "%s/%s", run_dir, name);
    snprintf(look->feed.name, sizeof look->feed.name, "%s", name);
    *out = (struct azm_peek){.alive = azm_lock_is_held(path)};
    look->out = out;
    azm_arena_init(&look->feed.source_arena, 8u << 20);
    enum azm_status status = copy_ring(look, path, err);
    if (status == AZM_OK) {
        status = azm_ring_reader_init(&look->feed.reader, look->memory, look->size);
        if (status != AZM_OK && status != AZM_MORE)
            azm_fail(err, status, "%s: %s", path,
                     status == AZM_UNSUPPORTED ? "written by a newer version of Azimuth"
                                               : "this is no ring, or a damaged one");
    }
    if (status == AZM_OK) {
        read_records(look);
        out->has_source = look->feed.has_source;
        out->status = status_of(look);
    }
    azm_arena_dispose(&look->feed.source_arena);
    free(look->memory);
    free(look);
    return status;
}
