/* A request of any signal in any encoding: the first byte chooses. Whatever is taken is looked at as the store would.
 */
#include "hub/receive/otlp/otlp.h"

#include "hub/store/words.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct azm_batch *batch)
{
    char storage[4096];
    struct azm_buf words;
    for (size_t i = 0; i < batch->count; i++) {
        const struct azm_event *event = &batch->events[i];
        if (event->raw.len < 2 || event->raw.ptr[0] != '{' || event->raw.ptr[event->raw.len - 1] != '}' ||
            event->duration_us < 0)
            abort();
        azm_buf_init_fixed(&words, storage, sizeof storage);
        azm_words_document(event, batch->environment, &words);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_otlp_map *map;
    struct azm_batch **batches;
    struct azm_error err = {.status = AZM_OK};
    struct azm_buf answer;
    if (size < 1)
        return 0;
    enum azm_otlp_signal signal = (enum azm_otlp_signal)(data[0] % 3);
    enum azm_otlp_encoding encoding = data[0] & 0x80 ? AZM_OTLP_JSON : AZM_OTLP_PROTOBUF;
    if (azm_otlp_receive(signal, encoding, azm_slice_of(data + 1, size - 1), 1, &map, &err) == AZM_OK) {
        size_t count = azm_otlp_map_batches(map, &batches);
        for (size_t i = 0; i < count; i++)
            look(batches[i]);
        azm_buf_init(&answer, 4096);
        azm_otlp_answer(signal, encoding, azm_otlp_map_rejected(map), &answer);
        azm_buf_dispose(&answer);
    } else if (!err.text[0]) {
        abort(); /* a refusal says why */
    }
    azm_otlp_map_free(map);
    return 0;
}
