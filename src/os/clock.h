/* The two clocks, in microseconds. Neither fails, neither blocks; both may be read on any thread. */
#pragma once

#include <stdint.h>

/* Since 1970 UTC. May jump, backwards too: only for the moment at which something is said to have happened. */
int64_t azm_clock_wall_us(void);
/* Since some moment in the past, the same one for all processes until the machine restarts. Never goes back; for
 * durations and timeouts. */
int64_t azm_clock_mono_us(void);
