#include "recording/format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/base64.h"

struct reader {
    struct azm_arena *arena;
    struct azm_recording *out;
    struct azm_recording_event *events;
    unsigned line;
    struct azm_error *err;
    struct {
        bool open, closed[2];
    } connections[AZM_RECORDING_CONNECTIONS + 1];
};

static enum azm_status bad(struct reader *reader, const char *what)
{
    return azm_fail(reader->err, AZM_BAD_INPUT, "line %u: %s", reader->line, what);
}

static azm_slice text_of(struct reader *reader, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value))
        return (azm_slice){NULL, 0};
    return azm_arena_copy(reader->arena, azm_slice_of(json_string_value(value), json_string_length(value)));
}

static enum azm_status read_head(struct reader *reader, const json_t *head)
{
    size_t i;
    json_t *phase;
    if (json_integer_value(json_object_get(head, "recording")) != 1)
        return bad(reader, "expected the first line of a recording, {\"recording\": 1, ...}");
    reader->out->worker = text_of(reader, head, "worker");
    reader->out->scenario = text_of(reader, head, "scenario");
    if (azm_slice_eq(text_of(reader, head, "leg"), AZM_S("grpc")))
        reader->out->pair = text_of(reader, head, "pair");
    json_array_foreach(json_object_get(head, "phases"), i, phase)
    {
        json_int_t count = json_integer_value(json_object_get(phase, "invocations"));
        if (count > 0)
            reader->out->invocations += (uint64_t)count;
    }
    return AZM_OK;
}

/* "open", "w", "h" or "close" with its "by". */
static enum azm_status read_kind(struct reader *reader, const json_t *line, struct azm_recording_event *event)
{
    const char *what = json_string_value(json_object_get(line, "d"));
    if (what && strcmp(what, "open") == 0) {
        event->kind = AZM_RECORDING_OPEN;
        return AZM_OK;
    }
    event->kind = AZM_RECORDING_CHUNK;
    if (what && strcmp(what, "close") == 0) {
        event->kind = AZM_RECORDING_CLOSE;
        what = json_string_value(json_object_get(line, "by"));
    }
    if (!what || (strcmp(what, "w") != 0 && strcmp(what, "h") != 0))
        return bad(reader, "expected \"d\" to be open, w, h or close with \"by\" w or h");
    event->side = *what == 'w' ? AZM_RECORDING_WORKER : AZM_RECORDING_HOST;
    return AZM_OK;
}

static enum azm_status read_bytes(struct reader *reader, const json_t *line, struct azm_recording_event *event)
{
    const json_t *text = json_object_get(line, "b");
    azm_slice encoded = azm_slice_of(json_string_value(text), json_string_length(text));
    if (event->kind != AZM_RECORDING_CHUNK)
        return AZM_OK;
    if (encoded.len > AZM_BASE64_SIZE(AZM_RECORDING_CHUNK_MAX))
        return azm_fail(reader->err, AZM_TOO_BIG, "line %u: over %u bytes in one event", reader->line,
                        AZM_RECORDING_CHUNK_MAX);
    char *bytes = azm_arena_alloc(reader->arena, encoded.len / 4 * 3 + 1);
    event->bytes.ptr = bytes;
    if (encoded.len == 0 || azm_base64_decode(encoded, bytes, &event->bytes.len) != AZM_OK)
        return bad(reader, "expected \"b\" to hold bytes in base64");
    return AZM_OK;
}

static enum azm_status check_order(struct reader *reader, const struct azm_recording_event *event)
{
    bool *open = &reader->connections[event->connection].open;
    bool *closed = &reader->connections[event->connection].closed[event->side];
    if (event->kind == AZM_RECORDING_OPEN) {
        if (*open)
            return bad(reader, "this connection was opened before");
        *open = true;
        return AZM_OK;
    }
    if (!*open)
        return bad(reader, "this connection was never opened");
    if (*closed)
        return bad(reader, "this side had closed before");
    *closed = event->kind == AZM_RECORDING_CLOSE;
    return AZM_OK;
}

static enum azm_status read_event(struct reader *reader, const json_t *line)
{
    struct azm_recording_event event = {.t_us = json_integer_value(json_object_get(line, "t"))};
    json_int_t connection = json_integer_value(json_object_get(line, "c"));
    if (event.t_us < 0 || !json_is_integer(json_object_get(line, "t")))
        return bad(reader, "expected \"t\" to be microseconds");
    if (connection < 1 || connection > (json_int_t)AZM_RECORDING_CONNECTIONS)
        return bad(reader, "expected \"c\" to be a connection's number, 1 to 1024");
    event.connection = (uint32_t)connection;
    enum azm_status st = read_kind(reader, line, &event);
    if (st == AZM_OK)
        st = read_bytes(reader, line, &event);
    if (st == AZM_OK)
        st = check_order(reader, &event);
    if (st != AZM_OK)
        return st;
    if (event.connection > reader->out->connections)
        reader->out->connections = event.connection;
    reader->events[reader->out->event_count++] = event;
    return AZM_OK;
}

