/* What azm_utf8_add writes is valid, and has no more characters than asked for. First byte: the limit. */
#include <stdlib.h>

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(azm_slice text)
{
    size_t chars = 0;
    for (; text.len; chars++) {
        size_t n = azm_utf8_char(text);
        if (n == 0 || n > 4)
            abort();
        text = azm_slice_drop(text, n);
    }
    return chars;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_buf out, again;
    if (size == 0)
        return 0;
    azm_slice text = azm_slice_of(data + 1, size - 1);
    azm_slice taken = azm_utf8_take(text, data[0]);
    if (!azm_slice_starts(text, taken) || taken.len > 4u * data[0])
        abort();
    azm_buf_init(&out, 3 * size + 3);
    azm_buf_init(&again, 3 * size + 3);
    azm_utf8_add(&out, text, data[0]);
    if (out.failed || count(azm_buf_slice(&out)) > data[0])
        abort();
    azm_utf8_add(&again, azm_buf_slice(&out), data[0]); /* nothing is left to mend or cut */
    if (!azm_slice_eq(azm_buf_slice(&out), azm_buf_slice(&again)))
        abort();
    azm_buf_clear(&again);
    azm_utf8_add(&again, text, SIZE_MAX); /* mends what is not valid, and nothing else */
    if (!azm_utf8_is_valid(azm_buf_slice(&out)) || !azm_utf8_is_valid(azm_buf_slice(&again)) ||
        azm_utf8_is_valid(text) != azm_slice_eq(azm_buf_slice(&again), text))
        abort();
    azm_buf_dispose(&out);
    azm_buf_dispose(&again);
    return 0;
}
