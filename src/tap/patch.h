/* An overwrite of bytes on their way, at equal length: the port digits of the worker's HttpUri (functions-worker
 * protocol, HTTP proxying). The value's bytes may lie in several pieces, with frame heads between them; they are
 * remembered one by one, and must stay where they are until the value is complete. */
#pragma once

#include "base/slice.h"

#define AZM_PATCH_MAX 128u /* bytes of a value; a longer one is left alone */

struct azm_patch {
    char *at[AZM_PATCH_MAX]; /* where each byte of the value lies */
    size_t len;
    bool open;     /* the value has begun and is not complete: its bytes are held */
    bool given_up; /* the value has begun, but some of it is gone */
};

/* More of the value. piece must lie in memory that may be written to. */
void azm_patch_add(struct azm_patch *patch, azm_slice piece);
/* What there was of the value may have been sent: the rest of it is not held either. */
void azm_patch_give_up(struct azm_patch *patch);
/* The value is complete: nothing is held any more. Returns it, in `text`; empty when it was given up. */
azm_slice azm_patch_end(struct azm_patch *patch, char text[AZM_PATCH_MAX]);
/* Overwrites bytes of the value that was just ended, from offset `at`. */
void azm_patch_write(struct azm_patch *patch, size_t at, azm_slice bytes);

/* "http://localhost:40719/": an address on this machine that can be patched. */
struct azm_http_uri {
    char host[16];  /* "localhost", "127.0.0.1" or "::1" */
    uint16_t port;  /* never 0 */
    size_t port_at; /* offset of its digits */
    unsigned port_digits;
};

/* AZM_BAD_INPUT: anything else, another machine's address, another scheme, a port with leading zeros or none. */
enum azm_status azm_http_uri_read(azm_slice text, struct azm_http_uri *out) AZM_MUST_CHECK;
