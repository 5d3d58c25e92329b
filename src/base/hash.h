/* A fast hash for tables inside a process; not for disk, not for secrets. */
#pragma once

#include "base/slice.h"

/* seed: any number fixed for the table's life; a random one keeps foreign keys from aiming at one bucket. */
uint64_t azm_hash(azm_slice bytes, uint64_t seed);
