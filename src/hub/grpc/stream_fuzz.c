/* A call's head and body, without sockets: the first byte chooses the encoding, the rest is the body, in two pieces. */
#include "hub/grpc/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void handle(void *self, struct azm_grpc_call *call)
{
    size_t *handled = self;
    (*handled)++;
    if (call->message.len && !call->message.ptr)
        __builtin_trap();
}

static const char *admit(void *self, azm_slice authorization)
{
    (void)self;
    return authorization.len ? "no" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct azm_grpc_server server;
    size_t handled = 0;
    if (size < 1)
        return 0;
    server.admit = admit;
    server.handler = handle;
    server.self = &handled;
    struct azm_grpc_stream *stream = azm_grpc_stream_new(NULL, &server, 1);
    static const azm_slice encodings[] = {AZM_S_INIT("gzip"), AZM_S_INIT("identity"), AZM_S_INIT("br")};
    azm_grpc_stream_header(stream, AZM_S(":path"), azm_slice_of(data, size));
    azm_grpc_stream_header(stream, AZM_S("grpc-encoding"), encodings[data[0] % 3]);
    azm_grpc_stream_admit(stream);
    azm_slice body = azm_slice_of(data + 1, size - 1);
    azm_grpc_stream_data(stream, azm_slice_take(body, body.len / 2));
    azm_grpc_stream_data(stream, azm_slice_drop(body, body.len / 2));
    bool refused = azm_grpc_stream_dispatch(stream);
    if (refused == (handled > 0) || (refused && !stream->message[0]))
        __builtin_trap();
    azm_grpc_stream_free(stream);
    if (server.held != 0)
        __builtin_trap();
    return 0;
}
