#include "hub/query/answer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

void azm_answer_text(struct azm_json_writer *json, azm_slice key, azm_slice text)
{
    if (text.len)
        azm_json_string(azm_json_key(json, key), text);
}

void azm_answer_int(struct azm_json_writer *json, azm_slice key, int64_t value)
{
    azm_json_int(azm_json_key(json, key), value);
}

void azm_answer_count(struct azm_json_writer *json, azm_slice key, double value)
{
    azm_json_double(azm_json_key(json, key), round(value * 1000) / 1000);
}

void azm_answer_ratio(struct azm_json_writer *json, azm_slice key, double part, double rest)
{
    azm_json_key(json, key);
    if (part + rest > 0)
        azm_json_double(json, round(part / (part + rest) * 1e6) / 1e6);
    else
        azm_json_null(json);
}

void azm_answer_next(struct azm_json_writer *json, struct azm_cursor next)
{
    char text[48];
    int n = snprintf(text, sizeof text, "%" PRId64 ".%" PRId64, next.value, next.rank);
    azm_json_key(json, AZM_S("next"));
    if (next.used)
        azm_json_string(json, azm_slice_of(text, (size_t)n));
    else
        azm_json_null(json);
}

void azm_answer_group(struct azm_json_writer *json, azm_slice key, uint64_t group)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, group);
    azm_json_string(azm_json_key(json, key), azm_slice_of(text, 16));
}

azm_slice azm_answer_outcome(enum azm_outcome outcome)
{
    switch (outcome) {
    case AZM_OUTCOME_SUCCESS: return AZM_S("success");
    case AZM_OUTCOME_FAILURE: return AZM_S("failure");
    case AZM_OUTCOME_UNKNOWN: return AZM_S("unknown");
    }
    return AZM_S("unknown");
}

enum azm_status azm_answer_done(const struct azm_buf *out, enum azm_status status, struct azm_error *err)
{
    return status == AZM_OK && out->failed ? azm_fail(err, AZM_TOO_BIG, "the answer is larger than %zu bytes", out->max)
                                           : status;
}

void azm_answer_range(const struct azm_params *params, int64_t usual_us, int64_t *since_us, int64_t *until_us)
{
    *until_us = params->until_us ? params->until_us : params->now_us;
    *since_us = params->since_us ? params->since_us : *until_us - usual_us;
}
