/* The same bytes at once and one by one give the same messages. */
#include <stdlib.h>

#include "base/buf.h"
#include "grpc/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum azm_status run(azm_slice in, size_t step, struct azm_buf *log)
{
    struct azm_grpc_reader reader = {0};
    struct azm_grpc_part part;
    enum azm_status st = AZM_MORE;
    while (in.len && st == AZM_MORE) {
        azm_slice piece = azm_slice_take(in, step);
        in = azm_slice_drop(in, piece.len);
        while ((st = azm_grpc_reader_next(&reader, &piece, &part)) == AZM_OK) {
            if (part.piece.len > part.size)
                abort();
            if (part.begins)
                azm_buf_addf(log, "<%d %u:", part.compressed, (unsigned)part.size);
            azm_buf_add(log, part.piece);
            if (part.ends)
                azm_buf_add(log, AZM_S(">"));
        }
    }
    azm_buf_add_byte(log, azm_grpc_reader_idle(&reader));
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_buf whole, bytes;
    azm_buf_init(&whole, 64 + 8 * size);
    azm_buf_init(&bytes, 64 + 8 * size);
    azm_slice in = azm_slice_of(data, size);
    if (run(in, size, &whole) != run(in, 1, &bytes) || whole.failed ||
        !azm_slice_eq(azm_buf_slice(&whole), azm_buf_slice(&bytes)))
        abort();
    azm_buf_dispose(&whole);
    azm_buf_dispose(&bytes);
    return 0;
}
