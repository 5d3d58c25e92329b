#include "recording/control.h"

enum { HEAD = 9 };

static void put_u32(struct azm_buf *out, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        azm_buf_add_byte(out, (uint8_t)(value >> shift));
}

static uint32_t get_u32(const char *at)
{
    const uint8_t *bytes = (const uint8_t *)at;
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

void azm_control_put(struct azm_buf *out, enum azm_control_verb verb, uint32_t connection, azm_slice bytes)
{
    azm_buf_add_byte(out, (uint8_t)verb);
    put_u32(out, connection);
    put_u32(out, (uint32_t)bytes.len);
    azm_buf_add(out, bytes);
}

enum azm_status azm_control_next(azm_slice *in, struct azm_control_frame *out)
{
    if (in->len < HEAD)
        return AZM_MORE;
    uint8_t verb = (uint8_t)in->ptr[0];
    uint32_t len = get_u32(in->ptr + 5);
    if (verb < AZM_CONTROL_OPEN || verb > AZM_CONTROL_FAILED)
        return AZM_BAD_INPUT;
    if (len > AZM_CONTROL_BYTES_MAX)
        return AZM_TOO_BIG;
    if (in->len - HEAD < len)
        return AZM_MORE;
    *out = (struct azm_control_frame){(enum azm_control_verb)verb, get_u32(in->ptr + 1), {in->ptr + HEAD, len}};
    *in = azm_slice_drop(*in, HEAD + (size_t)len);
    return AZM_OK;
}
