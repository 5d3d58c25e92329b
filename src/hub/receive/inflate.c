#include "hub/receive/inflate.h"

#include <zlib.h>

enum { PIECE = 64 * 1024 };

/* AZM_END: a member is complete. */
static enum azm_status inflate_some(z_stream *z, struct azm_buf *out, struct azm_error *err)
{
    char *room = azm_buf_reserve(out, PIECE);
    if (!room)
        return azm_fail(err, AZM_TOO_BIG, "the body unpacks to more than %zu bytes", out->max - PIECE);
    z->next_out = (Bytef *)room;
    z->avail_out = PIECE;
    int rc = inflate(z, Z_NO_FLUSH);
    out->len += PIECE - z->avail_out;
    if (rc == Z_STREAM_END)
        return AZM_END;
    if (rc == Z_BUF_ERROR && z->avail_in == 0)
        return azm_fail(err, AZM_BAD_INPUT, "the compressed body ends too early");
    return rc == Z_OK || rc == Z_BUF_ERROR ? AZM_OK : azm_fail(err, AZM_BAD_INPUT, "the compressed body is broken");
}

enum azm_status azm_inflate(azm_slice body, struct azm_buf *out, struct azm_error *err)
{
    z_stream z = {.next_in = (Bytef *)body.ptr, .avail_in = (uInt)azm_slice_take(body, 1u << 30).len};
    if (inflateInit2(&z, 15 + 32) != Z_OK)
        return azm_fail(err, AZM_NO_MEMORY, "no memory to unpack the body");
    enum azm_status status = AZM_OK;
    while (status == AZM_OK) {
        status = inflate_some(&z, out, err);
        if (status == AZM_END && z.avail_in > 0 && inflateReset(&z) == Z_OK)
            status = AZM_OK;
    }
    inflateEnd(&z);
    return status == AZM_END ? AZM_OK : status;
}
