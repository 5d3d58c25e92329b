/* What a request for traces asks for, from its query string. */
#pragma once

#include "hub/store/reader.h"

/* One parameter. AZM_BAD_INPUT names it and what was expected; a name that is not known is bad, too.
 * service=NAME, id=PREFIX, limit=1..1000, after=CURSOR, since=TIME, where TIME is microseconds since 1970, RFC 3339, or
 * an age: 30s, 15m, 24h, 7d. Text is borrowed. */
enum azm_status azm_filter_set(struct azm_trace_filter *filter, azm_slice name, azm_slice value, int64_t now_us,
                               struct azm_error *err) AZM_MUST_CHECK;
/* With the defaults: the last 50. */
void azm_filter_init(struct azm_trace_filter *filter);
