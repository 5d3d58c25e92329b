/* Where the body of an HTTP/1.x message ends, and so where the next head begins. Input comes in pieces of any size;
 * nothing is collected. Whatever two readers could frame differently is AZM_BAD_INPUT. Source: RFC 9112, 6 and 7. */
#pragma once

#include "http/head.h"

enum azm_http_framing {
    AZM_HTTP_NO_BODY,
    AZM_HTTP_LENGTH,
    AZM_HTTP_CHUNKED,
    AZM_HTTP_UNTIL_CLOSE,
    AZM_HTTP_TUNNEL, /* no HTTP any more, in both directions, until the connection ends */
};

/* Embeddable. `framing` may be read; the rest is its own. */
struct azm_http_body {
    enum azm_http_framing framing;
    uint8_t step, digits;
    uint64_t left; /* of the body or chunk */
};

/* AZM_BAD_INPUT: Content-Length beside Transfer-Encoding, Content-Lengths that differ or are no number, a request's
 * Transfer-Encoding that does not end in chunked, or one from HTTP/1.0. A request that asks for an upgrade is framed as
 * any other: the answer decides. */
enum azm_status azm_http_body_of_request(struct azm_http_body *body, const struct azm_http_head *head) AZM_MUST_CHECK;
/* request_method: of the request that is answered; HEAD and CONNECT matter. 1xx has no body and another head follows
 * it; but 101 is a tunnel, and so is 2xx to CONNECT. */
enum azm_status azm_http_body_of_response(struct azm_http_body *body, const struct azm_http_head *head,
                                          azm_slice request_method) AZM_MUST_CHECK;

/* Takes bytes off the front of *in. AZM_OK: *piece is some of the content, never empty. AZM_MORE: *in is used up.
 * AZM_END: the body is complete, *in begins with what follows it; a body of nothing says so at once. AZM_BAD_INPUT:
 * broken chunks; final. */
enum azm_status azm_http_body_next(struct azm_http_body *body, azm_slice *in, azm_slice *piece) AZM_MUST_CHECK;
/* True when the connection may end here without anything missing. */
bool azm_http_body_may_end(const struct azm_http_body *body);
