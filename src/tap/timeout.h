/* After how long the host gives up on an invocation: functionTimeout.
 * Source: the host's ScriptJobHostOptionsSetup (defaults and bounds of the plans) and .NET's TimeSpan. */
#pragma once

#include "base/env.h"

/* Microseconds; 0: the host never gives up, or refuses the value and will not run the app, or it is not known.
 * host_json: the text of host.json's functionTimeout, ptr NULL where there is none; known: that file was read. The app
 * setting AzureFunctionsJobHost__functionTimeout goes before it; without either it is 5 minutes in a Consumption plan
 * and 30 minutes in every other one. */
int64_t azm_timeout_of(const struct azm_env *env, bool known, azm_slice host_json);

/* "[-][d.]hh:mm[:ss[.fraction]]" or "[-]d", blanks around it allowed. False: it has none of these forms, or a part of
 * it is out of its range. */
bool azm_timeout_read(azm_slice text, int64_t *out_us);
