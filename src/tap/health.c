#include "tap/health.h"

static struct azm_report_side *side_of(struct azm_health *health, enum azm_side of)
{
    return of == AZM_FROM_WORKER ? &health->report.worker : &health->report.host;
}

void azm_health_blind(struct azm_health *health, enum azm_side of, const char *why, int64_t wall_us)
{
    struct azm_report_side *side = side_of(health, of);
    if (side->blind++ == 0)
        side->blind_since_us = wall_us;
    side->blind_reason = azm_slice_str(why);
    health->changed = true;
}

void azm_health_malformed(struct azm_health *health, enum azm_side of)
{
    side_of(health, of)->malformed++;
    health->changed = true;
}

void azm_health_clock(struct azm_health *health, int64_t mono_us, int64_t wall_us)
{
    int64_t offset_us = (int64_t)((uint64_t)wall_us - (uint64_t)mono_us);
    int64_t jump_us = (int64_t)((uint64_t)offset_us - (uint64_t)health->clock_offset_us);
    bool jumped = health->clock_known && (jump_us > AZM_CLOCK_JUMP_US || jump_us < -AZM_CLOCK_JUMP_US);
    health->clock_known = true;
    health->clock_offset_us = offset_us;
    if (!jumped)
        return;
    health->report.clock_jumps++;
    health->report.clock_jump_us = jump_us;
    health->report.clock_jumped_us = wall_us;
    health->changed = true;
}

void azm_health_functions(struct azm_health *health, size_t known, bool full, uint32_t unreadable)
{
    struct azm_report *report = &health->report;
    if (report->functions == known && report->functions_full == full && report->bad_bindings == unreadable)
        return;
    report->bad_bindings = unreadable;
    health->report.functions = (uint32_t)known;
    health->report.functions_full = full;
    health->changed = true;
}

bool azm_health_due(struct azm_health *health, int64_t mono_us)
{
    if (health->told && !health->changed && mono_us - health->told_us < AZM_HEALTH_TELL_US)
        return false;
    health->told = true;
    health->changed = false;
    health->told_us = mono_us;
    return true;
}
