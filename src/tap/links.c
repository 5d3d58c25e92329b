#include "tap/links.h"

#include <stdlib.h>

#define BLOCK_LINKS 32u
#define BLOCKS      (AZM_LINKS_POOL / BLOCK_LINKS)

struct block {
    uint32_t next, count; /* next: index + 1, of the chain or of the free list */
    struct azm_span_link items[BLOCK_LINKS];
};

struct azm_links_pool {
    uint32_t free_list, fresh; /* last in first out, so that low load touches few */
    struct azm_span_link out[AZM_LINKS_ONE];
    struct block blocks[BLOCKS];
};

void azm_links_init(struct azm_links *links)
{
    links->pool = NULL;
}

void azm_links_dispose(struct azm_links *links)
{
    free(links->pool);
    links->pool = NULL;
}

static uint32_t take_block(struct azm_links_pool *pool)
{
    uint32_t index = pool->free_list;
    if (index)
        pool->free_list = pool->blocks[index - 1].next;
    else if (pool->fresh < BLOCKS)
        index = ++pool->fresh;
    return index;
}

uint32_t azm_links_keep(struct azm_links *links, const struct azm_span_link *items, size_t count)
{
    uint32_t first = 0, *tail = &first;
    if (!count || (!links->pool && !(links->pool = calloc(1, sizeof *links->pool))))
        return 0;
    for (size_t at = 0; at < count && at < AZM_LINKS_ONE - 1; at += BLOCK_LINKS) {
        uint32_t index = take_block(links->pool);
        if (!index)
            break;
        struct block *block = &links->pool->blocks[index - 1];
        size_t left = (count < AZM_LINKS_ONE - 1 ? count : AZM_LINKS_ONE - 1) - at;
        block->count = left < BLOCK_LINKS ? (uint32_t)left : BLOCK_LINKS;
        block->next = 0;
        memcpy(block->items, items + at, block->count * sizeof *items);
        *tail = index;
        tail = &block->next;
    }
    return first;
}

const struct azm_span_link *azm_links_get(struct azm_links *links, uint32_t kept, struct azm_span_link first,
                                          size_t *count)
{
    struct azm_links_pool *pool = links->pool;
    *count = 0;
    if (!pool)
        return NULL;
    if (!azm_trace_id_is_none(first.trace_id))
        pool->out[(*count)++] = first;
    for (uint32_t index = kept; index; index = pool->blocks[index - 1].next) {
        const struct block *block = &pool->blocks[index - 1];
        memcpy(pool->out + *count, block->items, block->count * sizeof *block->items);
        *count += block->count;
    }
    return pool->out;
}

void azm_links_drop(struct azm_links *links, uint32_t kept)
{
    while (kept) {
        struct block *block = &links->pool->blocks[kept - 1];
        uint32_t next = block->next;
        block->next = links->pool->free_list;
        links->pool->free_list = kept;
        kept = next;
    }
}
