/* The environment that counts: the process's own until a FunctionEnvironmentReloadRequest brings the app's (the host
 * sends its whole environment, so from then on a variable that is not in the message is not set, but for Azimuth's own
 * settings: a placeholder has those only where whoever built its image wants them). One thread. */
#pragma once

#include "base/arena.h"
#include "base/env.h"

#define AZM_ENVIRONMENT_MAX 1024u

struct azm_environment {
    const struct azm_env *base;
    bool reloaded;
    size_t count;
    struct {
        azm_slice name, value;
    } variables[AZM_ENVIRONMENT_MAX];
    struct azm_arena arena;
    struct azm_env env; /* what readers use */
};

/* base is borrowed. The struct must not move: env points into it. */
void azm_environment_init(struct azm_environment *environment, const struct azm_env *base);
void azm_environment_dispose(struct azm_environment *environment);
/* A reload begins: nothing is set but what follows. */
void azm_environment_reload(struct azm_environment *environment);
/* Copies the variable; past the limits (AZM_ENVIRONMENT_MAX, 256 KiB of text) it is dropped. All are kept, because a
 * binding may name any of them as %NAME%. */
void azm_environment_set(struct azm_environment *environment, azm_slice name, azm_slice value);
