#include "hub/exchange/export_parts.h"

#include "hub/receive/unpack.h"
#include "json/write.h"

static const char *const kinds[] = {"transaction", "span", "error", "log"};

/* An event without a time of its own got that of its arrival, which is another one where it is imported. */
static azm_slice with_time(const struct azm_event *event, json_t *raw, char **made)
{
    const char *key = event->kind == AZM_EVENT_LOG ? "@timestamp" : "timestamp";
    if (azm_intake_time(raw, key, INT64_MIN) != INT64_MIN)
        return event->raw;
    json_object_set_new(raw, key, json_integer(event->start_us));
    *made = json_dumps(raw, JSON_COMPACT);
    return *made ? azm_slice_str(*made) : event->raw;
}

static void add_line(struct azm_buf *out, const char *key, azm_slice value)
{
    azm_buf_addf(out, "{\"%s\":", key);
    azm_buf_add(out, value);
    azm_buf_add_str(out, "}\n");
}

static void add(struct azm_exported *process, const struct azm_event_row *row, json_t *raw)
{
    char *made = NULL;
    add_line(&process->first, kinds[row->event.kind], with_time(&row->event, raw, &made));
    free(made);
}

static void write(struct azm_exported *processes, size_t count, struct azm_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        if (processes[i].first.len == 0)
            continue;
        add_line(out, "metadata", processes[i].metadata);
        azm_buf_add(out, azm_buf_slice(&processes[i].first));
    }
}

const struct azm_export_kind azm_export_intake = {add, write};
