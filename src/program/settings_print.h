/* The settings, as text for a terminal, as JSON, and as docs/SETTINGS.md. Never a secret. */
#pragma once

#include "base/buf.h"
#include "base/env.h"

/* Each setting with the value in force and where it is from, then the options that have no effect, then the limits. */
void azm_settings_print_table(struct azm_buf *out, const struct azm_env *env);
void azm_settings_print_json(struct azm_buf *out, const struct azm_env *env);
/* The same for every machine: no values in force. */
void azm_settings_print_markdown(struct azm_buf *out);
