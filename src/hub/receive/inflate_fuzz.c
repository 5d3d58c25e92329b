#include "hub/receive/inflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_buf out;
    struct azm_error err;
    azm_buf_init(&out, 256 * 1024);
    if (azm_inflate(azm_slice_of(data, size), &out, &err) == AZM_OK && out.failed)
        __builtin_trap();
    azm_buf_dispose(&out);
    return 0;
}
