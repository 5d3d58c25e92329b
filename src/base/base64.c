#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode_group(char *out, const uint8_t *in, size_t n)
{
    uint32_t bits = (uint32_t)in[0] << 16 | (n > 1 ? (uint32_t)in[1] << 8 : 0) | (n > 2 ? in[2] : 0);
    out[0] = digits[bits >> 18];
    out[1] = digits[bits >> 12 & 63];
    out[2] = n > 1 ? digits[bits >> 6 & 63] : '=';
    out[3] = n > 2 ? digits[bits & 63] : '=';
}

void azm_base64_encode(struct azm_buf *out, azm_slice bytes)
{
    char *to = azm_buf_reserve(out, AZM_BASE64_SIZE(bytes.len));
    if (!to)
        return;
    for (size_t i = 0; i < bytes.len; i += 3, to += 4)
        encode_group(to, (const uint8_t *)bytes.ptr + i, bytes.len - i);
    out->len += AZM_BASE64_SIZE(bytes.len);
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Bits behind the last byte must be zero, so that each text has one reading. */
static bool decode_group(const char *in, size_t digit_count, char *out)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < digit_count ? value_of(in[i]) : 0;
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
    }
    for (size_t i = 0; i + 1 < digit_count; i++)
        out[i] = (char)(bits >> (16 - 8 * i));
    return digit_count == 4 || (bits & (digit_count == 3 ? 0xffu : 0xffffu)) == 0;
}

enum azm_status azm_base64_decode(azm_slice text, char *out, size_t *out_len)
{
    size_t padding = 0;
    *out_len = 0;
    if (text.len % 4 != 0)
        return AZM_BAD_INPUT;
    while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < text.len; i += 4) {
        size_t digit_count = i + 4 == text.len ? 4 - padding : 4;
        if (!decode_group(text.ptr + i, digit_count, out + *out_len))
            return AZM_BAD_INPUT;
        *out_len += digit_count - 1;
    }
    return AZM_OK;
}
