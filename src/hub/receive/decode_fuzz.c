#include "hub/receive/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first line as metadata, the others as events; what was taken must be whole. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    azm_slice rest = {(const char *)data, size}, line;
    struct azm_batch batch;
    azm_batch_init(&batch);
    if (azm_slice_split(&rest, '\n', &line) && azm_decode_metadata(line, &batch, NULL) == AZM_OK && !batch.service.len)
        __builtin_trap();
    while (azm_slice_split(&rest, '\n', &line)) {
        size_t before = batch.count;
        struct azm_error err = {.status = AZM_OK};
        if (azm_decode_event(line, &batch, &err) != AZM_OK && (batch.count != before || !err.text[0]))
            __builtin_trap();
    }
    for (size_t i = 0; i < batch.count; i++) {
        const struct azm_event *event = &batch.events[i];
        bool keyed = event->kind == AZM_EVENT_LOG || event->id.len;
        if (!keyed || event->raw.len < 2 || !memchr(event->raw.ptr, '{', event->raw.len))
            __builtin_trap();
    }
    azm_batch_dispose(&batch);
    return 0;
}
