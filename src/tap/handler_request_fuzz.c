/* What a handler's request tells is the same whole and cut in two, and stays within its places. The first byte chooses
 * the trigger. */
#include <stdlib.h>

#include "base/hash.h"
#include "tap/handler_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t add_pairs(const struct azm_pair *pairs, size_t count, uint64_t hash)
{
    for (size_t i = 0; i < count; i++)
        hash = azm_hash(pairs[i].value, azm_hash(pairs[i].key, hash));
    return hash;
}

static uint64_t run(const struct azm_trigger *trigger, azm_slice text, size_t cut)
{
    static struct azm_handler_request request;
    struct azm_rpc_message message = {.kind = AZM_RPC_INVOCATION_REQUEST};
    azm_handler_request_begin(&request, trigger);
    azm_handler_request_feed(&request, azm_slice_take(text, cut));
    azm_handler_request_feed(&request, azm_slice_drop(text, cut));
    azm_handler_request_tell(&request, &message);
    if (request.used > sizeof request.text || message.headers.count > AZM_RPC_HEADERS)
        abort();
    uint64_t hash = azm_hash(message.fields[AZM_RPC_HTTP_METHOD], message.retry_count);
    hash = azm_hash(message.fields[AZM_RPC_HTTP_URL], hash + (uint64_t)message.max_retry_count);
    hash = add_pairs(message.headers.items, message.headers.count, hash);
    if (!message.trigger)
        return hash;
    hash = azm_hash(message.trigger->message_id, hash + message.trigger->batch_size);
    hash = azm_hash(azm_slice_of(message.trigger->links, sizeof *message.trigger->links * message.trigger->link_count),
                    hash);
    return add_pairs(message.trigger->labels, message.trigger->label_count, hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const azm_slice triggers[] = {AZM_S_INIT("httpTrigger"),       AZM_S_INIT("queueTrigger"),
                                         AZM_S_INIT("serviceBusTrigger"), AZM_S_INIT("eventHubTrigger"),
                                         AZM_S_INIT("kafkaTrigger"),      AZM_S_INIT("eventGridTrigger"),
                                         AZM_S_INIT("timerTrigger")};
    if (size == 0)
        return 0;
    const struct azm_trigger *trigger = azm_trigger_of(triggers[data[0] % AZM_COUNT(triggers)]);
    azm_slice text = azm_slice_of(data + 1, size - 1);
    uint64_t whole = run(trigger, text, text.len);
    size_t step = text.len / 16 + 1;
    for (size_t cut = 0; cut < text.len; cut += step)
        if (run(trigger, text, cut) != whole)
            abort();
    return 0;
}
