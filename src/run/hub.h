/* The hub that `azimuth run` shows traces in: one that answers already is used again, else one is started, which
 * outlives us. */
#pragma once

#include "base/arena.h"
#include "base/env.h"

#define AZM_RUN_HUB_PORT 8200u

enum azm_run_hub_answer { AZM_RUN_HUB_NOBODY, AZM_RUN_HUB_OURS, AZM_RUN_HUB_FOREIGN };

/* Who answers on 127.0.0.1:port. Takes 2 s at most; who accepts and says nothing is foreign. */
enum azm_run_hub_answer azm_run_hub_probe(unsigned port);

/* Where the user's hub is: on the port that the last one started by `azimuth run` noted in the run folder, while it
 * answers there, else on the usual port. Takes 2 s at most. */
unsigned azm_run_hub_port(const struct azm_env *env);

struct azm_run_hub_options {
    const struct azm_env *env; /* for the run folder, where the port of a hub of ours is kept that had to be another */
    const char *program;       /* path of azimuth, which is the hub too */
    unsigned port;             /* wanted */
};

struct azm_run_hub {
    unsigned port;
    bool moved; /* another program has the wanted port */
};

/* Blocks until a hub answers, some 10 s at most. AZM_IO or AZM_TIMEOUT say why there is none. */
enum azm_status azm_run_hub_find(const struct azm_run_hub_options *options, struct azm_arena *arena,
                                 struct azm_run_hub *out, struct azm_error *err) AZM_MUST_CHECK;
