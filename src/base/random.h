/* Random ids: a fast generator (xoshiro256**) seeded once from the system's CSPRNG (os/entropy.h). Not for secrets.
 * One per thread; nothing inside is locked. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct azm_random {
    uint64_t state[4];
};

/* Any seed will do, all zeros too; tests give a fixed one. */
void azm_random_init(struct azm_random *random, const uint64_t seed[4]);
uint64_t azm_random_u64(struct azm_random *random);
void azm_random_bytes(struct azm_random *random, void *out, size_t n);
