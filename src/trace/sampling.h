/* The rate at which traces are sampled: how it is read, rounded, written and applied.
 * Source: elastic/apm specs, tracing-sampling.md. */
#pragma once

#include "base/buf.h"
#include "base/random.h"

/* A decimal number from 0 to 1, nothing around it: "0.25", "1", "1e-3". Not rounded. False for anything else. */
bool azm_sample_rate_parse(azm_slice text, double *out);
/* To four decimals, half away from zero; but what is above 0 stays above 0. rate: 0..1. */
double azm_sample_rate_round(double rate);
/* Rounded, without zeros at the end: "0.25", "1", "0". rate: 0..1. */
void azm_sample_rate_write(struct azm_buf *out, double rate);
/* By chance, for a trace that begins here: always at 1, never at 0. */
bool azm_sample(double rate, struct azm_random *random);
