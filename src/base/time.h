/* Time as a value: int64_t microseconds since 1970 UTC, without leap seconds. Reading a clock is src/os' business. */
#pragma once

#include "base/slice.h"

#define AZM_TIME_TEXT 28 /* bytes for azm_time_format, with its NUL */

/* Writes "2026-11-23T08:12:57.123456Z" to out and returns its length. Times outside years 1..9999 are clamped. */
size_t azm_time_format(int64_t time_us, char out[AZM_TIME_TEXT]);

/* RFC 3339, also with a space for the T, up to 9 fraction digits (cut to µs), 'Z', 'z' or an offset, or none of them
 * (then UTC). */
enum azm_status azm_time_parse(azm_slice text, int64_t *time_us) AZM_MUST_CHECK;
