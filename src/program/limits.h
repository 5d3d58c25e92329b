/* The fixed limits of all parts, as `azimuth settings` and docs/SETTINGS.md tell them: the numbers are those of the
 * code, so a row cannot be wrong. A new limit that a user may meet is a new row. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum azm_limit_unit { AZM_LIMIT_COUNT, AZM_LIMIT_BYTES, AZM_LIMIT_CHARACTERS, AZM_LIMIT_MS };

struct azm_limit {
    const char *name;
    uint64_t value;
    enum azm_limit_unit unit;
    const char *beyond; /* what happens with more */
};
extern const struct azm_limit azm_limit_table[];
extern const size_t azm_limit_count;

/* "768 KiB", "500 ms", "4,096"; out as printf's. */
void azm_limit_text(const struct azm_limit *limit, char *out, size_t size);
