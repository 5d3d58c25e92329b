/* Request bodies in two, for a server that answers 413. Pure; any thread. Both halves hold what all events share. */
#pragma once

#include "base/buf.h"

/* Intake v2: the metadata line, and the lines behind it. */
bool azm_halve_lines(azm_slice body, struct azm_buf halves[2], uint64_t events[2]);
/* Any Export...ServiceRequest in protobuf: of resources and scopes each half has those of its events. */
bool azm_halve_otlp(azm_slice body, struct azm_buf halves[2], uint64_t events[2]);
