/* The URL of the request an event is about: redacted once more, split, and completed from the request's headers. */
#pragma once

#include "export/url.h"
#include "trace/transaction.h"

#define AZM_EVENT_URL_MAX 4160u /* bytes of it that are looked at, and room for what redaction writes */

/* out borrows from storage, or from the headers: what a path alone does not say, Host and a front end's
 * X-Forwarded-Proto may. Empty for a request without a URL. */
void azm_event_url(const struct azm_http_context *http, char storage[AZM_EVENT_URL_MAX], struct azm_url *out);
/* The first header field of this name, in any case of letters; ptr NULL when there is none. */
azm_slice azm_event_header(const struct azm_pairs *headers, azm_slice name);
