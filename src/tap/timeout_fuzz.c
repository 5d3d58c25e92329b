#include "tap/timeout.h"

#include "base/attr.h"
#include "base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t timeout_us = 0;
    azm_slice text = {(const char *)data, size};
    if (!azm_timeout_read(text, &timeout_us) && timeout_us != 0)
        __builtin_trap();
    return 0;
}
