/* GET /api/traces/{id}/export: a trace as a file. */
#include "hub/respond.h"
#include "hub/state.h"

#include "hub/exchange/export.h"
#include "hub/query/params.h"

/* What is taken back (POST /api/import) is as large at most. */
enum { FILE_MAX = 64 * 1024 * 1024 };

static const azm_slice tail = AZM_S_INIT("/export");

/* Ids may hold anything: what might not be part of a file name becomes an underscore. */
static void name_file(struct MHD_Response *response, azm_slice id, bool otlp)
{
    char safe[100], header[200];
    size_t n = azm_slice_copy(id, safe, sizeof safe);
    for (size_t i = 0; i < n; i++) {
        char c = safe[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-' && c != '_')
            safe[i] = '_';
    }
    snprintf(header, sizeof header, "attachment; filename=\"trace-%s%s\"", safe, otlp ? ".otlp.jsonl" : ".ndjson");
    MHD_add_response_header(response, "Content-Disposition", header);
}

static enum azm_status export_trace(struct azm_request *request, azm_slice id, const struct azm_params *params,
                                    struct azm_buf *out, struct azm_error *err)
{
    struct azm_reader *reader;
    enum azm_status status = azm_hub_take_reader(request->hub, &reader, err);
    if (status != AZM_OK)
        return status;
    status = azm_export_trace(reader, id, params->otlp ? AZM_EXPORT_OTLP : AZM_EXPORT_INTAKE, out, err);
    azm_hub_give_reader(request->hub, reader);
    return status;
}

static enum MHD_Result show_export(struct azm_request *request, azm_slice id)
{
    struct azm_error err = {.status = AZM_OK};
    struct azm_params params;
    struct azm_buf out;
    azm_buf_init(&out, FILE_MAX);
    enum azm_status status = azm_request_params(request, AZM_TAKES_FORMAT, &params, &err);
    if (status == AZM_OK)
        status = export_trace(request, id, &params, &out, &err);
    struct MHD_Response *response =
        status == AZM_OK ? azm_response_take(&out, "application/x-ndjson") : azm_response_error(err.text);
    if (response && status == AZM_OK)
        name_file(response, id, params.otlp);
    azm_buf_dispose(&out);
    return azm_respond(request->connection, azm_respond_status(status), response);
}

enum MHD_Result azm_show_trace(struct azm_request *request, const char *data, size_t *size)
{
    azm_slice id =
        azm_slice_take(request->rest, request->rest.len - (azm_slice_ends(request->rest, tail) ? tail.len : 0));
    return id.len < request->rest.len ? show_export(request, id) : azm_ask(request, data, size);
}
