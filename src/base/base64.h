/* Base64 with padding (RFC 4648, section 4), as JSON holds bytes. */
#pragma once

#include "base/buf.h"

#define AZM_BASE64_SIZE(n) (((n) + 2) / 3 * 4) /* characters for n bytes */

void azm_base64_encode(struct azm_buf *out, azm_slice bytes);
/* Room for text.len / 4 * 3 bytes is needed at out. AZM_BAD_INPUT for anything but whole groups of four, properly
 * padded, without white space; nothing is promised about out then. */
enum azm_status azm_base64_decode(azm_slice text, char *out, size_t *out_len) AZM_MUST_CHECK;
