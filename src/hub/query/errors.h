/* The answers of /api/errors, as JSON. docs/API.md describes the fields. */
#pragma once

#include "base/buf.h"
#include "hub/query/params.h"

enum {
    AZM_ERRORS_TAKE = AZM_TAKES_TIME | AZM_TAKES_SERVICE | AZM_TAKES_WORDS | AZM_TAKES_LIST | AZM_TAKES_ORDER,
    AZM_ERROR_TAKES = AZM_TAKES_TIME | AZM_TAKES_LIST,
};

enum azm_status azm_query_errors(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                                 struct azm_error *err) AZM_MUST_CHECK;
/* group: 16 hex digits. AZM_NOT_FOUND. */
enum azm_status azm_query_error(struct azm_reader *reader, azm_slice group, const struct azm_params *params,
                                struct azm_buf *out, struct azm_error *err) AZM_MUST_CHECK;
