/* A growing set of 64-bit hashes. Aborts when memory is out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct azm_hash_set {
    uint64_t *items; /* open addressing; 0: free */
    size_t count, cap;
};

void azm_hash_set_dispose(struct azm_hash_set *set);
/* False: it is in it already. */
bool azm_hash_set_add(struct azm_hash_set *set, uint64_t hash);
bool azm_hash_set_has(const struct azm_hash_set *set, uint64_t hash);
