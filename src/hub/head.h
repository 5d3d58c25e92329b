/* What libmicrohttpd 0.9.75 lets pass in a request's head, and a server behind a proxy must not: two servers that
 * disagree about where a request ends, or what its path is, can be made to mix the requests of two callers. RFC 9112,
 * sections 3.2, 5.1, 6.1 to 6.3 and 11.2. Its own MHD_OPTION_STRICT_FOR_CLIENT does not help: its answers are
 * malformed. */
#pragma once

#include "base/slice.h"

#include <microhttpd.h>

struct azm_head_fault {
    unsigned status; /* 0: none */
    const char *text;
};

/* For MHD_OPTION_URI_LOG_CALLBACK, which alone sees the target as it was sent: what it returns becomes the request's
 * first state, NULL or AZM_HEAD_BAD_TARGET. Refused are what has no place in a target, and %00, %2F and %5C in a path,
 * which would end or split it once they are decoded. */
void *azm_head_target(void *self, const char *target, struct MHD_Connection *connection);
extern char azm_head_bad_target;
#define AZM_HEAD_BAD_TARGET ((void *)&azm_head_bad_target)

/* Of the header fields. When there is one, nothing more of the connection can be trusted: answer, and close. */
struct azm_head_fault azm_head_check(struct MHD_Connection *connection, azm_slice version);
