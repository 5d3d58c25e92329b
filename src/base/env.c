#include "base/env.h"

#include <stdlib.h>

static azm_slice from_process(const void *self, const char *name)
{
    (void)self;
    return azm_slice_str(getenv(name));
}

const struct azm_env azm_env_process = {from_process, NULL};

static azm_slice from_pairs(const void *self, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *pair = self; *pair; pair++)
        if (strncmp(*pair, name, len) == 0 && (*pair)[len] == '=')
            return azm_slice_str(*pair + len + 1);
    return (azm_slice){NULL, 0};
}

struct azm_env azm_env_of(const char *const *pairs)
{
    return (struct azm_env){from_pairs, pairs};
}
