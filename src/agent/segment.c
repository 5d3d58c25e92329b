#include "agent/segment.h"

#include <zlib.h>

#define MAGIC  AZM_S("AZMSPOL1")
#define FAMILY 7 /* bytes of it that all versions have in common */

static uint32_t crc(azm_slice bytes, uint32_t before)
{
    if (!bytes.len)
        return before; /* zlib takes NULL for "begin anew" */
    return (uint32_t)crc32(before, (const Bytef *)bytes.ptr, (uInt)bytes.len);
}

static void put_le(char *at, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (char)(number >> (8 * i));
}

static uint64_t get_le(const char *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number |= (uint64_t)(uint8_t)at[i] << (8 * i);
    return number;
}

enum azm_status azm_segment_write(struct azm_buf *out, const struct azm_segment *segment)
{
    char head[AZM_SEGMENT_HEAD] = "AZMSPOL1";
    const azm_slice texts[] = {segment->format, segment->ring, segment->user_agent, segment->source};
    if (segment->format.len > AZM_SEGMENT_NAME_MAX || segment->ring.len > AZM_SEGMENT_NAME_MAX ||
        segment->user_agent.len > AZM_SEGMENT_AGENT || segment->source.len > AZM_SEGMENT_SOURCE ||
        segment->body.len > AZM_SEGMENT_BODY || segment->plain_bytes > AZM_SEGMENT_BODY)
        return AZM_TOO_BIG;
    for (size_t i = 0; i < AZM_COUNT(texts); i++)
        put_le(head + 8 + 4 * i, texts[i].len, 4);
    put_le(head + 24, segment->body.len, 4);
    put_le(head + 28, segment->plain_bytes, 4);
    put_le(head + 32, segment->events, 4);
    put_le(head + 36, (uint64_t)segment->made_us, 8);
    put_le(head + 44, crc(segment->body, 0), 4);
    uint32_t sum = crc(azm_slice_of(head, 48), 0);
    for (size_t i = 0; i < AZM_COUNT(texts); i++)
        sum = crc(texts[i], sum);
    put_le(head + 48, sum, 4);
    azm_buf_add(out, azm_slice_of(head, sizeof head));
    for (size_t i = 0; i < AZM_COUNT(texts); i++)
        azm_buf_add(out, texts[i]);
    azm_buf_add(out, segment->body);
    return out->failed ? AZM_TOO_BIG : AZM_OK;
}

static azm_slice take(azm_slice *rest, size_t n)
{
    azm_slice part = azm_slice_take(*rest, n);
    *rest = azm_slice_drop(*rest, n);
    return part;
}

/* The numbers of the head. */
struct lengths {
    uint64_t format, ring, agent, source, packed, texts;
};

static enum azm_status read_head(const char *head, struct lengths *lengths, struct azm_segment *out)
{
    uint64_t plain = get_le(head + 28, 4);
    *lengths = (struct lengths){.format = get_le(head + 8, 4),
                                .ring = get_le(head + 12, 4),
                                .agent = get_le(head + 16, 4),
                                .source = get_le(head + 20, 4),
                                .packed = get_le(head + 24, 4)};
    if (lengths->format > AZM_SEGMENT_NAME_MAX || lengths->ring > AZM_SEGMENT_NAME_MAX ||
        lengths->agent > AZM_SEGMENT_AGENT || lengths->source > AZM_SEGMENT_SOURCE ||
        lengths->packed > AZM_SEGMENT_BODY || plain > AZM_SEGMENT_BODY)
        return AZM_BAD_INPUT;
    lengths->texts = lengths->format + lengths->ring + lengths->agent + lengths->source;
    *out = (struct azm_segment){.plain_bytes = (uint32_t)plain,
                                .events = (uint32_t)get_le(head + 32, 4),
                                .made_us = (int64_t)get_le(head + 36, 8)};
    return AZM_OK;
}

static bool is_other_version(const char *head)
{
    return memcmp(head, MAGIC.ptr, FAMILY) == 0 && head[FAMILY] > '1' && head[FAMILY] <= '9';
}

enum azm_status azm_segment_read(azm_slice file, struct azm_segment *out)
{
    struct lengths lengths;
    struct azm_segment read;
    *out = (struct azm_segment){.events = 0};
    if (file.len >= MAGIC.len && is_other_version(file.ptr))
        return AZM_UNSUPPORTED;
    if (file.len < AZM_SEGMENT_HEAD || !azm_slice_eq(azm_slice_take(file, 8), MAGIC) ||
        read_head(file.ptr, &lengths, &read) != AZM_OK || file.len - AZM_SEGMENT_HEAD < lengths.texts)
        return AZM_BAD_INPUT;
    azm_slice rest = azm_slice_drop(file, AZM_SEGMENT_HEAD);
    uint32_t sum = crc(azm_slice_take(rest, (size_t)lengths.texts), crc(azm_slice_take(file, 48), 0));
    if (sum != (uint32_t)get_le(file.ptr + 48, 4))
        return AZM_BAD_INPUT;
    *out = read;
    out->format = take(&rest, (size_t)lengths.format);
    out->ring = take(&rest, (size_t)lengths.ring);
    out->user_agent = take(&rest, (size_t)lengths.agent);
    out->source = take(&rest, (size_t)lengths.source);
    if (rest.len != lengths.packed || crc(rest, 0) != (uint32_t)get_le(file.ptr + 44, 4))
        return AZM_MORE;
    out->body = rest;
    return AZM_OK;
}
