/* RLIMIT_FSIZE: past it the kernel sends SIGXFSZ, which ends a process that did not ask for it. So ask first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

static inline bool azm_os_over_size_limit(size_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && size > limit.rlim_cur;
}
