/* The head of an HTTP/1.x message: request or status line and fields, up to and with the empty line.
 * Strict where leniency would let two readers see two different messages: a bare CR or LF, white space before a colon
 * or at a line's beginning, or a control character is AZM_BAD_INPUT. Source: RFC 9112, RFC 9110 section 5. */
#pragma once

#include "base/slice.h"

#define AZM_HTTP_HEAD_MAX   65536u
#define AZM_HTTP_FIELDS_MAX 128u

struct azm_http_field {
    azm_slice name, value; /* the value without white space around it */
};

/* Slices are borrowed from the bytes that were read. */
struct azm_http_head {
    azm_slice method, target; /* of a request */
    unsigned status;          /* of a response: 100..999; 0 for a request */
    azm_slice reason;
    unsigned minor; /* HTTP/1.<minor> */
    size_t size;    /* bytes, the empty line included; a request's also with empty lines before it */
    size_t field_count;
    struct azm_http_field fields[AZM_HTTP_FIELDS_MAX];
};

/* Reads the head at the front of `in`; out->size says where its body begins. AZM_MORE: it is not complete yet, come
 * back with the same bytes and more; seen: how many of them an earlier call answered with AZM_MORE (0 at first), so
 * that slow arrival costs no repeated reading. AZM_TOO_BIG: over AZM_HTTP_HEAD_MAX or AZM_HTTP_FIELDS_MAX.
 * AZM_BAD_INPUT: not HTTP/1.x; told as early as it is clear. */
enum azm_status azm_http_read_request(azm_slice in, size_t seen, struct azm_http_head *out) AZM_MUST_CHECK;
enum azm_status azm_http_read_response(azm_slice in, size_t seen, struct azm_http_head *out) AZM_MUST_CHECK;

/* The value of the first field of that name (without case); ptr NULL when there is none. */
azm_slice azm_http_field(const struct azm_http_head *head, azm_slice name);
/* True when `token` (without case) is a member of the comma-separated list in any field of that name. */
bool azm_http_has_token(const struct azm_http_head *head, azm_slice name, azm_slice token);
/* True when, after this message, the connection is meant to carry another (RFC 9112, 9.3). */
bool azm_http_keeps_alive(const struct azm_http_head *head);
