/* What was read is within its limits, and reads the same when it is written again. */
#include <stdlib.h>

#include "recording/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct azm_recording *recording)
{
    for (size_t i = 0; i < recording->event_count; i++) {
        const struct azm_recording_event *event = &recording->events[i];
        if (event->connection == 0 || event->connection > recording->connections ||
            event->bytes.len > AZM_RECORDING_CHUNK_MAX ||
            (event->kind == AZM_RECORDING_CHUNK) != (event->bytes.len > 0))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_arena arena;
    struct azm_recording first, second;
    struct azm_buf text;
    azm_arena_init(&arena, 0);
    azm_buf_init(&text, size * 4 + 1024);
    if (azm_recording_parse(azm_slice_of(data, size), &arena, &first, NULL) == AZM_OK) {
        check(&first);
        if (azm_recording_put_head(&text, AZM_S(""), NULL) != AZM_OK)
            abort();
        for (size_t i = 0; i < first.event_count; i++)
            azm_recording_put_event(&text, &first.events[i]);
        if (!text.failed && (azm_recording_parse(azm_buf_slice(&text), &arena, &second, NULL) != AZM_OK ||
                             second.event_count != first.event_count))
            abort();
    }
    azm_buf_dispose(&text);
    azm_arena_dispose(&arena);
    return 0;
}
