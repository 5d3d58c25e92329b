#include <stdlib.h>

#include "recording/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    azm_slice in = azm_slice_of(data, size);
    struct azm_control_frame frame;
    size_t before = in.len;
    while (azm_control_next(&in, &frame) == AZM_OK) {
        if (frame.bytes.len > AZM_CONTROL_BYTES_MAX || in.len >= before)
            abort();
        before = in.len;
    }
    return 0;
}
