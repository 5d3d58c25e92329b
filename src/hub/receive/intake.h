/* One intake request: its body goes in as it arrives, whatever the encoding; batches for the store come out, and the
 * answer at the end. Does no I/O. Memory: one line, one batch, and zlib's window. */
#pragma once

#include "base/buf.h"
#include "hub/store/batch.h"

/* A batch of this many bytes wants to be committed before more is read. */
enum { AZM_INTAKE_BATCH = 256 * 1024, AZM_INTAKE_ERRORS = 5 };

struct azm_intake;

/* encoding: the Content-Encoding header: "", identity, gzip or deflate. AZM_UNSUPPORTED names any other. */
enum azm_status azm_intake_new(azm_slice encoding, int64_t received_us, struct azm_intake **out,
                               struct azm_error *err) AZM_MUST_CHECK;
void azm_intake_free(struct azm_intake *intake);

/* Takes bytes off the front of *body. AZM_OK: all were taken. AZM_FULL: commit the batch, clear it, then come back with
 * the rest (which may be empty). Never fails otherwise: what is wrong goes into the answer. */
enum azm_status azm_intake_feed(struct azm_intake *intake, azm_slice *body) AZM_MUST_CHECK;
/* The body's end. AZM_FULL as above; AZM_OK: nothing more will come, but the last batch may hold events. */
enum azm_status azm_intake_end(struct azm_intake *intake) AZM_MUST_CHECK;

struct azm_batch *azm_intake_batch(struct azm_intake *intake);
/* The batch holds something. */
bool azm_intake_waits(const struct azm_intake *intake);
/* The batch was committed, or lost: counts its events and empties it. */
void azm_intake_committed(struct azm_intake *intake, enum azm_status status);

/* Writes the body of the answer and returns the HTTP status: 202 when everything was taken (then the body is empty
 * unless verbose), 400 when something was wrong in what was sent, 503 when events could not be stored. */
unsigned azm_intake_answer(const struct azm_intake *intake, bool verbose, struct azm_buf *body);
/* The same form, for a request that is refused before its body. */
void azm_intake_answer_error(const char *text, struct azm_buf *body);
