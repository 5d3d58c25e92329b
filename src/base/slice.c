#include "base/slice.h"

static inline unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u + 32) : u;
}

bool azm_slice_same_nocase(azm_slice a, azm_slice b)
{
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool azm_slice_starts(azm_slice s, azm_slice prefix)
{
    return azm_slice_eq(azm_slice_take(s, prefix.len), prefix);
}

bool azm_slice_starts_nocase(azm_slice s, azm_slice prefix)
{
    return azm_slice_eq_nocase(azm_slice_take(s, prefix.len), prefix);
}

bool azm_slice_ends(azm_slice s, azm_slice suffix)
{
    return s.len >= suffix.len && azm_slice_eq(azm_slice_drop(s, s.len - suffix.len), suffix);
}

bool azm_slice_ends_nocase(azm_slice s, azm_slice suffix)
{
    return s.len >= suffix.len && azm_slice_eq_nocase(azm_slice_drop(s, s.len - suffix.len), suffix);
}

size_t azm_slice_find(azm_slice s, char c)
{
    const char *hit = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : s.len;
}

size_t azm_slice_rfind(azm_slice s, char c)
{
    for (size_t i = s.len; i > 0; i--)
        if (s.ptr[i - 1] == c)
            return i - 1;
    return s.len;
}

size_t azm_slice_search(azm_slice s, azm_slice needle)
{
    if (needle.len == 0)
        return 0;
    for (size_t i = 0; i + needle.len <= s.len; i++)
        if (s.ptr[i] == needle.ptr[0] && memcmp(s.ptr + i, needle.ptr, needle.len) == 0)
            return i;
    return s.len;
}

azm_slice azm_slice_trim(azm_slice s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = azm_slice_drop(s, 1);
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

bool azm_slice_split(azm_slice *rest, char sep, azm_slice *part)
{
    if (!rest->ptr)
        return false;
    size_t at = azm_slice_find(*rest, sep);
    *part = azm_slice_take(*rest, at);
    *rest = at < rest->len ? azm_slice_drop(*rest, at + 1) : (azm_slice){NULL, 0};
    return true;
}

enum azm_status azm_slice_to_u64(azm_slice s, uint64_t *out)
{
    uint64_t value = 0;
    if (s.len == 0)
        return AZM_BAD_INPUT;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return AZM_BAD_INPUT;
        unsigned digit = (unsigned)(s.ptr[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return AZM_TOO_BIG;
        value = value * 10 + digit;
    }
    *out = value;
    return AZM_OK;
}

size_t azm_slice_copy(azm_slice s, char *out, size_t size)
{
    if (size == 0)
        return 0;
    size_t n = s.len < size ? s.len : size - 1;
    if (n)
        memcpy(out, s.ptr, n);
    out[n] = '\0';
    return n;
}

int azm_slice_compare(azm_slice a, azm_slice b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (order != 0)
        return order < 0 ? -1 : 1;
    return a.len < b.len ? -1 : a.len > b.len;
}
