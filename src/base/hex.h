/* Lower-case hexadecimal, as W3C trace context and Elastic's ids want it. */
#pragma once

#include "base/slice.h"

/* Writes 2 * n characters, no NUL. */
void azm_hex_encode(const uint8_t *bytes, size_t n, char *out);
/* Exactly 2 * n lower-case digits become n bytes. False (out untouched or half written) for anything else. */
bool azm_hex_decode(azm_slice text, uint8_t *out, size_t n);
