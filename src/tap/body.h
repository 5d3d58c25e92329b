/* The body of a request or message, where a setting asks for it (ELASTIC_APM_CAPTURE_BODY). Only text is kept: bytes
 * that are no UTF-8, or hold a NUL, are not. Of a form (application/x-www-form-urlencoded) the values of secret fields
 * are replaced; of everything else nothing is. Source: Elastic's specification, capture_body and sanitize_field_names.
 */
#pragma once

#include "tap/header_names.h"
#include "tap/invocations.h"
#include "trace/settings.h"

/* Copies it; nothing where there is no memory. content_type: of an HTTP request; ptr NULL: not known. */
void azm_body_keep(struct azm_header_names *names, struct azm_invocation *invocation, azm_slice content_type,
                   azm_slice body);
/* Into the HTTP request of a transaction, or its message, as far as the setting wants it for this outcome. */
void azm_body_tell(const struct azm_invocation *invocation, enum azm_capture_body wanted, bool message,
                   struct azm_transaction *transaction);
