/* Named values of a request, an answer or a message on their way into an invocation: secrets are replaced before they
 * are kept anywhere. */
#pragma once

#include "tap/header_names.h"
#include "tap/invocations.h"

/* Each into *kept, one behind the other; redacted by name, and of URLs in values the secret parameters. */
void azm_keep_fields(struct azm_header_names *names, struct azm_invocation *invocation, struct azm_kept_headers *kept,
                     struct azm_pairs fields);
/* The URL without its secrets. */
azm_slice azm_keep_url(struct azm_invocation *invocation, azm_slice url);
