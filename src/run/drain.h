/* What the workers of a run wrote last shall arrive although the host has killed them together with their taps, maybe
 * before one of them had started an agent: it does so only after its first second. */
#pragma once

#include "base/env.h"

/* Starts an agent where a ring is left, for some seconds; one that is at work already goes on alone. env: for the run
 * folder. program: path of azimuth. Nobody is told of a failure: the next agent finds the ring again. */
void azm_run_drain(const struct azm_env *env, const char *program);
