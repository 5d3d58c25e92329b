#include "hub/store/batch.h"

#include <stdlib.h>

void azm_batch_init(struct azm_batch *batch)
{
    *batch = (struct azm_batch){.events = NULL};
    azm_arena_init(&batch->arena, 0);
}

void azm_batch_dispose(struct azm_batch *batch)
{
    free((void *)batch->metadata.ptr);
    free(batch->events);
    azm_arena_dispose(&batch->arena);
    azm_batch_init(batch);
}

struct azm_event *azm_batch_add(struct azm_batch *batch)
{
    if (batch->count == batch->cap) {
        size_t cap = batch->cap ? batch->cap * 2 : 16;
        struct azm_event *events = realloc(batch->events, cap * sizeof *events);
        if (!events)
            abort();
        batch->events = events;
        batch->cap = cap;
    }
    struct azm_event *event = &batch->events[batch->count++];
    *event = (struct azm_event){.kind = AZM_EVENT_TRANSACTION};
    return event;
}

void azm_batch_clear(struct azm_batch *batch)
{
    batch->count = 0;
    batch->bytes = 0;
    azm_arena_dispose(&batch->arena);
    azm_arena_init(&batch->arena, 0);
}

void azm_batch_set_metadata(struct azm_batch *batch, azm_slice json, azm_slice service, azm_slice environment)
{
    size_t size = json.len + service.len + environment.len;
    char *copy = malloc(size ? size : 1); /* outlives the arena, which each commit empties */
    if (!copy)
        abort();
    free((void *)batch->metadata.ptr);
    azm_slice *to[] = {&batch->metadata, &batch->service, &batch->environment};
    azm_slice from[] = {json, service, environment};
    for (size_t i = 0, at = 0; i < AZM_COUNT(to); at += from[i++].len) {
        if (from[i].len)
            memcpy(copy + at, from[i].ptr, from[i].len);
        *to[i] = azm_slice_of(copy + at, from[i].len);
    }
}
