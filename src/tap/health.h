/* What a session knows of its own eyes: which direction it cannot follow any more and since when, messages that made no
 * sense, a wall clock that jumped. Told to the ring as a report (ring/report.h). Values and the caller's clocks, no
 * I/O.
 */
#pragma once

#include "ring/report.h"
#include "tap/observe.h"

#define AZM_CLOCK_JUMP_US  2000000  /* less is a clock being corrected */
#define AZM_HEALTH_TELL_US 60000000 /* told again after so long, for an agent that came later */

struct azm_health {
    struct azm_report report;
    int64_t clock_offset_us; /* wall clock over monotonic clock, at the last look */
    bool clock_known;
    bool told, changed;
    int64_t told_us;
};

/* why: lives for ever. */
void azm_health_blind(struct azm_health *health, enum azm_side of, const char *why, int64_t wall_us);
void azm_health_malformed(struct azm_health *health, enum azm_side of);
/* Once a second, with both clocks of the same moment. Both ways count: a machine that slept wakes with a jump ahead. */
void azm_health_clock(struct azm_health *health, int64_t mono_us, int64_t wall_us);
void azm_health_functions(struct azm_health *health, size_t known, bool full, uint32_t unreadable);
/* True: there is news, or it is time to say it again; the report counts as told from here on. */
bool azm_health_due(struct azm_health *health, int64_t mono_us);
