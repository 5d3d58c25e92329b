#include "hub/exchange/import.h"

#include "hub/receive/decode.h"
#include "hub/receive/intake.h"
#include "hub/receive/otlp/otlp.h"
#include "json/write.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* So many events share a compressed block at most. */
enum { BATCH_EVENTS = 512 };

struct wrong {
    uint64_t line; /* 0: all of it */
    char message[512];
};

/* A request of OTLP, or some events of one process from lines of intake. */
struct part {
    struct part *next;
    struct azm_otlp_map *map; /* NULL: intake */
    struct azm_batch batch;
};

struct azm_import {
    int64_t received_us;
    struct part *first, *last;
    struct part *open; /* intake's lines go there; NULL: no metadata yet */
    struct azm_batch **batches;
    uint64_t line;
    struct wrong errors[AZM_IMPORT_ERRORS];
    uint64_t error_count;
};

struct azm_import *azm_import_new(int64_t received_us)
{
    struct azm_import *import = calloc(1, sizeof *import);
    if (import)
        import->received_us = received_us;
    return import;
}

void azm_import_free(struct azm_import *import)
{
    if (!import)
        return;
    for (struct part *part = import->first, *next; part; part = next) {
        next = part->next;
        azm_otlp_map_free(part->map);
        azm_batch_dispose(&part->batch);
        free(part);
    }
    free(import->batches);
    free(import);
}

static struct part *add_part(struct azm_import *import)
{
    struct part *part = calloc(1, sizeof *part);
    if (!part)
        abort();
    azm_batch_init(&part->batch);
    part->batch.received_us = import->received_us;
    if (import->last)
        import->last->next = part;
    else
        import->first = part;
    import->last = part;
    return part;
}

static void reject(struct azm_import *import, const char *message)
{
    if (import->error_count++ >= AZM_IMPORT_ERRORS)
        return;
    struct wrong *error = &import->errors[import->error_count - 1];
    error->line = import->line;
    snprintf(error->message, sizeof error->message, "%s", message);
}

void azm_import_fail(struct azm_import *import, const char *message)
{
    import->line = 0;
    reject(import, message);
}

/* --- lines of intake --- */

static void take_metadata(struct azm_import *import, azm_slice line)
{
    struct azm_error err = {.text = ""};
    import->open = add_part(import);
    if (azm_decode_exported_metadata(line, &import->open->batch, &err) == AZM_OK)
        return;
    import->open = NULL; /* events of nobody: each is told so */
    reject(import, err.text);
}

static bool is_full(const struct azm_batch *batch)
{
    return batch->count >= BATCH_EVENTS || batch->bytes >= AZM_INTAKE_BATCH;
}

/* One more part of the same process. */
static void turn(struct azm_import *import)
{
    const struct azm_batch *before = &import->open->batch;
    const struct azm_process process = {.metadata = before->metadata,
                                        .service = before->service,
                                        .environment = before->environment,
                                        .node = before->node,
                                        .agent = before->agent,
                                        .from_host = before->from_host};
    import->open = add_part(import);
    azm_batch_set_process(&import->open->batch, &process);
}

static void take_event(struct azm_import *import, azm_slice line)
{
    struct azm_error err = {.text = ""};
    if (!import->open) {
        reject(import, "an event without a good line of metadata before it");
        return;
    }
    if (is_full(&import->open->batch))
        turn(import);
    if (azm_decode_exported_event(line, &import->open->batch, &err) != AZM_OK)
        reject(import, err.text);
}

/* --- requests of OTLP --- */

static const azm_slice otlp_keys[] = {
    [AZM_OTLP_TRACES] = AZM_S_INIT("\"resourceSpans\""),
    [AZM_OTLP_LOGS] = AZM_S_INIT("\"resourceLogs\""),
    [AZM_OTLP_METRICS] = AZM_S_INIT("\"resourceMetrics\""),
};

static void take_signal(struct azm_import *import, enum azm_otlp_signal signal, azm_slice request)
{
    struct azm_error err = {.text = ""};
    struct part *part = add_part(import);
    if (azm_otlp_receive(signal, AZM_OTLP_JSON, request, import->received_us, &part->map, &err) != AZM_OK) {
        reject(import, err.text);
        azm_otlp_map_free(part->map); /* nothing of it is kept */
        part->map = NULL;
        return;
    }
    const struct azm_otlp_rejected *rejected = azm_otlp_map_rejected(part->map);
    if (rejected->count)
        reject(import, rejected->reason);
}

static bool holds(azm_slice text, azm_slice needle)
{
    return azm_slice_search(text, needle) < text.len;
}

static void take_request(struct azm_import *import, azm_slice request)
{
    for (size_t i = 0; i < AZM_COUNT(otlp_keys); i++)
        if (holds(request, otlp_keys[i]))
            take_signal(import, (enum azm_otlp_signal)i, request);
}

/* --- which is which --- */

static azm_slice skip_blank(azm_slice text)
{
    while (text.len && strchr(" \t\r\n", text.ptr[0]) && text.ptr[0])
        text = azm_slice_drop(text, 1);
    return text;
}

/* The first key of the object that begins here, with its quotes; empty when none does. */
static azm_slice first_key(azm_slice text)
{
    text = skip_blank(text);
    if (!text.len || text.ptr[0] != '{')
        return (azm_slice){NULL, 0};
    text = skip_blank(azm_slice_drop(text, 1));
    size_t end = text.len && text.ptr[0] == '"' ? azm_slice_find(azm_slice_drop(text, 1), '"') : text.len;
    return end + 2 <= text.len ? azm_slice_take(text, end + 2) : (azm_slice){NULL, 0};
}

