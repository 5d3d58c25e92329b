/* Answers. Each returns what MHD's handler returns. */
#pragma once

#include "base/buf.h"

#include <microhttpd.h>

/* Copies body; NULL when memory is out. content_type may be NULL when the body is empty. */
struct MHD_Response *azm_response(azm_slice body, const char *content_type);
/* The same without a copy: body is empty afterwards. */
struct MHD_Response *azm_response_take(struct azm_buf *body, const char *content_type);
/* {"error": "..."} */
struct MHD_Response *azm_response_error(const char *text);
/* What every answer carries, for one that is made elsewhere. NULL is fine. */
void azm_response_head(struct MHD_Response *response, const char *content_type);
/* Queues and releases. */
enum MHD_Result azm_respond(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response);
/* The HTTP status that tells of a failure. */
unsigned azm_respond_status(enum azm_status status);
