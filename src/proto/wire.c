#include "proto/wire.h"

static enum azm_status long_varint(azm_slice *in, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 10; i++) {
        if (i == in->len)
            return AZM_MORE;
        uint8_t byte = (uint8_t)in->ptr[i];
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80)) {
            *out = value;
            *in = azm_slice_drop(*in, i + 1);
            return AZM_OK;
        }
    }
    return AZM_BAD_INPUT;
}

/* Nearly all are of one byte. */
static inline enum azm_status varint(azm_slice *in, uint64_t *out)
{
    if (in->len == 0 || (uint8_t)in->ptr[0] & 0x80)
        return long_varint(in, out);
    *out = (uint8_t)in->ptr[0];
    in->ptr++;
    in->len--;
    return AZM_OK;
}

enum azm_status azm_wire_varint(azm_slice *in, uint64_t *out)
{
    return varint(in, out);
}

static enum azm_status fixed(azm_slice *in, size_t n, uint64_t *out)
{
    if (in->len < n)
        return AZM_BAD_INPUT;
    uint64_t value = 0;
    for (size_t i = n; i > 0; i--)
        value = value << 8 | (uint8_t)in->ptr[i - 1];
    *out = value;
    *in = azm_slice_drop(*in, n);
    return AZM_OK;
}

enum azm_status azm_wire_next(azm_slice *in, struct azm_wire_field *out)
{
    uint64_t tag, len;
    if (in->len == 0)
        return AZM_END;
    *out = (struct azm_wire_field){0};
    if (varint(in, &tag) != AZM_OK || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        return AZM_BAD_INPUT;
    out->no = (uint32_t)(tag >> 3);
    out->type = (enum azm_wire_type)(tag & 7);
    switch (tag & 7) {
    case AZM_WIRE_VARINT: return varint(in, &out->number) == AZM_OK ? AZM_OK : AZM_BAD_INPUT;
    case AZM_WIRE_FIXED64: return fixed(in, 8, &out->number);
    case AZM_WIRE_FIXED32: return fixed(in, 4, &out->number);
    case AZM_WIRE_BYTES:
        if (varint(in, &len) != AZM_OK || len > in->len)
            return AZM_BAD_INPUT;
        out->bytes = azm_slice_take(*in, (size_t)len);
        *in = azm_slice_drop(*in, (size_t)len);
        return AZM_OK;
    default: return AZM_BAD_INPUT;
    }
}

static inline size_t varint_size(uint64_t value)
{
    size_t n = 1;
    for (; value >= 0x80; value >>= 7)
        n++;
    return n;
}

static inline char *write_varint(char *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (char)(value | 0x80);
        value >>= 7;
    }
    *at++ = (char)value;
    return at;
}

void azm_wire_put_varint(struct azm_buf *out, uint64_t value)
{
    char *at = azm_buf_reserve(out, varint_size(value));
    if (at)
        out->len += (size_t)(write_varint(at, value) - at);
}

static void tag(struct azm_buf *out, uint32_t no, enum azm_wire_type type)
{
    azm_wire_put_varint(out, (uint64_t)no << 3 | (unsigned)type);
}

void azm_wire_put_uint(struct azm_buf *out, uint32_t no, uint64_t value)
{
    tag(out, no, AZM_WIRE_VARINT);
    azm_wire_put_varint(out, value);
}

void azm_wire_put_sint(struct azm_buf *out, uint32_t no, int64_t value)
{
    azm_wire_put_uint(out, no, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

static void put_fixed(struct azm_buf *out, uint64_t value, unsigned bytes)
{
    char *at = azm_buf_reserve(out, bytes);
    if (!at)
        return;
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (char)(value >> (8 * i));
    out->len += bytes;
}

void azm_wire_put_fixed64(struct azm_buf *out, uint32_t no, uint64_t value)
{
    tag(out, no, AZM_WIRE_FIXED64);
    put_fixed(out, value, 8);
}

void azm_wire_put_fixed32(struct azm_buf *out, uint32_t no, uint32_t value)
{
    tag(out, no, AZM_WIRE_FIXED32);
    put_fixed(out, value, 4);
}

void azm_wire_put_double(struct azm_buf *out, uint32_t no, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    azm_wire_put_fixed64(out, no, bits);
}

void azm_wire_put_bytes(struct azm_buf *out, uint32_t no, azm_slice value)
{
    uint64_t head = (uint64_t)no << 3 | AZM_WIRE_BYTES;
    char *at = azm_buf_reserve(out, varint_size(head) + varint_size(value.len) + value.len);
    if (!at)
        return;
    char *p = write_varint(write_varint(at, head), value.len);
    if (value.len)
        memcpy(p, value.ptr, value.len);
    out->len += (size_t)(p - at) + value.len;
}

void azm_wire_put_head(struct azm_buf *out, uint32_t no, size_t len)
{
    uint64_t head = (uint64_t)no << 3 | AZM_WIRE_BYTES;
    char *at = azm_buf_reserve(out, varint_size(head) + varint_size(len));
    if (at)
        out->len += (size_t)(write_varint(write_varint(at, head), len) - at);
}

size_t azm_wire_bytes_size(uint32_t no, size_t len)
{
    return varint_size((uint64_t)no << 3) + varint_size(len) + len;
}

size_t azm_wire_begin(struct azm_buf *out, uint32_t no)
{
    tag(out, no, AZM_WIRE_BYTES);
    azm_buf_add_byte(out, 0);
    return out->len;
}

void azm_wire_end(struct azm_buf *out, size_t begun)
{
    if (out->failed)
        return;
    size_t len = out->len - begun, extra = 0;
    for (size_t n = len; n >= 0x80; n >>= 7)
        extra++;
    if (extra) {
        if (!azm_buf_reserve(out, extra))
            return;
        memmove(out->ptr + begun + extra, out->ptr + begun, len);
    }
    char *at = out->ptr + begun - 1;
    size_t n = len;
    for (; n >= 0x80; n >>= 7)
        *at++ = (char)(n | 0x80);
    *at = (char)n;
    out->len += extra;
}
