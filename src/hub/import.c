/* POST /api/import: what was exported. */
#include "hub/respond.h"
#include "hub/state.h"

#include "hub/exchange/import.h"
#include "hub/receive/inflate.h"
#include "os/clock.h"

#include <stdlib.h>

enum { ANSWER_MAX = 1024 * 1024 };

struct azm_import_request {
    struct azm_body body;
    struct azm_import *import; /* NULL while the body comes */
};

void azm_import_begin(struct azm_request *request)
{
    request->import = calloc(1, sizeof *request->import);
    if (request->import) {
        azm_body_init(&request->import->body);
    } else {
        request->refusal_status = 503;
        request->refusal = azm_response_error("no memory for the request");
    }
}

void azm_import_request_free(struct azm_import_request *import, struct azm_hub *hub)
{
    if (!import)
        return;
    azm_body_dispose(&import->body, hub);
    azm_import_free(import->import);
    free(import);
}

/* The answer comes when the body has been read to its end. */
static void give_up(struct azm_request *request, unsigned status, const char *message)
{
    request->refusal_status = status;
    request->refusal = azm_response_error(message);
    azm_import_request_free(request->import, request->hub);
    request->import = NULL;
}

static void take_piece(struct azm_request *request, azm_slice piece)
{
    enum azm_status status = azm_body_add(&request->import->body, request->hub, piece);
    if (status == AZM_TOO_BIG)
        give_up(request, 413, "the body is longer than 64 MiB");
    else if (status != AZM_OK)
        give_up(request, 503, "too many large requests at once; send it again");
}

/* Whatever the headers say: a file is sent as it is, and may be compressed. */
static bool is_compressed(azm_slice body)
{
    return azm_slice_starts(body, AZM_S("\x1f\x8b"));
}

static unsigned read_body(struct azm_request *request)
{
    struct azm_import_request *own = request->import;
    azm_slice body = azm_buf_slice(&own->body.bytes);
    struct azm_error err = {.text = ""};
    struct azm_buf plain;
    enum azm_status status = AZM_OK;
    azm_buf_init(&plain, AZM_BODY_MAX);
    if (is_compressed(body)) {
        status = azm_inflate(body, &plain, &err);
        body = azm_buf_slice(&plain);
    }
    if (status == AZM_OK)
        azm_import_read(own->import, body);
    else
        azm_import_fail(own->import, err.text);
    azm_buf_dispose(&plain);
    azm_body_dispose(&own->body, request->hub);
    return status == AZM_TOO_BIG ? 413 : 200;
}

/* status: 200, or why nothing was read. */
static enum MHD_Result answer(struct azm_request *request, bool stored, unsigned status)
{
    struct azm_buf body;
    azm_buf_init(&body, ANSWER_MAX);
    unsigned own = azm_import_answer(request->import->import, stored, &body);
    struct MHD_Response *response = azm_response_take(&body, "application/json");
    if (response && own == 503)
        MHD_add_response_header(response, "Retry-After", "5");
    azm_buf_dispose(&body);
    return azm_respond(request->connection, status == 200 ? own : status, response);
}

static enum MHD_Result store(struct azm_request *request)
{
    struct azm_batch **batches;
    request->import->import = azm_import_new(azm_clock_wall_us());
    if (!request->import->import)
        return azm_respond(request->connection, 503, azm_response_error("no memory for the request"));
    unsigned status = read_body(request);
    size_t count = azm_import_batches(request->import->import, &batches);
    if (count == 0)
        return answer(request, true, status);
    return azm_commit(request, batches, count) ? MHD_YES : answer(request, false, status);
}

enum MHD_Result azm_take_import(struct azm_request *request, const char *data, size_t *size)
{
    if (request->committing) {
        request->committing = false;
        return answer(request, request->committed == AZM_OK, 200);
    }
    azm_slice piece = azm_slice_of(data, *size);
    *size = 0;
    if (!piece.len)
        return store(request);
    take_piece(request, piece);
    return MHD_YES;
}
