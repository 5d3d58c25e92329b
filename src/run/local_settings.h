/* The app's own settings on a developer's machine, local.settings.json: Core Tools puts its Values into the host's
 * environment, but never over a variable that is set already. So what `azimuth run` sets would hide them. */
#pragma once

#include "base/arena.h"
#include "base/env.h"

#define AZM_LOCAL_SETTINGS_MAX ((size_t)4 << 20)

struct azm_local_settings {
    bool encrypted; /* values are cipher text: only the names tell something */
    struct azm_env env;
};

/* Comments and a byte order mark are allowed, as Core Tools does. What is found lies in the arena. what: the text's
 * name for the sentence of a failure; out is then empty, but usable. */
enum azm_status azm_local_settings_parse(azm_slice text, const char *what, struct azm_arena *arena,
                                         struct azm_local_settings *out, struct azm_error *err) AZM_MUST_CHECK;
/* The same from folder/local.settings.json; a folder without one has no settings, and that is AZM_OK. */
enum azm_status azm_local_settings_load(const char *folder, struct azm_arena *arena, struct azm_local_settings *out,
                                        struct azm_error *err) AZM_MUST_CHECK;
