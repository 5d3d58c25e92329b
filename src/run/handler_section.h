/* Whether an app on a developer's machine has a custom handler: the section of its host.json that names one. */
#pragma once

#include "base/arena.h"

#define AZM_HOST_JSON_MAX ((size_t)1 << 20)

/* "customHandler", "httpWorker" (the older one, where there is no other), or NULL: it has none, or its host.json cannot
 * be read, which is the host's to say. */
const char *azm_run_handler_section(const char *folder, struct azm_arena *arena);
