#include "hub/receive/otlp/owners.h"

#include "base/hash.h"
#include "json/write.h"

#include <stdlib.h>

/* STEPS_MAX: longer ways to a transaction are not gone. RAW_MORE: of JSON, what names the owner at most: a name is cut
 * long before. */
enum { STEPS_MAX = 256, RAW_MORE = 64 * 1024 };

/* Spans and transactions by their ids: open addressing, indexes + 1. */
struct table {
    const struct azm_batch *batch;
    uint32_t *places;
    size_t cap;
};

static size_t place_of(const struct table *table, azm_slice trace_id, azm_slice id)
{
    size_t at = azm_hash(id, azm_hash(trace_id, 1)) & (table->cap - 1);
    while (table->places[at]) {
        const struct azm_event *there = &table->batch->events[table->places[at] - 1];
        if (azm_slice_eq(there->id, id) && azm_slice_eq(there->trace_id, trace_id))
            break;
        at = (at + 1) & (table->cap - 1);
    }
    return at;
}

static bool is_call(const struct azm_event *event)
{
    return event->kind == AZM_EVENT_TRANSACTION || event->kind == AZM_EVENT_SPAN;
}

static bool fill(struct table *table)
{
    for (table->cap = 64; table->cap < table->batch->count * 2;)
        table->cap *= 2;
    table->places = calloc(table->cap, sizeof *table->places);
    if (!table->places)
        return false;
    for (size_t i = 0; i < table->batch->count; i++) {
        const struct azm_event *event = &table->batch->events[i];
        if (is_call(event) && event->id.len)
            table->places[place_of(table, event->trace_id, event->id)] = (uint32_t)i + 1;
    }
    return true;
}

/* The transaction at the end of the parents' way; NULL when it did not come. */
static const struct azm_event *owner_of(const struct table *table, const struct azm_event *event)
{
    for (int i = 0; i < STEPS_MAX && event->parent_id.len; i++) {
        uint32_t place = table->places[place_of(table, event->trace_id, event->parent_id)];
        if (!place)
            return NULL;
        event = &table->batch->events[place - 1];
        if (event->kind == AZM_EVENT_TRANSACTION)
            return event;
    }
    return NULL;
}

static void put_owner(struct azm_json_writer *json, const struct azm_event *event, const struct azm_event *owner)
{
    bool is_log = event->kind == AZM_EVENT_LOG;
    azm_json_string(azm_json_key(json, is_log ? AZM_S("transaction.id") : AZM_S("transaction_id")), owner->id);
    if (event->kind != AZM_EVENT_ERROR)
        return;
    azm_json_open_object(azm_json_key(json, AZM_S("transaction")));
    azm_json_string(azm_json_key(json, AZM_S("name")), owner->name);
    azm_json_string(azm_json_key(json, AZM_S("type")), owner->type);
    azm_json_bool(azm_json_key(json, AZM_S("sampled")), true);
    azm_json_close_object(json);
}

/* Its JSON begins with what it belongs to. */
static void give(struct azm_batch *batch, struct azm_event *event, const struct azm_event *owner)
{
    struct azm_buf raw;
    azm_buf_init(&raw, event->raw.len + RAW_MORE);
    struct azm_json_writer json = azm_json_writer(&raw);
    azm_json_open_object(&json);
    put_owner(&json, event, owner);
    azm_slice rest = azm_slice_drop(event->raw, 1); /* behind its brace */
    if (rest.len > 1)
        azm_buf_add_byte(&raw, ',');
    azm_buf_add(&raw, rest);
    if (!raw.failed) {
        event->raw = azm_arena_copy(&batch->arena, azm_buf_slice(&raw));
        batch->bytes += raw.len - rest.len - 1;
    }
    azm_buf_dispose(&raw);
    event->transaction_id = owner->id;
    if (event->kind == AZM_EVENT_ERROR)
        event->operation = owner->name;
}

void azm_otlp_find_owners(struct azm_batch *batch)
{
    struct table table = {.batch = batch};
    if (batch->count < 2 || batch->count > UINT32_MAX / 4 || !fill(&table))
        return;
    for (size_t i = 0; i < batch->count; i++) {
        struct azm_event *event = &batch->events[i];
        if (event->kind == AZM_EVENT_TRANSACTION || event->transaction_id.len)
            continue;
        const struct azm_event *owner = owner_of(&table, event);
        if (owner)
            give(batch, event, owner);
    }
    free(table.places);
}
