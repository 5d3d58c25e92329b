#include "trace/redact_text.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes: it ends, and what it adds is bounded. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_buf once;
    azm_buf_init(&once, 1u << 24);
    azm_redact_text(&once, azm_slice_of(data, size));
    if (once.failed || once.len > 12 * size + 12)
        abort();
    azm_buf_dispose(&once);
    return 0;
}
