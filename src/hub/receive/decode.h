/* One line of an intake request becomes one event. Foreign bytes end here: what comes out is checked against the
 * shapes (shape.h), is JSON, and is valid UTF-8. */
#pragma once

#include "hub/store/batch.h"

/* A line longer than this is rejected, as APM Server's max_event_size does by default. */
enum { AZM_LINE_MAX = 307200 };

/* The first line. Sets the batch's metadata. AZM_BAD_INPUT with a sentence for the sender. */
enum azm_status azm_decode_metadata(azm_slice line, struct azm_batch *batch, struct azm_error *err) AZM_MUST_CHECK;
/* The same of a line that a hub exported (hub/exchange/export.h): shape.h tells what may differ. */
enum azm_status azm_decode_exported_metadata(azm_slice line, struct azm_batch *batch,
                                             struct azm_error *err) AZM_MUST_CHECK;
/* Any other line. Adds an event to the batch, or the samples of a metricset.
 * Events without a time get batch->received_us. */
enum azm_status azm_decode_event(azm_slice line, struct azm_batch *batch, struct azm_error *err) AZM_MUST_CHECK;
enum azm_status azm_decode_exported_event(azm_slice line, struct azm_batch *batch,
                                          struct azm_error *err) AZM_MUST_CHECK;
