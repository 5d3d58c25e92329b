#include "hub/store/batch.h"

#include "base/hex.h"
#include "hub/store/stable_hash.h"

#include <stdlib.h>
#include <zlib.h>

/* WORTH: less than that is not compressed. */
enum { BLOCK_MAX = 1 << 30, WORTH = 400 };

void azm_batch_init(struct azm_batch *batch)
{
    *batch = (struct azm_batch){.events = NULL};
    azm_arena_init(&batch->arena, 0);
    azm_buf_init(&batch->block, BLOCK_MAX);
}

void azm_batch_dispose(struct azm_batch *batch)
{
    free((void *)batch->metadata.ptr);
    free(batch->events);
    free(batch->samples);
    azm_buf_dispose(&batch->block);
    azm_arena_dispose(&batch->arena);
    azm_batch_init(batch);
}

/* One more of size bytes behind the first count; aborts when memory is out. */
static void *grow(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 16;
    items = realloc(items, *cap * size);
    if (!items)
        abort();
    return items;
}

struct azm_event *azm_batch_add(struct azm_batch *batch)
{
    batch->events = grow(batch->events, batch->count, &batch->cap, sizeof *batch->events);
    struct azm_event *event = &batch->events[batch->count++];
    *event = (struct azm_event){.kind = AZM_EVENT_TRANSACTION};
    return event;
}

struct azm_sample *azm_batch_add_sample(struct azm_batch *batch)
{
    batch->samples = grow(batch->samples, batch->sample_count, &batch->sample_cap, sizeof *batch->samples);
    struct azm_sample *sample = &batch->samples[batch->sample_count++];
    *sample = (struct azm_sample){.value = 0};
    return sample;
}

void azm_batch_clear(struct azm_batch *batch)
{
    batch->count = batch->sample_count = 0;
    batch->bytes = batch->block_size = 0;
    azm_buf_dispose(&batch->block);
    azm_arena_dispose(&batch->arena);
    azm_arena_init(&batch->arena, 0);
}

void azm_batch_set_process(struct azm_batch *batch, const struct azm_process *process)
{
    azm_slice *to[] = {&batch->metadata, &batch->service, &batch->environment, &batch->node, &batch->agent};
    const azm_slice from[] = {process->metadata, process->service, process->environment, process->node, process->agent};
    size_t size = 1;
    for (size_t i = 0; i < AZM_COUNT(from); i++)
        size += from[i].len;
    char *copy = malloc(size); /* outlives the arena, which each commit empties */
    if (!copy)
        abort();
    free((void *)batch->metadata.ptr);
    for (size_t i = 0, at = 0; i < AZM_COUNT(to); at += from[i++].len) {
        if (from[i].len)
            memcpy(copy + at, from[i].ptr, from[i].len);
        *to[i] = azm_slice_of(copy + at, from[i].len);
    }
    batch->from_host = process->from_host;
}

static bool lay_out(struct azm_batch *batch, struct azm_buf *out)
{
    azm_buf_init(out, BLOCK_MAX);
    for (size_t i = 0; i < batch->count; i++) {
        batch->events[i].at = out->len;
        azm_buf_add(out, batch->events[i].raw);
    }
    return !out->failed;
}

bool azm_batch_pack(struct azm_batch *batch)
{
    struct azm_buf plain;
    bool ok = lay_out(batch, &plain);
    uLongf size = compressBound((uLong)plain.len);
    char *room = ok && plain.len > WORTH ? azm_buf_reserve(&batch->block, size) : NULL;
    batch->block_size = plain.len;
    if (room && compress2((Bytef *)room, &size, (const Bytef *)plain.ptr, (uLong)plain.len, Z_BEST_SPEED) == Z_OK &&
        size < plain.len) {
        batch->block.len = size;
        azm_buf_dispose(&plain);
    } else {
        azm_buf_dispose(&batch->block);
        batch->block = plain;
    }
    return ok;
}

azm_slice azm_event_log_id(const struct azm_event *event, char text[16])
{
    uint64_t hash = azm_stable_hash(event->raw, AZM_STABLE_HASH);
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(hash >> (56 - 8 * i));
    azm_hex_encode(bytes, sizeof bytes, text);
    return azm_slice_of(text, 16);
}

bool azm_sample_is_memory(azm_slice name)
{
    static const azm_slice names[] = {AZM_S_INIT("system.process.memory.rss.bytes"), AZM_S_INIT("process.memory.usage"),
                                      AZM_S_INIT("process.memory.physical_usage"),
                                      AZM_S_INIT("dotnet.process.memory.working_set")};
    for (size_t i = 0; i < AZM_COUNT(names); i++)
        if (azm_slice_eq(name, names[i]))
            return true;
    return false;
}
