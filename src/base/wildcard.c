#include "base/wildcard.h"

static bool same(char a, char b, bool nocase)
{
    return a == b || (nocase && azm_slice_eq_nocase((azm_slice){&a, 1}, (azm_slice){&b, 1}));
}

bool azm_wildcard_match(azm_slice pattern, azm_slice text)
{
    const azm_slice exact = AZM_S("(?-i)");
    bool nocase = !azm_slice_starts(pattern, exact);
    if (!nocase)
        pattern = azm_slice_drop(pattern, exact.len);
    /* Greedy with one point of return: on a mismatch the last star swallows one character more. */
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.len && same(pattern.ptr[p], text.ptr[t], nocase)) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

azm_slice azm_wildcard_first(azm_slice patterns, azm_slice text)
{
    azm_slice part;
    while (azm_slice_split(&patterns, ',', &part)) {
        part = azm_slice_trim(part);
        if (part.len && azm_wildcard_match(part, text))
            return part;
    }
    return (azm_slice){NULL, 0};
}

bool azm_wildcard_match_any(azm_slice patterns, azm_slice text)
{
    return azm_wildcard_first(patterns, text).ptr != NULL;
}
