#include "hub/store/clickhouse/set.h"

#include <stdlib.h>

void azm_hash_set_dispose(struct azm_hash_set *set)
{
    free(set->items);
    *set = (struct azm_hash_set){.count = 0};
}

/* Where it is, or would be. */
static uint64_t *place_of(uint64_t *items, size_t cap, uint64_t hash)
{
    size_t at = (hash * 0x9e3779b97f4a7c15u) >> 20 & (cap - 1);
    while (items[at] && items[at] != hash)
        at = (at + 1) & (cap - 1);
    return &items[at];
}

static void grow(struct azm_hash_set *set)
{
    size_t cap = set->cap ? set->cap * 2 : 1024;
    uint64_t *items = calloc(cap, sizeof *items);
    if (!items)
        abort();
    for (size_t i = 0; i < set->cap; i++)
        if (set->items[i])
            *place_of(items, cap, set->items[i]) = set->items[i];
    free(set->items);
    set->items = items;
    set->cap = cap;
}

bool azm_hash_set_add(struct azm_hash_set *set, uint64_t hash)
{
    if (set->count * 2 >= set->cap)
        grow(set);
    hash = hash ? hash : 1;
    uint64_t *place = place_of(set->items, set->cap, hash);
    bool is_new = *place == 0;
    *place = hash;
    set->count += is_new;
    return is_new;
}

bool azm_hash_set_has(const struct azm_hash_set *set, uint64_t hash)
{
    return set->cap && *place_of(set->items, set->cap, hash ? hash : 1);
}
