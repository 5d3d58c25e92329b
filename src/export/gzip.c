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

enum azm_status azm_gunzip_add(azm_slice packed, size_t plain, struct azm_buf *out)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed.ptr, .avail_in = (uInt)packed.len};
    char *at = azm_buf_reserve(out, plain + 1); /* one more: so that what is too long shows */
    if (!at || packed.len > UINT32_MAX || plain >= UINT32_MAX)
        return AZM_TOO_BIG;
    if (inflateInit2(&stream, 15 + 16) != Z_OK)
        return AZM_NO_MEMORY;
    stream.next_out = (Bytef *)at;
    stream.avail_out = (uInt)plain + 1;
    bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 1 && stream.avail_in == 0;
    inflateEnd(&stream);
    if (!whole)
        return AZM_BAD_INPUT;
    out->len += plain;
    return AZM_OK;
}
