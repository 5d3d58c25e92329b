/* Protobuf's wire format: writing fields into a buf, and reading them from a whole message in memory.
 * For messages that arrive in pieces see proto/scan.h. Source: protobuf.dev, "Encoding". */
#pragma once

#include "base/buf.h"

enum azm_wire_type { AZM_WIRE_VARINT = 0, AZM_WIRE_FIXED64 = 1, AZM_WIRE_BYTES = 2, AZM_WIRE_FIXED32 = 5 };

/* One field. `number` is the varint or fixed value, `bytes` the content of a length-delimited field (borrowed). */
struct azm_wire_field {
    uint32_t no;
    enum azm_wire_type type;
    uint64_t number;
    azm_slice bytes;
};

/* Takes one field off the front of *in. AZM_END at the end; AZM_BAD_INPUT for anything torn, for groups and field 0. */
enum azm_status azm_wire_next(azm_slice *in, struct azm_wire_field *out) AZM_MUST_CHECK;
/* Takes one varint off the front of *in: at most 10 bytes. AZM_MORE when it is cut, AZM_BAD_INPUT when too long. */
enum azm_status azm_wire_varint(azm_slice *in, uint64_t *out) AZM_MUST_CHECK;

static inline int64_t azm_wire_zigzag(uint64_t n)
{
    return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}

/* Writers. Every one writes the field, also when the value is the default: presence is the caller's decision. */
void azm_wire_put_varint(struct azm_buf *out, uint64_t value); /* bare, no tag */
void azm_wire_put_uint(struct azm_buf *out, uint32_t no, uint64_t value);
void azm_wire_put_sint(struct azm_buf *out, uint32_t no, int64_t value); /* zig-zag */
void azm_wire_put_fixed64(struct azm_buf *out, uint32_t no, uint64_t value);
void azm_wire_put_fixed32(struct azm_buf *out, uint32_t no, uint32_t value);
void azm_wire_put_double(struct azm_buf *out, uint32_t no, double value);
void azm_wire_put_bytes(struct azm_buf *out, uint32_t no, azm_slice value);

/* A nested message whose length is known: its head, to be followed by so many bytes. */
void azm_wire_put_head(struct azm_buf *out, uint32_t no, size_t len);
/* How long a field of so many bytes is, head included. */
size_t azm_wire_bytes_size(uint32_t no, size_t len);

/* A nested message: begin, write its fields, end. Returns where its length goes, to be handed to _end. One byte is kept
 * for the length; longer contents are moved. */
size_t azm_wire_begin(struct azm_buf *out, uint32_t no);
void azm_wire_end(struct azm_buf *out, size_t begun);
