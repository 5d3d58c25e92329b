/* The answers of /api/traces, as JSON. docs/API.md describes the fields. */
#pragma once

#include "base/buf.h"
#include "hub/store/reader.h"

/* {"traces": [...], "cursor": N}: one object per trace; ask with after=N for what comes later. */
enum azm_status azm_query_traces(struct azm_reader *reader, const struct azm_trace_filter *filter, struct azm_buf *out,
                                 struct azm_error *err) AZM_MUST_CHECK;
/* {"trace": {...}, "events": [...], "resources": {"1": {...}}}. Each event names its kind, id, parent_id, times and its
 * resource, and holds the event itself. AZM_NOT_FOUND; AZM_TOO_BIG when out's ceiling is too low. */
enum azm_status azm_query_trace(struct azm_reader *reader, azm_slice trace_id, struct azm_buf *out,
                                struct azm_error *err) AZM_MUST_CHECK;
