#include "base/random.h"

#include <string.h>

void azm_random_init(struct azm_random *random, const uint64_t seed[4])
{
    for (int i = 0; i < 4; i++)
        random->state[i] =
            seed[i] + 0x9e3779b97f4a7c15ull * (uint64_t)(i + 1); /* the all-zero state is a fixed point */
    for (int i = 0; i < 8; i++)
        azm_random_u64(random);
}

static inline uint64_t rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

uint64_t azm_random_u64(struct azm_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

void azm_random_bytes(struct azm_random *random, void *out, size_t n)
{
    char *p = out;
    while (n) {
        uint64_t word = azm_random_u64(random);
        size_t part = n < 8 ? n : 8;
        memcpy(p, &word, part);
        p += part;
        n -= part;
    }
}
