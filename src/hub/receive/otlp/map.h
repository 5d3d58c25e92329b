/* From OTLP to the store's events: the same for both encodings. A span is a transaction when it has no parent, or is of
 * kind SERVER or CONSUMER; what is an event of a span becomes an error or a log; data points become samples. raw is
 * what intake v2 would have carried, with everything else as otel.attributes. Sources: apm-data's OTLP input; the
 * semantic conventions, new names and old ones. */
#pragma once

#include "hub/receive/otlp/model.h"
#include "hub/store/batch.h"

struct azm_otlp_map;

struct azm_otlp_rejected {
    uint64_t count;
    char reason[200]; /* of the first */
};

struct azm_otlp_map *azm_otlp_map_new(int64_t received_us);
void azm_otlp_map_free(struct azm_otlp_map *map);
/* Where a decoder tells what it finds. Lives as long as the map. */
const struct azm_otlp_sink *azm_otlp_map_sink(struct azm_otlp_map *map);
/* One batch for each resource that had something; borrowed from the map. */
size_t azm_otlp_map_batches(struct azm_otlp_map *map, struct azm_batch ***batches);
const struct azm_otlp_rejected *azm_otlp_map_rejected(const struct azm_otlp_map *map);
