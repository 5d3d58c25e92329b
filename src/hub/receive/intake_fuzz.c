#include "hub/receive/intake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void commit(struct azm_intake *intake, size_t *events)
{
    *events += azm_intake_batch(intake)->count;
    azm_intake_committed(intake, AZM_OK);
}

/* The first byte chooses the encoding and the size of the pieces in which the rest arrives. Whatever comes, the answer
 * counts what was given out. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const azm_slice encodings[] = {{"", 0}, {"gzip", 4}, {"deflate", 7}, {"identity", 8}};
    if (size == 0)
        return 0;
    azm_slice body = azm_slice_of(data + 1, size - 1);
    size_t piece = 1 + data[0] / 4 * 7u, events = 0;
    struct azm_intake *intake;
    struct azm_buf answer;
    if (azm_intake_new(encodings[data[0] % 4], 1, &intake, NULL) != AZM_OK)
        return 0;
    while (body.len) {
        azm_slice part = azm_slice_take(body, piece);
        body = azm_slice_drop(body, piece);
        while (azm_intake_feed(intake, &part) == AZM_FULL)
            commit(intake, &events);
    }
    while (azm_intake_end(intake) == AZM_FULL)
        commit(intake, &events);
    commit(intake, &events);
    azm_buf_init(&answer, 1024 * 1024);
    unsigned status = azm_intake_answer(intake, true, &answer);
    uint64_t accepted = 0;
    azm_slice count = azm_slice_drop(azm_buf_slice(&answer), strlen("{\"accepted\":"));
    size_t digits = azm_slice_find(count, ',') < count.len ? azm_slice_find(count, ',') : azm_slice_find(count, '}');
    if ((status != 202 && status != 400) || answer.failed ||
        azm_slice_to_u64(azm_slice_take(count, digits), &accepted) != AZM_OK || accepted < events)
        __builtin_trap();
    azm_buf_dispose(&answer);
    azm_intake_free(intake);
    return 0;
}
