#include "export/otlp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned statuses[] = {200, 400, 503};
    struct azm_reply reply;
    for (size_t i = 0; i < AZM_COUNT(statuses); i++) {
        azm_otlp_reply(statuses[i], azm_slice_of(data, size), 100, &reply);
        if (reply.rejected > 100 || strlen(reply.message) >= sizeof reply.message)
            abort();
        if (i == 0 && (reply.verdict == AZM_VERDICT_REJECTED) != (reply.rejected > 0))
            abort();
    }
    return 0;
}
