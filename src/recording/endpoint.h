/* Addresses as people give them: HOST:PORT, [::1]:PORT, and http://HOST:PORT/. */
#pragma once

#include "base/slice.h"

#define AZM_ENDPOINT_HOST_MAX 256

struct azm_endpoint {
    char host[AZM_ENDPOINT_HOST_MAX]; /* without brackets */
    uint16_t port;                    /* 0 is allowed: any */
};

/* AZM_BAD_USAGE names the text and what was expected. */
enum azm_status azm_endpoint_parse(azm_slice text, struct azm_endpoint *out, struct azm_error *err) AZM_MUST_CHECK;
