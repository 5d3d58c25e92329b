/* Where in a partition the events of a time lie: for each minute, by the start of events, the first and the last seq.
 * So conditions on the time bound what of an index is read. Inside src/hub/store only. */
#pragma once

#include "hub/store/statement.h"

struct azm_marks {
    struct azm_statement write;
    int64_t minute, first, last; /* not written yet; last 0: nothing */
};

/* To be prepared again for each partition. */
enum azm_status azm_marks_prepare(struct azm_marks *marks, struct sqlite3 *db, int64_t partition,
                                  struct azm_error *err) AZM_MUST_CHECK;
void azm_marks_dispose(struct azm_marks *marks);
enum azm_status azm_marks_add(struct azm_marks *marks, int64_t start_us, int64_t seq,
                              struct azm_error *err) AZM_MUST_CHECK;
/* After the last event of a batch. */
enum azm_status azm_marks_flush(struct azm_marks *marks, struct azm_error *err) AZM_MUST_CHECK;

struct azm_seq_range {
    int64_t first, last;
};

/* s: azm_marks_sql, prepared. Events that began from since_us to until_us (0: no limit) lie in the range; first > last:
 * there is none. */
extern const char azm_marks_sql[];
enum azm_status azm_marks_range(struct azm_statement *s, int64_t since_us, int64_t until_us,
                                struct azm_seq_range *range, struct azm_error *err) AZM_MUST_CHECK;

/* Gives partitions that an older version made what they lack. Where in them a time lies stays unknown: the range is
 * all. */
enum azm_status azm_marks_complete(struct sqlite3 *db, struct azm_error *err) AZM_MUST_CHECK;
