/* A Functions app on a developer's machine: what `azimuth run -- func start` would do there. */
#pragma once

#include <jansson.h>

#include "base/env.h"

/* { "folder", "language", "settings": [names that would be set], "problems" }; NULL when the folder holds no host.json.
 * The caller's to release. */
json_t *azm_doctor_app(const char *folder, const struct azm_env *env);
