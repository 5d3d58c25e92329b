/* A doctor's report as lines for a terminal. */
#pragma once

#include <jansson.h>

#include "program/terminal.h"

void azm_doctor_text(const struct azm_terminal *terminal, const json_t *report, struct azm_buf *out);
