#include "base/hex.h"

void azm_hex_encode(const uint8_t *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

/* The digit's value, or a number with the bits above 15 set. */
static inline unsigned value(char c)
{
    unsigned digit = (unsigned)(unsigned char)c - '0', letter = (unsigned)(unsigned char)c - 'a';
    return digit < 10 ? digit : letter < 6 ? letter + 10 : 0x100;
}

bool azm_hex_decode(azm_slice text, uint8_t *out, size_t n)
{
    unsigned bad = 0;
    if (text.len != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned byte = value(text.ptr[2 * i]) << 4 | value(text.ptr[2 * i + 1]);
        bad |= byte;
        out[i] = (uint8_t)byte;
    }
    return bad < 0x100;
}
