/* Against a table of what matches what, filled in plainly. The pattern ends at the first NUL. */
#include <stdlib.h>

#include "base/wildcard.h"

#define SIZE 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool plainly(azm_slice pattern, azm_slice text)
{
    static bool match[SIZE + 1][SIZE + 1]; /* pattern from p on, text from t on */
    bool exact = azm_slice_starts(pattern, AZM_S("(?-i)"));
    if (exact)
        pattern = azm_slice_drop(pattern, 5);
    for (size_t p = pattern.len + 1; p-- > 0;) {
        for (size_t t = text.len + 1; t-- > 0;) {
            azm_slice a = azm_slice_take(azm_slice_drop(pattern, p), 1), b = azm_slice_take(azm_slice_drop(text, t), 1);
            if (p == pattern.len)
                match[p][t] = t == text.len;
            else if (a.ptr[0] == '*')
                match[p][t] = match[p + 1][t] || (t < text.len && match[p][t + 1]);
            else
                match[p][t] =
                    t < text.len && (exact ? azm_slice_eq(a, b) : azm_slice_eq_nocase(a, b)) && match[p + 1][t + 1];
        }
    }
    return match[0][0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    azm_slice in = azm_slice_of(data, size);
    azm_slice pattern = azm_slice_take(in, azm_slice_find(in, '\0')), text = azm_slice_drop(in, pattern.len + 1);
    pattern = azm_slice_take(pattern, SIZE);
    text = azm_slice_take(text, SIZE);
    if (azm_wildcard_match(pattern, text) != plainly(pattern, text))
        abort();
    azm_wildcard_match_any(pattern, text);
    return 0;
}
