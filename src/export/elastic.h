/* Elastic's intake v2: newline-delimited JSON, one metadata line and then a line per event. What each field means and
 * how long it may be: intake v2 schemas (elastic/apm-data), elastic/apm specs. Limits count characters; text that is
 * too long ends in U+2026. */
#pragma once

#include "export/exporter.h"

#define AZM_ELASTIC_EVENT_MAX 307200u /* bytes of a line: what a server accepts by default (max_event_size) */

void azm_elastic_metadata(struct azm_buf *out, const struct azm_source *source);
/* One line with its newline, and before it one for its exception, if it has one. Returns how many; what has no ids or
 * would be longer than AZM_ELASTIC_EVENT_MAX is left out. */
unsigned azm_elastic_transaction(struct azm_buf *out, const struct azm_transaction *transaction);
/* One line; none without an id, or as above. */
unsigned azm_elastic_error_event(struct azm_buf *out, const struct azm_error_event *error);
/* One line; none without any text, or as above. */
unsigned azm_elastic_log(struct azm_buf *out, const struct azm_log_event *log);
/* Its exception's line alone. False: it has none, or as above. */
bool azm_elastic_error(struct azm_buf *out, const struct azm_transaction *transaction);
