/* What a ring carries: records in protobuf wire format (schema: record.md beside this file). Field numbers are never
 * reused; a reader skips unknown fields. Nothing here allocates but the arena a reader is given. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "ring/report.h"
#include "trace/source.h"

#define AZM_RECORD_MAX 65536u /* bytes of one record */

enum azm_record_kind {
    AZM_RECORD_SOURCE = 1, /* metadata and destination for all records after it in this ring */
    AZM_RECORD_TRANSACTION = 2,
    AZM_RECORD_SPAN = 3,  /* reserved */
    AZM_RECORD_ERROR = 4, /* of no invocation */
    AZM_RECORD_LOG = 5,
    AZM_RECORD_NOTE = 6,   /* a line for the agent's log: what the writer could not say itself */
    AZM_RECORD_REPORT = 7, /* what the writer tells of itself; the last one counts */
    AZM_RECORD_INFO = 8,   /* as NOTE, of something that is as it should be */
};

/* Appends the encoded record; out->failed when it does not fit its ceiling. Writers keep out a fixed buf. What is left
 * out of the struct (ptr NULL, no id, AZM_UNSET, a negative rate) is left out of the record; an empty text is kept. */
void azm_record_put_source(struct azm_buf *out, const struct azm_source *source);
void azm_record_put_transaction(struct azm_buf *out, const struct azm_transaction *transaction);
void azm_record_put_error(struct azm_buf *out, const struct azm_error_event *error);
void azm_record_put_log(struct azm_buf *out, const struct azm_log_event *log);
void azm_record_put_note(struct azm_buf *out, azm_slice line);
void azm_record_put_report(struct azm_buf *out, const struct azm_report *report);

/* Slices of the result borrow from `record` or lie in the arena. AZM_BAD_INPUT when torn, or when an id or number does
 * not fit; AZM_NO_MEMORY when the arena's ceiling is reached. Texts are any bytes: not checked to be UTF-8. */
enum azm_status azm_record_get_source(azm_slice record, struct azm_arena *arena, struct azm_source *out) AZM_MUST_CHECK;
enum azm_status azm_record_get_transaction(azm_slice record, struct azm_arena *arena,
                                           struct azm_transaction *out) AZM_MUST_CHECK;
enum azm_status azm_record_get_error(azm_slice record, struct azm_arena *arena,
                                     struct azm_error_event *out) AZM_MUST_CHECK;
enum azm_status azm_record_get_log(azm_slice record, struct azm_arena *arena, struct azm_log_event *out) AZM_MUST_CHECK;
enum azm_status azm_record_get_note(azm_slice record, azm_slice *line) AZM_MUST_CHECK;
enum azm_status azm_record_get_report(azm_slice record, struct azm_report *out) AZM_MUST_CHECK;
