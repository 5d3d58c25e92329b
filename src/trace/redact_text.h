/* Secrets in text that nobody made for us: what a worker wrote before it died. */
#pragma once

#include "trace/redact.h"

/* Appends text with "[REDACTED]" in place of
 * - the value of "name=value" and "name: value" where the name is one that AZM_SANITIZE_DEFAULT knows, or "sig" or
 *   "code" before an equals sign (connection strings, SAS, function keys, quoted or not);
 * - what follows "Bearer" and "Basic";
 * - "user:password" before the '@' of a URL.
 * Not a parser: it errs on the side of hiding, but leaves names of exceptions and files alone ("AuthError: it broke",
 * "auth.js:10:5"). */
void azm_redact_text(struct azm_buf *out, azm_slice text);
