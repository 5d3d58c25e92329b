/* One end of the EventStream: an HTTP/2 connection (nghttp2) with one gRPC stream, over a blocking socket. Both ends of
 * the benchmark are this, so that what lies between them is all that differs. Ends the program, with a sentence, when
 * the other end breaks the protocol. */
#pragma once

#include "base/buf.h"

struct nghttp2_session;

struct bench_peer {
    int fd;
    struct nghttp2_session *session;
    int32_t stream;
    size_t read_at;       /* of `in`: messages before it have been given out */
    struct azm_buf in;    /* of the stream, as received */
    struct azm_buf out;   /* of the stream, not yet in frames */
    struct azm_buf ready; /* frames, not yet sent */
};

/* The worker's end opens the stream; the host's answers it. The socket stays the caller's. */
void bench_peer_connect(struct bench_peer *peer, int fd);
void bench_peer_accept(struct bench_peer *peer, int fd);
void bench_peer_dispose(struct bench_peer *peer);

/* A message becomes a DATA frame of its own, as gRPC libraries do it, and waits for bench_peer_flush. */
void bench_peer_write(struct bench_peer *peer, azm_slice message);
/* Sends what waits, in one piece. */
void bench_peer_flush(struct bench_peer *peer);
/* Waits for bytes, at most 64 KiB. False when the other end has closed. */
bool bench_peer_read(struct bench_peer *peer);
/* The next message that has arrived whole, borrowed until the next bench_peer_read. */
bool bench_peer_next(struct bench_peer *peer, azm_slice *message);
