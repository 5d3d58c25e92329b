/* A hash that never changes, for what is kept on disk: FNV-1a, 64 bits (draft-eastlake-fnv). Not for secrets. */
#pragma once

#include "base/slice.h"

#define AZM_STABLE_HASH 0xcbf29ce484222325u

/* seed: AZM_STABLE_HASH, or the hash of what comes before. */
static inline uint64_t azm_stable_hash(azm_slice bytes, uint64_t seed)
{
    for (size_t i = 0; i < bytes.len; i++)
        seed = (seed ^ (uint8_t)bytes.ptr[i]) * 0x100000001b3u;
    return seed;
}
