/* What an earlier agent left in the spool's folder: batches, each in a file named "<20 digits>.batch". */
#pragma once

#include "agent/segment.h"
#include "trace/source.h"

struct azm_leftover {
    uint64_t serial, file_bytes;
    struct azm_segment segment;
    const struct azm_destination *destination; /* NULL: the file is damaged, and segment may be so, too */
};

/* Everything is borrowed until it returns. */
typedef void azm_leftover_visit(void *self, const struct azm_leftover *leftover);

/* Visits each batch, in no order. What cannot be read, or was written by another version of Azimuth, is left alone, and
 * what a killed agent was about to write is removed. Makes the folder where there is none. *next: raised above the
 * number of every batch that is there. */
enum azm_status azm_leftovers_read(const char *dir, uint64_t *next, azm_leftover_visit *visit, void *self,
                                   struct azm_error *err) AZM_MUST_CHECK;
