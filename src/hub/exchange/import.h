/* What was exported comes back: lines of intake v2, with as many metadata lines as there are processes, or OTLP JSON,
 * as lines or as one request. Told apart line by line, by their first key. */
#pragma once

#include "base/buf.h"
#include "hub/store/batch.h"

struct azm_import;

enum { AZM_IMPORT_ERRORS = 20, AZM_IMPORT_TRACES = 1000 };

/* NULL: no memory. received_us: the time of events that have none. */
struct azm_import *azm_import_new(int64_t received_us);
void azm_import_free(struct azm_import *import);
/* The whole body, unpacked; once. What is wrong goes into the answer, the rest is kept. */
void azm_import_read(struct azm_import *import, azm_slice body);
/* Something is wrong with all of it. */
void azm_import_fail(struct azm_import *import, const char *message);
/* What is to be stored; borrowed from the import. */
size_t azm_import_batches(struct azm_import *import, struct azm_batch ***batches);
/* {"traces": [...], "accepted": N, "errors": [{"line", "message"}]}, and "error" with the first of them: at most
 * AZM_IMPORT_TRACES and AZM_IMPORT_ERRORS. stored: the batches were. Returns the HTTP status: 200; 400 when something
 * was wrong; 503 when it could not be stored. */
unsigned azm_import_answer(const struct azm_import *import, bool stored, struct azm_buf *out);
