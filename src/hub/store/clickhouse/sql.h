/* Pieces of ClickHouse's SQL. Foreign text gets into a statement through azm_sql_text alone. */
#pragma once

#include "hub/store/reader.h"

/* A literal: quoted, with all that could end it escaped. */
void azm_sql_text(struct azm_buf *sql, azm_slice text);
/* " AND column = 'text'"; nothing when text is empty. */
void azm_sql_equal(struct azm_buf *sql, const char *column, azm_slice text);
/* " AND ..." for each condition on an event, durations too; not its times. AZM_BAD_INPUT as azm_words_match says. */
enum azm_status azm_sql_event(struct azm_buf *sql, const struct azm_event_filter *filter,
                              struct azm_error *err) AZM_MUST_CHECK;
/* " AND ..." for events that began in that time; 0: no bound. */
void azm_sql_times(struct azm_buf *sql, int64_t since_us, int64_t until_us);
