#include "base/utf8.h"

static bool tail(azm_slice s, size_t at)
{
    return ((unsigned char)s.ptr[at] & 0xc0) == 0x80;
}

size_t azm_utf8_char(azm_slice s)
{
    if (s.len == 0)
        return 0;
    unsigned char c = (unsigned char)s.ptr[0];
    if (c < 0x80)
        return 1;
    size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || s.len < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if (!tail(s, i))
            return 0;
    unsigned char second = (unsigned char)s.ptr[1];
    if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) || (c == 0xf0 && second < 0x90) ||
        (c == 0xf4 && second > 0x8f))
        return 0; /* overlong, surrogate, past U+10FFFF */
    return n;
}

/* ASCII at the front of s, eight bytes at a time. */
static size_t ascii(azm_slice s)
{
    size_t n = 0;
    for (uint64_t word; s.len - n >= sizeof word; n += sizeof word) {
        memcpy(&word, s.ptr + n, sizeof word);
        if (word & 0x8080808080808080u)
            break;
    }
    while (n < s.len && (unsigned char)s.ptr[n] < 0x80)
        n++;
    return n;
}

bool azm_utf8_is_valid(azm_slice s)
{
    while (s.len) {
        s = azm_slice_drop(s, ascii(s));
        size_t n = azm_utf8_char(s);
        if (s.len && !n)
            return false;
        s = azm_slice_drop(s, n);
    }
    return true;
}

azm_slice azm_utf8_take(azm_slice s, size_t max_chars)
{
    size_t at = 0;
    if (s.len <= max_chars)
        return s;
    for (size_t chars = 0; at < s.len && chars < max_chars; chars++) {
        size_t n = azm_utf8_char(azm_slice_drop(s, at));
        at += n ? n : 1;
    }
    return azm_slice_take(s, at);
}

void azm_utf8_add(struct azm_buf *out, azm_slice s, size_t max_chars)
{
    azm_slice kept = azm_utf8_take(s, max_chars);
    bool cut = kept.len < s.len;
    if (cut)
        kept = azm_utf8_take(s, max_chars ? max_chars - 1 : 0);
    while (kept.len) {
        size_t n = azm_utf8_char(kept);
        azm_buf_add(out, n ? azm_slice_take(kept, n) : AZM_S("\xef\xbf\xbd"));
        kept = azm_slice_drop(kept, n ? n : 1);
    }
    if (cut && max_chars)
        azm_buf_add(out, AZM_S("\xe2\x80\xa6"));
}
