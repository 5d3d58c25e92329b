#include "export/gzip.h"

#include <stdlib.h>

#include <zlib.h>

struct azm_gzip {
    z_stream stream;
};

struct azm_gzip *azm_gzip_new(void)
{
    struct azm_gzip *gzip = calloc(1, sizeof *gzip);
    if (gzip && deflateInit2(&gzip->stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(gzip);
        gzip = NULL;
    }
    return gzip;
}

void azm_gzip_free(struct azm_gzip *gzip)
{
    if (!gzip)
        return;
    deflateEnd(&gzip->stream);
    free(gzip);
}

enum azm_status azm_gzip_add(struct azm_gzip *gzip, azm_slice bytes, struct azm_buf *out)
{
    if (bytes.len > UINT32_MAX || deflateReset(&gzip->stream) != Z_OK)
        return AZM_TOO_BIG;
    size_t bound = deflateBound(&gzip->stream, (uLong)bytes.len);
    char *at = azm_buf_reserve(out, bound);
    if (!at)
        return AZM_TOO_BIG;
    gzip->stream.next_in = (Bytef *)(uintptr_t)bytes.ptr; /* zlib only reads it */
    gzip->stream.avail_in = (uInt)bytes.len;
    gzip->stream.next_out = (Bytef *)at;
    gzip->stream.avail_out = (uInt)bound;
    if (deflate(&gzip->stream, Z_FINISH) != Z_STREAM_END)
        return AZM_TOO_BIG;
    out->len += bound - gzip->stream.avail_out;
    return AZM_OK;
}
