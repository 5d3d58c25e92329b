/* Any values under any keys: the first byte names the trigger, then each value is {key, arm, length} and its bytes,
 * given whole and in two pieces, which must tell the same. */
#include "tap/trigger_read.h"

#include <stdlib.h>

#include "base/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const kinds[] = {"timerTrigger",         "queueTrigger",   "serviceBusTrigger", "eventHubTrigger",
                                    "eventGridTrigger",     "kafkaTrigger",   "rabbitMQTrigger",   "blobTrigger",
                                    "orchestrationTrigger", "activityTrigger"};
static struct azm_trigger_reader whole, cut;

static void give(struct azm_trigger_reader *reader, uint8_t key, uint8_t arm, azm_slice text, size_t at)
{
    char name[64] = "";
    const struct azm_trigger_keys *keys = reader->trigger->metadata;
    if (keys) {
        size_t n = azm_slice_copy(keys->items[key % keys->count].name, name, sizeof name - 8);
        memcpy(name + n, key & 0x80 ? "Array" : "", key & 0x80 ? 6 : 1);
    }
    if (arm & 4)
        azm_trigger_parameter(reader);
    if (!(arm & 4 ? azm_trigger_wants_input(reader) : azm_trigger_wants(reader, azm_slice_str(name))))
        return;
    if (!(arm & 4) && arm & 8) {
        azm_trigger_value_number(reader, (int8_t)arm);
        return;
    }
    azm_trigger_value_begin(reader, arm & 1, (arm & 6) == 6);
    azm_trigger_value_piece(reader, azm_slice_take(text, at));
    azm_trigger_value_piece(reader, azm_slice_drop(text, at));
    azm_trigger_value_end(reader);
}

static uint64_t hash_pairs(const struct azm_pair *pairs, size_t count, uint64_t hash)
{
    for (size_t i = 0; i < count; i++)
        hash = azm_hash(pairs[i].value, azm_hash(pairs[i].key, hash));
    return hash;
}

static uint64_t hash_of(struct azm_trigger_reader *reader)
{
    const struct azm_trigger_facts *facts = azm_trigger_facts(reader);
    if (!facts)
        abort();
    if (facts->link_count > AZM_LINKS_MAX || reader->used > AZM_TRIGGER_TEXT)
        abort();
    uint64_t hash = azm_hash(facts->message_id, facts->batch_size + facts->batch);
    hash = hash_pairs(facts->labels, facts->label_count, hash);
    hash = hash_pairs(facts->headers, facts->header_count, hash);
    return azm_hash(azm_slice_of(facts->links, facts->link_count * sizeof *facts->links), hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    const struct azm_trigger *trigger = azm_trigger_of(azm_slice_str(kinds[data[0] % AZM_COUNT(kinds)]));
    azm_trigger_begin(&whole, trigger);
    azm_trigger_begin(&cut, trigger);
    azm_slice rest = azm_slice_of(data + 1, size - 1);
    while (rest.len > 3) {
        uint8_t key = (uint8_t)rest.ptr[0], arm = (uint8_t)rest.ptr[1];
        size_t len = (uint8_t)rest.ptr[2] == 255 ? rest.len : (uint8_t)rest.ptr[2];
        azm_slice text = azm_slice_take(azm_slice_drop(rest, 3), len);
        give(&whole, key, arm, text, text.len);
        give(&cut, key, arm, text, key % (text.len + 1));
        rest = azm_slice_drop(azm_slice_drop(rest, 3), text.len);
    }
    if (hash_of(&whole) != hash_of(&cut))
        abort();
    return 0;
}
