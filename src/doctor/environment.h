/* What the settings in an environment would do to a process that is started with it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/env.h"

/* Finds switches that are off, settings that are ignored, protocols that are not spoken. anything_seen: then nobody
 * need be told that this environment alone names no server. */
void azm_environment_check(json_t *report, const struct azm_env *env, bool anything_seen);
