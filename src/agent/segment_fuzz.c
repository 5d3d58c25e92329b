/* A file of the spool, as the next agent reads it: the segment, whom it is for, and its body. */
#include <stdlib.h>

#include "agent/segment.h"
#include "export/gzip.h"
#include "ring/record.h"

#define BODY_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_segment segment;
    struct azm_source source;
    struct azm_arena arena;
    struct azm_buf body;
    /* Also what its checksum would stop: the two readers behind it get foreign bytes as well. */
    if (azm_segment_read(azm_slice_of(data, size), &segment) != AZM_OK) {
        size_t half = size / 2;
        segment.source = azm_slice_of(data, half);
        segment.body = azm_slice_of(data + half, size - half);
        segment.plain_bytes = size ? data[0] * 16u : 0;
    }
    azm_arena_init(&arena, 1u << 20);
    azm_buf_init(&body, BODY_MAX);
    if (azm_record_get_source(segment.source, &arena, &source) == AZM_OK && source.destination.url.len > size)
        abort();
    if (segment.plain_bytes < BODY_MAX && azm_gunzip_add(segment.body, segment.plain_bytes, &body) == AZM_OK &&
        body.len != segment.plain_bytes)
        abort();
    azm_buf_dispose(&body);
    azm_arena_dispose(&arena);
    return 0;
}
