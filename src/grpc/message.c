#include "grpc/message.h"

enum { HEAD_SIZE = 5 };

static uint32_t size_of(const struct azm_grpc_reader *reader)
{
    const uint8_t *h = reader->head;
    return (uint32_t)h[1] << 24 | (uint32_t)h[2] << 16 | (uint32_t)h[3] << 8 | h[4];
}

/* True once the head is complete. */
static bool read_head(struct azm_grpc_reader *reader, azm_slice *in)
{
    azm_slice piece = azm_slice_take(*in, HEAD_SIZE - reader->have);
    memcpy(reader->head + reader->have, piece.ptr, piece.len);
    reader->have = (uint8_t)(reader->have + piece.len);
    *in = azm_slice_drop(*in, piece.len);
    return reader->have == HEAD_SIZE;
}

enum azm_status azm_grpc_reader_next(struct azm_grpc_reader *reader, azm_slice *in, struct azm_grpc_part *out)
{
    bool begins = reader->have < HEAD_SIZE;
    if (in->len == 0 || (begins && !read_head(reader, in)))
        return AZM_MORE;
    if (begins) {
        reader->left = size_of(reader);
        if (reader->head[0] > 1 || reader->left > INT32_MAX)
            return AZM_BAD_INPUT;
    }
    azm_slice piece = azm_slice_take(*in, reader->left);
    *in = azm_slice_drop(*in, piece.len);
    reader->left -= (uint32_t)piece.len;
    if (reader->left == 0)
        reader->have = 0;
    *out = (struct azm_grpc_part){piece, size_of(reader), begins, reader->left == 0, reader->head[0] == 1};
    return AZM_OK;
}
