/* Text limits count Unicode characters, not bytes (Elastic's schemas: maxLength). */
#pragma once

#include "base/buf.h"

/* Bytes of the longest valid UTF-8 character at the front of s, 0 when the first byte does not begin one. */
size_t azm_utf8_char(azm_slice s);
/* All of s is valid UTF-8. */
bool azm_utf8_is_valid(azm_slice s);
/* The front of s that is no longer than max characters; invalid bytes count as one each. */
azm_slice azm_utf8_take(azm_slice s, size_t max_chars);
/* Appends s with invalid bytes replaced by U+FFFD, cut to max characters, the last one U+2026 when it was cut
 * (Elastic's truncation rule). */
void azm_utf8_add(struct azm_buf *out, azm_slice s, size_t max_chars);
