#include "hub/grpc/parts.h"

#include "hub/receive/inflate.h"

#include <stdlib.h>

enum { PREFIX = 5 };

struct azm_grpc_stream *azm_grpc_stream_new(struct azm_grpc_connection *connection, struct azm_grpc_server *server,
                                            int32_t id)
{
    struct azm_grpc_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    stream->server = server;
    stream->connection = connection;
    stream->id = id;
    azm_buf_init(&stream->body, AZM_GRPC_MESSAGE_MAX + PREFIX);
    azm_buf_init(&stream->plain, AZM_GRPC_MESSAGE_MAX + 64 * 1024);
    azm_buf_init(&stream->answer, 1024 * 1024);
    return stream;
}

static void release(struct azm_grpc_stream *stream)
{
    stream->server->held -= stream->held;
    stream->held = 0;
    azm_buf_dispose(&stream->body);
    azm_buf_dispose(&stream->plain);
}

void azm_grpc_stream_free(struct azm_grpc_stream *stream)
{
    release(stream);
    azm_buf_dispose(&stream->answer);
    free(stream);
}

void azm_grpc_stream_header(struct azm_grpc_stream *stream, azm_slice name, azm_slice value)
{
    if (azm_slice_eq(name, AZM_S(":method")))
        stream->post = azm_slice_eq(value, AZM_S("POST"));
    else if (azm_slice_eq(name, AZM_S(":path")))
        azm_slice_copy(value, stream->path, sizeof stream->path);
    else if (azm_slice_eq(name, AZM_S("content-type")))
        stream->grpc = azm_slice_starts(value, AZM_S("application/grpc"));
    else if (azm_slice_eq(name, AZM_S("authorization")))
        azm_slice_copy(value, stream->authorization, sizeof stream->authorization);
    else if (azm_slice_eq(name, AZM_S("grpc-encoding"))) {
        stream->gzip = azm_slice_eq(value, AZM_S("gzip"));
        stream->bad_encoding = !stream->gzip && !azm_slice_eq(value, AZM_S("identity"));
    }
}

void azm_grpc_stream_admit(struct azm_grpc_stream *stream)
{
    struct azm_grpc_server *server = stream->server;
    stream->stranger = server->admit(server->self, azm_slice_str(stream->authorization));
}

void azm_grpc_stream_data(struct azm_grpc_stream *stream, azm_slice piece)
{
    if (stream->too_large || stream->crowded || stream->stranger)
        return;
    stream->too_large = stream->body.len + piece.len > AZM_GRPC_MESSAGE_MAX + PREFIX;
    stream->crowded = stream->server->held + piece.len > AZM_GRPC_HELD_MAX;
    if (stream->too_large || stream->crowded) {
        release(stream);
        return;
    }
    stream->held += piece.len;
    stream->server->held += piece.len;
    azm_buf_add(&stream->body, piece);
}

static bool refuse(struct azm_grpc_stream *stream, enum azm_grpc_code code, const char *message)
{
    stream->code = code;
    azm_slice_copy(azm_slice_str(message), stream->message, sizeof stream->message);
    return true;
}

/* "length-prefixed message": a flag, four bytes of length, the message. */
static bool read_message(struct azm_grpc_stream *stream, azm_slice *message)
{
    azm_slice body = azm_buf_slice(&stream->body);
    if (body.len < PREFIX)
        return refuse(stream, AZM_GRPC_INVALID_ARGUMENT, "the call has no message"), false;
    const uint8_t *head = (const uint8_t *)body.ptr;
    size_t len = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
    *message = azm_slice_drop(body, PREFIX);
    if (message->len != len)
        return refuse(stream, AZM_GRPC_INVALID_ARGUMENT, "a unary call has one message, as long as its prefix says"),
               false;
    if (!(head[0] & 1))
        return true;
    struct azm_error err = {.text = ""};
    enum azm_status status = stream->gzip ? azm_inflate(*message, &stream->plain, &err) : AZM_BAD_INPUT;
    *message = azm_buf_slice(&stream->plain);
    if (status == AZM_OK)
        return true;
    if (!stream->gzip)
        return refuse(stream, AZM_GRPC_INTERNAL, "a compressed message without grpc-encoding: gzip"), false;
    return refuse(stream, status == AZM_TOO_BIG ? AZM_GRPC_RESOURCE_EXHAUSTED : AZM_GRPC_INVALID_ARGUMENT, err.text),
           false;
}

bool azm_grpc_stream_dispatch(struct azm_grpc_stream *stream)
{
    if (stream->stranger)
        return refuse(stream, AZM_GRPC_UNAUTHENTICATED, stream->stranger);
    if (stream->too_large)
        return refuse(stream, AZM_GRPC_RESOURCE_EXHAUSTED, "the message is longer than 64 MiB");
    if (stream->crowded)
        return refuse(stream, AZM_GRPC_UNAVAILABLE, "too many large calls at once; send it again");
    if (stream->bad_encoding)
        return refuse(stream, AZM_GRPC_UNIMPLEMENTED, "grpc-encoding: gzip and identity are known");
    azm_slice message;
    if (!read_message(stream, &message))
        return true;
    stream->call = (struct azm_grpc_call){.path = azm_slice_str(stream->path), .message = message};
    stream->state = AZM_GRPC_HANDLING;
    stream->server->handling++;
    stream->server->handler(stream->server->self, &stream->call);
    return false;
}

/* To the server's thread. */
static void hand_over(struct azm_grpc_stream *stream)
{
    struct azm_grpc_server *server = stream->server;
    uv_mutex_lock(&server->mutex);
    stream->next_answered = server->answered;
    server->answered = stream;
    uv_mutex_unlock(&server->mutex);
    uv_async_send(&server->wake);
}

void azm_grpc_answer(struct azm_grpc_call *call, azm_slice message)
{
    struct azm_grpc_stream *stream = (struct azm_grpc_stream *)call;
    uint8_t head[PREFIX] = {0, (uint8_t)(message.len >> 24), (uint8_t)(message.len >> 16), (uint8_t)(message.len >> 8),
                            (uint8_t)message.len};
    azm_buf_add(&stream->answer, azm_slice_of(head, PREFIX));
    azm_buf_add(&stream->answer, message);
    stream->code = AZM_GRPC_OK;
    hand_over(stream);
}

void azm_grpc_refuse(struct azm_grpc_call *call, enum azm_grpc_code code, const char *message)
{
    struct azm_grpc_stream *stream = (struct azm_grpc_stream *)call;
    refuse(stream, code, message);
    hand_over(stream);
}
