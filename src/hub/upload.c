#include "hub/respond.h"
#include "hub/state.h"

#include "hub/receive/intake.h"
#include "os/clock.h"

void azm_intake_begin(struct azm_request *request)
{
    struct azm_error err;
    enum azm_status status = AZM_OK;
    azm_slice type = azm_request_header(request, "Content-Type");
    azm_slice wanted = AZM_S("application/x-ndjson");
    if (type.len && azm_slice_search(type, wanted) == type.len)
        status = azm_fail(&err, AZM_BAD_INPUT, "Content-Type \"%.*s\" is not application/x-ndjson",
                          AZM_FMT(azm_slice_take(type, 60)));
    if (status == AZM_OK)
        status = azm_intake_new(azm_request_header(request, "Content-Encoding"), azm_clock_wall_us(), &request->intake,
                                &err);
    if (status == AZM_OK)
        return;
    struct azm_buf body;
    azm_buf_init(&body, 8192);
    azm_intake_answer_error(err.text, &body);
    request->refusal = azm_response(azm_buf_slice(&body), "application/json");
    request->refusal_status = azm_respond_status(status);
    azm_buf_dispose(&body);
}

static enum MHD_Result commit(struct azm_request *request)
{
    struct azm_batch *batch = azm_intake_batch(request->intake);
    if (!azm_commit(request, &batch, 1))
        azm_intake_committed(request->intake, AZM_BUSY);
    return MHD_YES;
}

static enum MHD_Result answer(struct azm_request *request)
{
    struct azm_buf body;
    azm_buf_init(&body, 1024 * 1024);
    unsigned status = azm_intake_answer(request->intake, azm_request_has_query(request, "verbose"), &body);
    struct MHD_Response *response = azm_response(azm_buf_slice(&body), body.len ? "application/json" : NULL);
    azm_buf_dispose(&body);
    if (response && status >= 400)
        MHD_add_response_header(response, "Connection", "close");
    return azm_respond(request->connection, status, response);
}

enum MHD_Result azm_take_intake(struct azm_request *request, const char *data, size_t *size)
{
    struct azm_intake *intake = request->intake;
    if (request->committing) {
        request->committing = false;
        azm_intake_committed(intake, request->committed);
    }
    azm_slice body = azm_slice_of(data, *size);
    if (*size) {
        enum azm_status status = azm_intake_feed(intake, &body);
        *size = body.len;
        return status == AZM_FULL ? commit(request) : MHD_YES;
    }
    if (azm_intake_end(intake) == AZM_FULL || azm_intake_waits(intake))
        return commit(request);
    return answer(request);
}
