#include "base/hash.h"

static inline uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t h = (a ^ b) * 0x9ddfea08eb382d69ull;
    h ^= h >> 47;
    h = (h ^ b) * 0x9ddfea08eb382d69ull;
    h ^= h >> 47;
    return h * 0x9ddfea08eb382d69ull;
}

uint64_t azm_hash(azm_slice bytes, uint64_t seed)
{
    uint64_t h = seed ^ (bytes.len * 0xc6a4a7935bd1e995ull);
    const char *p = bytes.ptr;
    size_t left = bytes.len;
    for (; left >= 8; left -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        h = mix(h, word);
    }
    uint64_t tail = 0;
    if (left)
        memcpy(&tail, p, left);
    return mix(h, tail ^ left);
}
