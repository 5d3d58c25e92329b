#include "tap_stream.h"

#include <stdio.h>

enum {
    MESSAGE = 9 + 5,           /* an HTTP/2 and a gRPC head before the StreamingMessage */
    INVOCATION_REQUEST = 0x22, /* its field 4, as bytes */
    ID_MARK = 0x0a,            /* the request's field 1 */
    ID_LEN = 36,
};

static const char *find_id(azm_slice request)
{
    if (request.len < MESSAGE + 6 + ID_LEN || (uint8_t)request.ptr[MESSAGE] != INVOCATION_REQUEST)
        return NULL;
    for (size_t i = MESSAGE + 2; i < MESSAGE + 5; i++)
        if (request.ptr[i] == ID_MARK && request.ptr[i + 1] == ID_LEN)
            return request.ptr + i + 2;
    return NULL;
}

static bool take_parts(struct bench_stream *stream)
{
    const struct azm_recording *from = &stream->recording;
    for (size_t i = stream->beginning; i < from->event_count && stream->parts < BENCH_PARTS_MAX; i++) {
        const struct azm_recording_event *event = &from->events[i];
        bool request = i == stream->beginning;
        if (event->kind != AZM_RECORDING_CHUNK || event->bytes.len > BENCH_PART_MAX ||
            request != (event->side == AZM_RECORDING_HOST))
            break;
        stream->part[stream->parts++] = (struct bench_chunk){event->side, event->bytes};
    }
    return stream->parts > 1;
}

bool bench_stream_open(struct bench_stream *stream, const char *path)
{
    struct azm_error err;
    const char *id = NULL;
    *stream = (struct bench_stream){0};
    azm_arena_init(&stream->arena, 0);
    if (azm_recording_load(path, &stream->arena, &stream->recording, &err) != AZM_OK) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    for (size_t i = 0; i < stream->recording.event_count && !id; i++) {
        const struct azm_recording_event *event = &stream->recording.events[i];
        stream->beginning = i;
        if (event->kind == AZM_RECORDING_CHUNK && event->side == AZM_RECORDING_HOST)
            id = find_id(event->bytes);
    }
    if (!id || !take_parts(stream)) {
        fprintf(stderr, "%s: no invocation of its own chunks\n", path);
        return false;
    }
    memcpy(stream->id, id, ID_LEN);
    return true;
}

void bench_stream_close(struct bench_stream *stream)
{
    azm_arena_dispose(&stream->arena);
}

void bench_stream_begin(const struct bench_stream *stream, bench_send *send, void *self)
{
    for (size_t i = 0; i < stream->beginning; i++) {
        const struct azm_recording_event *event = &stream->recording.events[i];
        if (event->kind == AZM_RECORDING_CHUNK)
            send(self, &(struct bench_chunk){event->side, event->bytes});
    }
}

/* The part as it would be of the invocation with this number. */
static size_t put_part(const struct bench_stream *stream, size_t part, unsigned number, char *out)
{
    azm_slice bytes = stream->part[part].bytes, id = azm_slice_of(stream->id, ID_LEN);
    char digits[16];
    memcpy(out, bytes.ptr, bytes.len);
    snprintf(digits, sizeof(digits), "%08x", number);
    for (size_t at = 0; at < bytes.len; at += ID_LEN) {
        at += azm_slice_search(azm_slice_drop(bytes, at), id);
        if (at < bytes.len)
            memcpy(out + at, digits, 8);
    }
    return bytes.len;
}

static void send_group(struct bench_stream *stream, size_t part, unsigned first, unsigned count, bench_send *send,
                       void *self)
{
    size_t len = 0;
    for (unsigned i = 0; i < count; i++)
        len += put_part(stream, part, first + i, stream->buffer + len);
    send(self, &(struct bench_chunk){stream->part[part].side, azm_slice_of(stream->buffer, len)});
}

void bench_stream_run(struct bench_stream *stream, unsigned invocations, unsigned concurrency, bench_send *send,
                      void *self)
{
    unsigned group = concurrency > 1 ? BENCH_GROUP : 1;
    for (unsigned done = 0; done < invocations; done += concurrency) {
        for (unsigned i = 0; i < concurrency; i += group)
            send_group(stream, 0, stream->serial + i, group, send, self);
        for (unsigned i = 0; i < concurrency; i += group)
            for (size_t part = 1; part < stream->parts; part++)
                send_group(stream, part, stream->serial + i, group, send, self);
        stream->serial += concurrency;
    }
}
