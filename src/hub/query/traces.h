/* The answers of /api/traces and /api/logs, as JSON. docs/API.md describes the fields. */
#pragma once

#include "base/buf.h"
#include "hub/query/params.h"

enum {
    AZM_TRACES_TAKE = AZM_TAKES_TIME | AZM_TAKES_SERVICE | AZM_TAKES_ENVIRONMENT | AZM_TAKES_EVENT | AZM_TAKES_WORDS |
                      AZM_TAKES_LIST | AZM_TAKES_ORDER | AZM_TAKES_FOLLOW,
    AZM_LOGS_TAKE = AZM_TAKES_TIME | AZM_TAKES_SERVICE | AZM_TAKES_WORDS | AZM_TAKES_LIST | AZM_TAKES_TRACE,
};

/* One object per trace; ask with after for what comes later. */
enum azm_status azm_query_traces(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                                 struct azm_error *err) AZM_MUST_CHECK;
/* The object of one trace, as that list has it. self: a struct azm_json_writer. False: it did not fit. */
bool azm_query_add_trace(void *self, const struct azm_trace_row *row);
/* Each event names its kind, id, parent_id, times and its resource, and holds the event itself. AZM_NOT_FOUND;
 * AZM_TOO_BIG when out's ceiling is too low. */
enum azm_status azm_query_trace(struct azm_reader *reader, azm_slice trace_id, struct azm_buf *out,
                                struct azm_error *err) AZM_MUST_CHECK;
enum azm_status azm_query_logs(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                               struct azm_error *err) AZM_MUST_CHECK;
