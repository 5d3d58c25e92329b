/* What must not leave the process: values of header fields and query parameters that are secrets.
 * Sources: elastic/apm specs, sanitization.md; the function key ("code") is ours; the other
 * parameters, "sig" of a SAS among them, OpenTelemetry's semantic conventions for url.query. */
#pragma once

#include "base/buf.h"

#define AZM_REDACTED AZM_S("[REDACTED]")

/* Elastic's default for sanitize_field_names, and App Service's client certificate. */
#define AZM_SANITIZE_DEFAULT                                                                                           \
    "password, passwd, pwd, secret, *key, *token*, *session*, *credit*, *card*, *auth*, set-cookie, cookie, "          \
    "*principal*, x-arr-clientcert"

/* patterns: comma-separated wildcards (base/wildcard.h). Cookies and the client certificate are secret whatever the
 * patterns say. */
bool azm_redact_is_secret(azm_slice name, azm_slice patterns);

/* Appends the URL with the values of "code", "sig", "Signature", "AWSAccessKeyId", "X-Goog-Signature" and "X-Amz-" with
 * "Signature", "Credential" or "Security-Token" replaced (names in any case, percent-encoded or not) and without
 * "user:password@". Parameters of a URL inside a parameter and behind a '#' are looked at too. Not a parser: what is no
 * URL passes, with the same two rules. */
void azm_redact_url(struct azm_buf *out, azm_slice url);

/* A header field's value may hold a URL with such parameters (x-original-url, location, referer): then it goes through
 * azm_redact_url as well. */
static inline bool azm_redact_has_query(azm_slice value)
{
    return azm_slice_find(value, '?') < value.len;
}
