/* What a handler's answer tells is the same whole and cut in two. The first byte chooses the HTTP output. */
#include <stdlib.h>

#include "base/hash.h"
#include "tap/handler_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_log(void *self, azm_slice text)
{
    uint64_t *hash = self;
    if (text.len > AZM_HANDLER_LOG_MAX)
        abort();
    *hash = azm_hash(text, *hash + 1);
}

static uint64_t run(azm_slice output, azm_slice text, size_t cut)
{
    static struct azm_handler_answer answer;
    uint64_t hash = 0;
    azm_handler_answer_begin(&answer, output, on_log, &hash);
    azm_handler_answer_feed(&answer, azm_slice_take(text, cut));
    azm_handler_answer_feed(&answer, azm_slice_drop(text, cut));
    hash += azm_handler_answer_end(&answer);
    unsigned status = azm_handler_answer_status(&answer);
    if (status < 100 || status > 999)
        abort();
    return hash * 1000 + status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const azm_slice outputs[] = {AZM_S_INIT("res"), AZM_S_INIT("$return"), AZM_S_INIT("")};
    if (size == 0)
        return 0;
    azm_slice output = outputs[data[0] % AZM_COUNT(outputs)], text = azm_slice_of(data + 1, size - 1);
    uint64_t whole = run(output, text, text.len);
    for (size_t cut = 0; cut < text.len; cut += text.len / 16 + 1)
        if (run(output, text, cut) != whole)
            abort();
    return 0;
}
