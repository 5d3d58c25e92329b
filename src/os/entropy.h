/* Random bytes from the system's generator, good enough for secrets and for seeding base/random.h. */
#pragma once

#include <stddef.h>

#include "base/status.h"

/* Fills all n bytes, or fails with AZM_IO and leaves zeros (a sandbox that forbids the system call). */
enum azm_status azm_entropy(void *out, size_t n) AZM_MUST_CHECK;
