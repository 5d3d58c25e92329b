/* A small gRPC server: unary calls over HTTP/2, with or without TLS, on a thread of its own. It knows nothing of what
 * is called. Sources: grpc, "PROTOCOL-HTTP2"; RFC 9113. */
#pragma once

#include "hub/listen/listen.h"

/* google.rpc.Code */
enum azm_grpc_code {
    AZM_GRPC_OK = 0,
    AZM_GRPC_INVALID_ARGUMENT = 3,
    AZM_GRPC_RESOURCE_EXHAUSTED = 8,
    AZM_GRPC_UNIMPLEMENTED = 12,
    AZM_GRPC_INTERNAL = 13,
    AZM_GRPC_UNAVAILABLE = 14,
    AZM_GRPC_UNAUTHENTICATED = 16,
};

/* Of one message, also unpacked; of all calls' messages together; of a head's fields. */
enum {
    AZM_GRPC_MESSAGE_MAX = 64 * 1024 * 1024,
    AZM_GRPC_HELD_MAX = 256 * 1024 * 1024,
    AZM_GRPC_HEAD_MAX = 16 * 1024,
    AZM_GRPC_STREAMS = 100,
    AZM_GRPC_CONNECTIONS = 256,
};

struct azm_grpc_server;

/* One call. path ("/package.Service/Method") and message are the call's, until it is answered. */
struct azm_grpc_call {
    azm_slice path, message;
};

/* On the server's thread, when a call's head has come and before its message is kept: why it is not taken, as
 * UNAUTHENTICATED; NULL: it is. */
typedef const char *azm_grpc_admit(void *self, azm_slice authorization);
/* On the server's thread; it is to call azm_grpc_answer or _refuse, now or later. */
typedef void azm_grpc_handler(void *self, struct azm_grpc_call *call);

/* From any thread, once for each call, also when its client is gone. Bytes are copied. The call is gone afterwards. */
void azm_grpc_answer(struct azm_grpc_call *call, azm_slice message);
void azm_grpc_refuse(struct azm_grpc_call *call, enum azm_grpc_code code, const char *message);

/* The address' port becomes the real one when it was 0. AZM_BUSY: it is taken. tls: shows what azm_certificate_open
 * read. */
enum azm_status azm_grpc_start(struct azm_listen *address, bool tls, azm_grpc_admit *admit, azm_grpc_handler *handler,
                               void *self, struct azm_grpc_server **out, struct azm_error *err) AZM_MUST_CHECK;
/* Takes no new calls, waits for those that are being handled, and is gone. NULL is fine. */
void azm_grpc_stop(struct azm_grpc_server *server);
