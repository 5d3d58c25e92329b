/* Traces as lines of text. */
#pragma once

#include "program/terminal.h"

struct json_t;

/* The table's head, and one line per trace of /api/traces. */
void azm_trace_text_head(const struct azm_terminal *terminal, struct azm_buf *out);
void azm_trace_text_row(const struct azm_terminal *terminal, const struct json_t *trace, struct azm_buf *out);
/* An answer of /api/traces/{id}: two lines about the trace, then one per event with a bar. */
void azm_trace_text_waterfall(const struct azm_terminal *terminal, const struct json_t *answer, struct azm_buf *out);
