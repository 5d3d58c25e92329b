/* What holds and what is wrong on this machine, for one user's run folder: from status files, rings (also when no agent
 * runs), the agent's log, and the environment. Only looks: makes, changes and removes nothing. The result is one JSON
 * object (docs/STATUS.md) without secrets, and what the program prints is made of it. */
#pragma once

#include <jansson.h>

#include "base/env.h"

struct azm_doctor_options {
    const struct azm_env *env;
    const char *run_dir; /* absolute; NULL: as env says */
    const char *app_dir; /* a Functions app, looked at when it holds a host.json; NULL: none */
};

enum azm_doctor_verdict { AZM_DOCTOR_WELL, AZM_DOCTOR_PROBLEMS, AZM_DOCTOR_NOTHING };

/* The caller's to release. */
json_t *azm_doctor_examine(const struct azm_doctor_options *options, enum azm_doctor_verdict *verdict);
