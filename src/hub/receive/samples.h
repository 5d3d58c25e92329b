/* The numbers of a metricset of intake v2. */
#pragma once

#include "hub/store/batch.h"

#include <jansson.h>

/* Adds them to the batch: a number as it is, a histogram as NAME.count and NAME.sum. The metricset was checked
 * (shape.h). */
void azm_unpack_metricset(const json_t *metricset, struct azm_batch *batch);