static enum azm_status read_line(struct reader *reader, azm_slice line)
{
    json_error_t where;
    json_t *object;
    if (line.len > AZM_RECORDING_LINE_MAX)
        return azm_fail(reader->err, AZM_TOO_BIG, "line %u: longer than %zu bytes", reader->line,
                        AZM_RECORDING_LINE_MAX);
    object = json_loadb(line.ptr, line.len, 0, &where);
    if (!object)
        return azm_fail(reader->err, AZM_BAD_INPUT, "line %u: expected a JSON object: %s", reader->line, where.text);
    enum azm_status st = reader->line == 1 ? read_head(reader, object) : read_event(reader, object);
    json_decref(object);
    return st;
}

static size_t count_lines(azm_slice text)
{
    size_t count = 0;
    azm_slice line;
    while (text.len > 0 && azm_slice_split(&text, '\n', &line))
        count++;
    return count;
}

enum azm_status azm_recording_parse(azm_slice text, struct azm_arena *arena, struct azm_recording *out,
                                    struct azm_error *err)
{
    struct reader *reader = azm_arena_new(arena, struct reader);
    enum azm_status st = AZM_OK;
    azm_slice line;
    *out = (struct azm_recording){.event_count = 0};
    reader->arena = arena;
    reader->out = out;
    reader->err = err;
    out->events = reader->events = azm_arena_array(arena, struct azm_recording_event, count_lines(text));
    if (text.len == 0)
        return azm_fail(err, AZM_BAD_INPUT, "empty; expected a recording");
    while (st == AZM_OK && text.len > 0 && azm_slice_split(&text, '\n', &line)) {
        reader->line++;
        st = read_line(reader, line);
    }
    return st;
}

static enum azm_status read_file(const char *path, struct azm_buf *out, struct azm_error *err)
{
    FILE *file = fopen(path, "rb");
    size_t got;
    if (!file)
        return azm_fail(err, errno == ENOENT ? AZM_NOT_FOUND : AZM_IO, "%s: %s", path, strerror(errno));
    do {
        char *to = azm_buf_reserve(out, (size_t)64 << 10);
        got = to ? fread(to, 1, (size_t)64 << 10, file) : 0;
        out->len += got;
    } while (got > 0);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed)
        return azm_fail(err, AZM_IO, "%s: cannot be read", path);
    if (out->failed)
        return azm_fail(err, AZM_TOO_BIG, "%s: larger than a recording may be, %zu MiB", path,
                        AZM_RECORDING_FILE_MAX >> 20);
    return AZM_OK;
}

enum azm_status azm_recording_load(const char *path, struct azm_arena *arena, struct azm_recording *out,
                                   struct azm_error *err)
{
    struct azm_buf text;
    struct azm_error why = {AZM_OK, ""};
    azm_buf_init(&text, AZM_RECORDING_FILE_MAX);
    enum azm_status st = read_file(path, &text, err);
    if (st == AZM_OK && (st = azm_recording_parse(azm_buf_slice(&text), arena, out, &why)) != AZM_OK)
        st = azm_fail(err, st, "%s: %s", path, why.text);
    azm_buf_dispose(&text);
    return st;
}

enum azm_status azm_recording_put_head(struct azm_buf *out, azm_slice meta, struct azm_error *err)
{
    json_error_t where;
    json_t *more = json_loadb(meta.len ? meta.ptr : "{}", meta.len ? meta.len : 2, 0, &where);
    json_t *head = json_pack("{s:i}", "recording", 1);
    enum azm_status st = AZM_OK;
    if (!json_is_object(more))
        st = azm_fail(err, AZM_BAD_INPUT, "expected a JSON object that describes the recording%s%s", more ? "" : ": ",
                      more ? "" : where.text);
    else if (head && json_object_update_missing(head, more) == 0) {
        char *text = json_dumps(head, JSON_ENSURE_ASCII);
        azm_buf_add_str(out, text);
        azm_buf_add_byte(out, '\n');
        free(text);
    }
    json_decref(head);
    json_decref(more);
    return st;
}

void azm_recording_put_event(struct azm_buf *out, const struct azm_recording_event *event)
{
    const char *side = event->side == AZM_RECORDING_WORKER ? "w" : "h";
    azm_buf_addf(out, "{\"t\": %" PRId64 ", \"c\": %u, \"d\": \"", event->t_us, event->connection);
    switch (event->kind) {
    case AZM_RECORDING_OPEN: azm_buf_add_str(out, "open\"}\n"); break;
    case AZM_RECORDING_CLOSE: azm_buf_addf(out, "close\", \"by\": \"%s\"}\n", side); break;
    case AZM_RECORDING_CHUNK:
        azm_buf_addf(out, "%s\", \"b\": \"", side);
        azm_base64_encode(out, event->bytes);
        azm_buf_add_str(out, "\"}\n");
        break;
    }
}
