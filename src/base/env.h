/* Where settings come from: the process's own environment, or the one a FunctionEnvironmentReloadRequest carries.
 * A value, passed by pointer and borrowed. Readers of settings take this and never call getenv() themselves. */
#pragma once

#include "base/slice.h"

struct azm_env {
    /* The value, borrowed from the environment; ptr NULL when it is not set. An empty value counts as set. */
    azm_slice (*get)(const void *self, const char *name);
    const void *self;
};

static inline azm_slice azm_env_get(const struct azm_env *env, const char *name)
{
    return env->get(env->self, name);
}

/* The process's environment (getenv; not safe beside setenv). */
extern const struct azm_env azm_env_process;

/* "NAME=value" strings, ended by NULL, as envp; for children and tests. */
struct azm_env azm_env_of(const char *const *pairs);
