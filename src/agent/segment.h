/* One batch on disk: what a file of the spool holds. Bytes in, values out; no I/O, any thread.
 *
 *   0  "AZMSPOL1"
 *   8  u32 bytes of the format's name  12  u32 of the ring's name  16  u32 of the user agent  20  u32 of the source
 *  24  u32 of the body, packed         28  u32 of it, unpacked     32  u32 events
 *  36  i64 made, µs since 1970
 *  44  u32 CRC-32 of the packed body   48  u32 CRC-32 of the 48 bytes above and the four texts
 *  52  format's name, ring's name, user agent, source (a record as in ring/record.md: whom it is from, where it goes,
 *      with which credentials), body (gzip)
 *
 * All numbers little endian. Two checksums, so that a body that is damaged can still be counted. */
#pragma once

#include "base/buf.h"

#define AZM_SEGMENT_HEAD     52u
#define AZM_SEGMENT_NAME_MAX 63u
#define AZM_SEGMENT_AGENT    255u
#define AZM_SEGMENT_SOURCE   65536u
#define AZM_SEGMENT_BODY     (64u << 20) /* packed, and unpacked */
/* Everything but the body. */
#define AZM_SEGMENT_FRONT (AZM_SEGMENT_HEAD + 2 * AZM_SEGMENT_NAME_MAX + AZM_SEGMENT_AGENT + AZM_SEGMENT_SOURCE)

/* Slices borrow from what was read. */
struct azm_segment {
    azm_slice format;     /* of the body: azm_exporter_kind.name */
    azm_slice ring;       /* which ring the events came from */
    azm_slice user_agent; /* of the request */
    azm_slice source;
    azm_slice body; /* packed */
    uint32_t plain_bytes;
    uint32_t events;
    int64_t made_us; /* wall clock */
};

/* Appends the file's content. AZM_TOO_BIG: a part is
 * over its limit, or out over its ceiling. */
enum azm_status azm_segment_write(struct azm_buf *out, const struct azm_segment *segment) AZM_MUST_CHECK;

/* A whole file. AZM_UNSUPPORTED: another version of Azimuth wrote it. AZM_BAD_INPUT: damaged, torn, or no segment at
 * all. AZM_MORE: only the body is torn or damaged; then it is empty, but its events can be counted. */
enum azm_status azm_segment_read(azm_slice file, struct azm_segment *out) AZM_MUST_CHECK;
