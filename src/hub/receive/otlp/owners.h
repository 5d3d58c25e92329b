/* Whose part a span, an error or a log is: OTLP tells its parent only. Inside src/hub/receive/otlp only. */
#pragma once

#include "hub/store/batch.h"

/* Fills transaction_id of spans, errors and logs, and operation of errors, in their JSON, too, where the transaction
 * came in the same request from the same resource, as most SDKs send them. Others stay as they are: a trace's tree
 * needs only parents.
 */
void azm_otlp_find_owners(struct azm_batch *batch);
