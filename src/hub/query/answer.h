/* Pieces of the answers' JSON. Inside src/hub/query only. */
#pragma once

#include "hub/query/params.h"
#include "hub/store/histogram.h"
#include "json/write.h"

/* Leaves empty text out. */
void azm_answer_text(struct azm_json_writer *json, azm_slice key, azm_slice text);
void azm_answer_int(struct azm_json_writer *json, azm_slice key, int64_t value);
/* Counts are weighted: written with three decimals at most. */
void azm_answer_count(struct azm_json_writer *json, azm_slice key, double value);
/* failed / (failed + ok); null without either. */
void azm_answer_ratio(struct azm_json_writer *json, azm_slice key, double part, double rest);
/* "next": a cursor, or null. */
void azm_answer_next(struct azm_json_writer *json, struct azm_cursor next);
void azm_answer_group(struct azm_json_writer *json, azm_slice key, uint64_t group);
azm_slice azm_answer_outcome(enum azm_outcome outcome);
/* AZM_TOO_BIG when the answer did not fit. */
enum azm_status azm_answer_done(const struct azm_buf *out, enum azm_status status, struct azm_error *err);
/* since and until with their defaults: the hour (or so long) before now. */
void azm_answer_range(const struct azm_params *params, int64_t usual_us, int64_t *since_us, int64_t *until_us);
