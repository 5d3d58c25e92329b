/* What Azimuth's own processes say about themselves. A line: what happened, to what, what we did. Written once, by
 * whoever handles it. Foreign text is cut to length by the caller (azm_slice_take), secrets never get here.
 * Code in the customer's process and the tap's byte path do not log at all; the tap counts instead. */
#pragma once

#include <stdbool.h>

#include "base/attr.h"

#define AZM_LOG_LEVEL_MAP(X) X(ERROR, "error") X(WARN, "warning") X(INFO, "info") X(DEBUG, "debug") X(TRACE, "trace")
#define AZM_LOG_AREA_MAP(X)                                                                                            \
    X(TAP, "tap")                                                                                                      \
    X(RING, "ring") X(AGENT, "agent") X(EXPORT, "export") X(HUB, "hub") X(RUN, "run") X(SETTINGS, "settings")

enum azm_log_level {
    AZM_LOG_OFF = -1,
#define AZM_LOG_LEVEL_NAME(name, text) AZM_LOG_##name,
    AZM_LOG_LEVEL_MAP(AZM_LOG_LEVEL_NAME)
#undef AZM_LOG_LEVEL_NAME
};

enum azm_log_area {
#define AZM_LOG_AREA_NAME(name, text) AZM_AREA_##name,
    AZM_LOG_AREA_MAP(AZM_LOG_AREA_NAME)
#undef AZM_LOG_AREA_NAME
};

/* Takes whole lines without a newline. Called under a lock, from any thread. */
typedef void azm_log_sink(void *self, enum azm_log_level level, const char *line);

/* The default: WARN and worse to stderr. sink NULL keeps stderr. */
void azm_log_setup(enum azm_log_level level, azm_log_sink *sink, void *self);
/* "trace".."error", "critical" (as error), "off"; false for anything else. */
bool azm_log_level_parse(const char *text, enum azm_log_level *out);
bool azm_log_on(enum azm_log_level level, enum azm_log_area area);
void azm_log_write(enum azm_log_level level, enum azm_log_area area, const char *fmt, ...) AZM_PRINTF(3, 4);

#define azm_log(level, area, ...)                                                                                      \
    do {                                                                                                               \
        if (azm_log_on(AZM_LOG_##level, AZM_AREA_##area))                                                              \
            azm_log_write(AZM_LOG_##level, AZM_AREA_##area, __VA_ARGS__);                                              \
    } while (0)
