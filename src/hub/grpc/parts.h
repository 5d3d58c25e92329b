/* What the server's files share. Inside src/hub/grpc only. */
#pragma once

#include "base/buf.h"
#include "hub/grpc/server.h"
#include "hub/tls/channel.h"

#include <nghttp2/nghttp2.h>
#include <uv.h>

struct azm_grpc_connection;

enum azm_grpc_state { AZM_GRPC_RECEIVING, AZM_GRPC_HANDLING, AZM_GRPC_ANSWERING };

/* Begins with what handlers see. */
struct azm_grpc_stream {
    struct azm_grpc_call call;
    struct azm_grpc_server *server;
    struct azm_grpc_connection *connection; /* NULL: the client is gone */
    struct azm_grpc_stream *next_answered;  /* guarded by the server's mutex */
    int32_t id;
    enum azm_grpc_state state;
    bool post, grpc, gzip, bad_encoding, too_large, crowded;
    const char *stranger; /* why it is not taken; NULL: it is */
    char path[256], authorization[512];
    struct azm_buf body, plain, answer;
    size_t held, sent;
    enum azm_grpc_code code;
    char message[256];
};

struct azm_grpc_server {
    azm_grpc_admit *admit;
    azm_grpc_handler *handler;
    void *self;
    bool secure;
    struct azm_tls_server tls; /* when secure */
    uv_loop_t loop;
    uv_thread_t thread;
    uv_tcp_t listener;
    uv_async_t wake;
    struct azm_grpc_connection *connections;
    unsigned connection_count, handling;
    size_t held;
    uv_mutex_t mutex;                 /* guards all below */
    struct azm_grpc_stream *answered; /* by other threads */
    bool stopping;
};

/* stream.c */
struct azm_grpc_stream *azm_grpc_stream_new(struct azm_grpc_connection *connection, struct azm_grpc_server *server,
                                            int32_t id);
void azm_grpc_stream_free(struct azm_grpc_stream *stream);
void azm_grpc_stream_header(struct azm_grpc_stream *stream, azm_slice name, azm_slice value);
/* The head is complete. */
void azm_grpc_stream_admit(struct azm_grpc_stream *stream);
void azm_grpc_stream_data(struct azm_grpc_stream *stream, azm_slice piece);
/* The request is complete: calls the handler, or sets the refusal. True: it is to be answered now. */
bool azm_grpc_stream_dispatch(struct azm_grpc_stream *stream);

/* connection.c */
void azm_grpc_accept(uv_stream_t *listener, int status);
void azm_grpc_connection_answer(struct azm_grpc_stream *stream);
/* Says goodbye to all clients; connections close when what is under way is written, or after two seconds. */
void azm_grpc_connections_end(struct azm_grpc_server *server);
