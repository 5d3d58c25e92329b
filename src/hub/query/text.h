/* Foreign text into JSON. */
#pragma once

#include "base/buf.h"

/* Appends text as a JSON string with its quotes; what is no UTF-8 becomes U+FFFD. */
void azm_text_add_json(struct azm_buf *out, azm_slice text);
/* Appends ,"key":"text", or nothing when text is empty. */
void azm_text_add_member(struct azm_buf *out, const char *key, azm_slice text);