static bool is_otlp(azm_slice key)
{
    for (size_t i = 0; i < AZM_COUNT(otlp_keys); i++)
        if (azm_slice_eq(key, otlp_keys[i]))
            return true;
    return false;
}

static void take_line(struct azm_import *import, azm_slice line)
{
    azm_slice key = first_key(line);
    if (is_otlp(key))
        take_request(import, line);
    else if (azm_slice_eq(key, AZM_S("\"metadata\"")))
        take_metadata(import, line);
    else if (key.len)
        take_event(import, line);
    else
        reject(import, "expected an object: a line of intake v2, or a request of OTLP JSON");
}

static bool is_json(azm_slice text)
{
    json_t *root = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_ALLOW_NUL, NULL);
    json_decref(root);
    return root != NULL;
}

/* A request of OTLP that somebody wrote over several lines. */
static bool is_one_request(azm_slice body)
{
    return is_otlp(first_key(body)) && !is_json(azm_slice_take(body, azm_slice_find(body, '\n')));
}

void azm_import_read(struct azm_import *import, azm_slice body)
{
    azm_slice line;
    if (azm_slice_starts(body, AZM_S("\xef\xbb\xbf")))
        body = azm_slice_drop(body, 3);
    body = skip_blank(body);
    if (!body.len) {
        azm_import_fail(import, "nothing is in it: expected lines of intake v2, or OTLP JSON");
    } else if (is_one_request(body)) {
        import->line = 1;
        take_request(import, body);
    } else {
        while (azm_slice_split(&body, '\n', &line)) {
            import->line++;
            if (skip_blank(line).len)
                take_line(import, line);
        }
    }
}

/* --- what came of it --- */

static size_t batches_of(struct part *part, struct azm_batch **own, struct azm_batch ***out)
{
    *own = &part->batch;
    *out = own;
    return part->map ? azm_otlp_map_batches(part->map, out) : part->batch.count + part->batch.sample_count > 0;
}

size_t azm_import_batches(struct azm_import *import, struct azm_batch ***batches)
{
    struct azm_batch *own, **some;
    size_t count = 0;
    for (struct part *part = import->first; part; part = part->next)
        count += batches_of(part, &own, &some);
    free(import->batches);
    import->batches = calloc(count + 1, sizeof(struct azm_batch *));
    if (!import->batches)
        abort();
    count = 0;
    for (struct part *part = import->first; part; part = part->next) {
        size_t n = batches_of(part, &own, &some);
        for (size_t i = 0; i < n; i++)
            import->batches[count++] = some[i];
    }
    *batches = import->batches;
    return count;
}

struct traces {
    azm_slice ids[AZM_IMPORT_TRACES];
    size_t count;
};

static void add_trace(struct traces *traces, azm_slice id)
{
    for (size_t i = traces->count; i-- > 0;) /* the last one first: events of a trace follow each other */
        if (azm_slice_eq(traces->ids[i], id))
            return;
    if (id.len && traces->count < AZM_IMPORT_TRACES)
        traces->ids[traces->count++] = id;
}

static uint64_t count_events(const struct azm_import *import, struct traces *traces)
{
    uint64_t events = 0;
    for (struct part *part = import->first; part; part = part->next) {
        struct azm_batch *own, **some;
        size_t n = batches_of(part, &own, &some);
        for (size_t i = 0; i < n; i++) {
            events += some[i]->count + some[i]->sample_count;
            for (size_t j = 0; j < some[i]->count; j++)
                add_trace(traces, some[i]->events[j].trace_id);
        }
    }
    return events;
}

static void put_errors(const struct azm_import *import, bool stored, struct azm_json_writer *json)
{
    static const azm_slice not_stored = AZM_S_INIT("the events could not be stored; send them again");
    azm_slice first = stored ? azm_slice_str(import->errors[0].message) : not_stored;
    if (import->error_count || !stored)
        azm_json_string(azm_json_key(json, AZM_S("error")), first);
    azm_json_open_array(azm_json_key(json, AZM_S("errors")));
    for (size_t i = 0; i < import->error_count && i < AZM_IMPORT_ERRORS; i++) {
        azm_json_open_object(json);
        if (import->errors[i].line)
            azm_json_uint(azm_json_key(json, AZM_S("line")), import->errors[i].line);
        azm_json_string(azm_json_key(json, AZM_S("message")), azm_slice_str(import->errors[i].message));
        azm_json_close_object(json);
    }
    azm_json_close_array(json);
}

unsigned azm_import_answer(const struct azm_import *import, bool stored, struct azm_buf *out)
{
    struct azm_json_writer json = azm_json_writer(out);
    struct traces *traces = calloc(1, sizeof *traces);
    if (!traces)
        abort();
    uint64_t events = stored ? count_events(import, traces) : 0;
    azm_json_open_object(&json);
    azm_json_open_array(azm_json_key(&json, AZM_S("traces")));
    for (size_t i = 0; i < traces->count; i++)
        azm_json_string(&json, traces->ids[i]);
    azm_json_close_array(&json);
    azm_json_uint(azm_json_key(&json, AZM_S("accepted")), events);
    put_errors(import, stored, &json);
    azm_json_close_object(&json);
    free(traces);
    return !stored ? 503 : import->error_count ? 400 : 200;
}
