/* Which header fields are secrets, remembered by name: an app sees the same few dozen names for ever, and matching each
 * against Elastic's patterns every time would cost more than all the rest of an invocation. One thread, fixed memory.
 */
#pragma once

#include "base/slice.h"

#define AZM_HEADER_NAMES 256u
#define AZM_HEADER_NAME  47u /* longer names are judged anew each time */

struct azm_header_names {
    azm_slice patterns; /* borrowed: sanitize_field_names, comma-separated */
    struct {
        uint8_t len, secret;
        char name[AZM_HEADER_NAME];
    } slots[AZM_HEADER_NAMES];
};

/* Forgets what was remembered. patterns must outlive the use. */
void azm_header_names_init(struct azm_header_names *names, azm_slice patterns);
/* True when the field's value must not be kept. */
bool azm_header_is_secret(struct azm_header_names *names, azm_slice name);
