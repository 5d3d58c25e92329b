#include "hub/exchange/export_parts.h"

#include "json/read.h"

#include <stdlib.h>

/* As many as the reader tells of. */
enum { PROCESSES_MAX = 1000 };

struct export
{
    const struct azm_export_kind *kind;
    struct azm_arena arena;
    struct azm_exported *processes;
    size_t count, last; /* last: the one that was asked for last */
    size_t max, used;   /* bytes */
    struct azm_error *err;
    enum azm_status status;
};

static bool add_process(void *self, int64_t id, azm_slice metadata, bool from_host)
{
    struct export *export = self;
    (void)from_host;
    if (export->count == PROCESSES_MAX)
        return false;
    struct azm_exported *process = &export->processes[export->count++];
    json_t *root = NULL;
    if (azm_json_parse(metadata, "metadata", &root, NULL) != AZM_OK)
        root = NULL;
    *process = (struct azm_exported){.id = id,
                                     .metadata = azm_arena_copy(&export->arena, metadata),
                                     .by_otlp = json_is_object(azm_json_at(root, "otel.resource"))};
    json_decref(root);
    azm_buf_init(&process->first, export->max);
    azm_buf_init(&process->second, export->max);
    return true;
}

static struct azm_exported *find(struct export *export, int64_t id)
{
    if (export->last < export->count && export->processes[export->last].id == id)
        return &export->processes[export->last];
    for (export->last = 0; export->last < export->count; export->last++)
        if (export->processes[export->last].id == id)
            return &export->processes[export->last];
    return NULL;
}

static size_t bytes_of(const struct azm_exported *process)
{
    return process->first.len + process->second.len;
}

static bool add_event(void *self, const struct azm_event_row *row)
{
    struct export *export = self;
    struct azm_exported *process = find(export, row->process);
    json_t *raw = NULL;
    if (!process || azm_json_parse(row->event.raw, "event", &raw, NULL) != AZM_OK || !json_is_object(raw)) {
        json_decref(raw);
        return true; /* nothing that came through a receiver */
    }
    size_t before = bytes_of(process);
    export->kind->add(process, row, raw);
    json_decref(raw);
    export->used += bytes_of(process) - before;
    if (process->first.failed || process->second.failed || export->used > export->max)
        export->status = azm_fail(export->err, AZM_TOO_BIG, "the trace takes more than %zu bytes", export->max);
    return export->status == AZM_OK;
}

static enum azm_status read_trace(struct export *export, struct azm_reader *reader, azm_slice trace_id)
{
    enum azm_status status = azm_reader_processes(reader, trace_id, add_process, export, export->err);
    if (status == AZM_OK && export->count == 0)
        return azm_fail(export->err, AZM_NOT_FOUND, "no trace %.*s is stored", AZM_FMT(azm_slice_take(trace_id, 100)));
    if (status == AZM_OK)
        status = azm_reader_events(reader, trace_id, add_event, export, export->err);
    return status == AZM_OK ? export->status : status;
}

static void dispose(struct export *export)
{
    for (size_t i = 0; i < export->count; i++) {
        azm_buf_dispose(&export->processes[i].first);
        azm_buf_dispose(&export->processes[i].second);
    }
    free(export->processes);
    azm_arena_dispose(&export->arena);
}

enum azm_status azm_export_trace(struct azm_reader *reader, azm_slice trace_id, enum azm_export_format format,
                                 struct azm_buf *out, struct azm_error *err)
{
    struct export export = {.kind = format == AZM_EXPORT_OTLP ? &azm_export_otlp : &azm_export_intake,
                            .processes = calloc(PROCESSES_MAX, sizeof *export.processes),
                            .max = out->max,
                            .err = err};
    if (!export.processes)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the export");
    azm_arena_init(&export.arena, 0);
    enum azm_status status = azm_reader_begin(reader, err);
    if (status == AZM_OK)
        status = read_trace(&export, reader, trace_id);
    azm_reader_end(reader);
    if (status == AZM_OK)
        export.kind->write(export.processes, export.count, out);
    if (status == AZM_OK && out->failed)
        status = azm_fail(err, AZM_TOO_BIG, "the trace takes more than %zu bytes", out->max);
    dispose(&export);
    return status;
}
