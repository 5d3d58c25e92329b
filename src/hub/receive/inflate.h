/* A whole compressed body at once. */
#pragma once

#include "base/buf.h"

/* gzip or zlib, whatever its head says; gzip members may follow each other. out's ceiling bounds the result:
 * AZM_TOO_BIG. AZM_BAD_INPUT: the body is broken, or ends too early. */
enum azm_status azm_inflate(azm_slice body, struct azm_buf *out, struct azm_error *err) AZM_MUST_CHECK;
