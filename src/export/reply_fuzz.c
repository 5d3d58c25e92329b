#include "export/reply.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_reply reply;
    unsigned status = size ? 200u + data[0] : 400u;
    azm_reply_read(status, azm_slice_of(data, size), 100, &reply);
    if (reply.rejected > 100 || strlen(reply.message) >= sizeof reply.message)
        abort();
    return 0;
}
