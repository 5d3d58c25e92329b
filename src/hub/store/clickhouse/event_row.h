/* An event, a sample, a process as rows of ClickHouse's tables (tables.h), in JSON. */
#pragma once

#include "hub/store/batch.h"

/* What a row says beside the event itself. */
struct azm_event_place {
    const char *date; /* of arrival */
    int64_t process, seq;
    azm_slice id; /* the event's, or what stands for it */
    uint64_t key; /* azm_event_key */
};

/* The process that sent a batch, as a number: the same for all hubs, and exact in JavaScript. */
int64_t azm_process_number(azm_slice metadata);
/* What tells events apart: trace, id and process. */
uint64_t azm_event_key(azm_slice trace_id, azm_slice id, int64_t process);

void azm_row_event(struct azm_buf *out, const struct azm_event *event, const struct azm_batch *batch,
                   const struct azm_event_place *place);
void azm_row_sample(struct azm_buf *out, const struct azm_sample *sample, int64_t process, const char *date);
void azm_row_process(struct azm_buf *out, const struct azm_batch *batch, int64_t process, const char *date);
