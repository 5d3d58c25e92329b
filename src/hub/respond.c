#include "hub/respond.h"

#include "json/write.h"

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (response && value)
        MHD_add_response_header(response, name, value);
}

void azm_response_head(struct MHD_Response *response, const char *content_type)
{
    add_header(response, "Content-Type", content_type);
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "Cache-Control", "no-store");
}

static struct MHD_Response *make(azm_slice body, enum MHD_ResponseMemoryMode mode, const char *content_type)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(body.len, (void *)(body.len ? body.ptr : ""), mode);
    azm_response_head(response, content_type);
    return response;
}

struct MHD_Response *azm_response(azm_slice body, const char *content_type)
{
    return make(body, MHD_RESPMEM_MUST_COPY, content_type);
}

struct MHD_Response *azm_response_take(struct azm_buf *body, const char *content_type)
{
    if (body->len == 0)
        return azm_response(AZM_S(""), content_type);
    struct MHD_Response *response = make(azm_buf_slice(body), MHD_RESPMEM_MUST_FREE, content_type);
    if (response)
        azm_buf_init(body, body->max); /* the response frees the bytes */
    else
        azm_buf_dispose(body);
    return response;
}

struct MHD_Response *azm_response_error(const char *text)
{
    struct azm_buf body;
    azm_buf_init(&body, 64 * 1024);
    struct azm_json_writer json = azm_json_writer(&body);
    azm_json_open_object(&json);
    azm_json_string(azm_json_key(&json, AZM_S("error")), azm_slice_str(text));
    azm_json_close_object(&json);
    struct MHD_Response *response = azm_response(azm_buf_slice(&body), "application/json");
    azm_buf_dispose(&body);
    return response;
}

enum MHD_Result azm_respond(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

unsigned azm_respond_status(enum azm_status status)
{
    switch ((int)status) {
    case AZM_OK: return 200;
    case AZM_BAD_INPUT:
    case AZM_UNSUPPORTED: return 400;
    case AZM_NOT_FOUND: return 404;
    case AZM_NETWORK: /* the store's server */
    case AZM_TIMEOUT:
    case AZM_NO_MEMORY: return 503;
    default: return 500;
    }
}
