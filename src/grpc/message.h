/* The messages of one gRPC stream in one direction: a head of 5 bytes (compressed or not, length), then the body. Input
 * comes in pieces of any size and goes out in pieces; nothing is collected, so a message may have any size.
 * Source: grpc.io, "gRPC over HTTP2", Length-Prefixed-Message. */
#pragma once

#include "base/slice.h"

/* Embeddable; zeroed is its beginning. Its fields are its own. */
struct azm_grpc_reader {
    uint32_t left; /* of the body */
    uint8_t have;  /* bytes of the head; 5 while the body is read */
    uint8_t head[5];
};

/* A part of a message. A message of 0 bytes is one part that both begins and ends. */
struct azm_grpc_part {
    azm_slice piece; /* of the body, borrowed from the input; empty when none is at hand yet */
    uint32_t size;   /* of the whole body */
    bool begins, ends;
    bool compressed; /* the body is not protobuf until it is inflated; same in every part of the message */
};

/* Takes the next part off the front of *in: AZM_OK. AZM_MORE: *in is used up, a head may be half read.
 * AZM_BAD_INPUT: the compressed flag is neither 0 nor 1, or a message is longer than 2 GiB; nothing after that can be
 * read. */
enum azm_status azm_grpc_reader_next(struct azm_grpc_reader *reader, azm_slice *in,
                                     struct azm_grpc_part *out) AZM_MUST_CHECK;
/* True between two messages: where a stream may end. */
static inline bool azm_grpc_reader_idle(const struct azm_grpc_reader *reader)
{
    return reader->have == 0;
}
