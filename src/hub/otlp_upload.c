/* OTLP/HTTP: POST /v1/traces, /v1/logs, /v1/metrics. */
#include "hub/respond.h"
#include "hub/state.h"

#include "hub/receive/inflate.h"
#include "hub/receive/otlp/otlp.h"
#include "os/clock.h"

#include <stdlib.h>

/* gRPC's. */
enum { CODE_INVALID_ARGUMENT = 3, CODE_EXHAUSTED = 8, CODE_UNAVAILABLE = 14 };

struct azm_otlp_request {
    enum azm_otlp_signal signal;
    enum azm_otlp_encoding encoding;
    bool compressed;
    struct azm_body body;
    struct azm_otlp_map *map;
};

static const char *content_type(enum azm_otlp_encoding encoding)
{
    return encoding == AZM_OTLP_JSON ? "application/json" : "application/x-protobuf";
}

static struct MHD_Response *error_response(enum azm_otlp_encoding encoding, int code, const char *message)
{
    struct azm_buf body;
    azm_buf_init(&body, 16 * 1024);
    azm_otlp_answer_error(encoding, code, message, &body);
    struct MHD_Response *response = azm_response(azm_buf_slice(&body), content_type(encoding));
    azm_buf_dispose(&body);
    if (response && code == CODE_UNAVAILABLE)
        MHD_add_response_header(response, "Retry-After", "5");
    return response;
}

static void refuse(struct azm_request *request, unsigned status, enum azm_otlp_encoding encoding, int code,
                   const char *message)
{
    request->refusal_status = status;
    request->refusal = error_response(encoding, code, message);
}

static bool read_type(struct azm_request *request, enum azm_otlp_encoding *encoding)
{
    azm_slice type = azm_request_header(request, "Content-Type");
    type = azm_slice_trim(azm_slice_take(type, azm_slice_find(type, ';')));
    *encoding = azm_slice_eq_nocase(type, AZM_S("application/json")) ? AZM_OTLP_JSON : AZM_OTLP_PROTOBUF;
    return *encoding == AZM_OTLP_JSON || azm_slice_eq_nocase(type, AZM_S("application/x-protobuf"));
}

static bool read_encoding(struct azm_request *request, bool *compressed)
{
    azm_slice encoding = azm_request_header(request, "Content-Encoding");
    *compressed = azm_slice_eq_nocase(encoding, AZM_S("gzip")) || azm_slice_eq_nocase(encoding, AZM_S("deflate"));
    return *compressed || encoding.len == 0 || azm_slice_eq_nocase(encoding, AZM_S("identity"));
}

static enum azm_otlp_signal signal_of(const struct azm_request *request)
{
    const char *path = request->route->path;
    return strcmp(path, "/v1/logs") == 0      ? AZM_OTLP_LOGS
           : strcmp(path, "/v1/metrics") == 0 ? AZM_OTLP_METRICS
                                              : AZM_OTLP_TRACES;
}

void azm_otlp_begin(struct azm_request *request)
{
    enum azm_otlp_encoding encoding;
    bool compressed;
    if (!read_type(request, &encoding)) {
        refuse(request, 415, AZM_OTLP_JSON, CODE_INVALID_ARGUMENT,
               "Content-Type: expected application/x-protobuf or application/json");
    } else if (!read_encoding(request, &compressed)) {
        refuse(request, 415, encoding, CODE_INVALID_ARGUMENT, "Content-Encoding: expected gzip, deflate or identity");
    } else if ((request->otlp = calloc(1, sizeof *request->otlp))) {
        *request->otlp = (struct azm_otlp_request){signal_of(request), encoding, .compressed = compressed};
        azm_body_init(&request->otlp->body);
    } else {
        refuse(request, 503, encoding, CODE_UNAVAILABLE, "no memory for the request");
    }
}

void azm_otlp_request_free(struct azm_otlp_request *otlp, struct azm_hub *hub)
{
    if (!otlp)
        return;
    azm_body_dispose(&otlp->body, hub);
    azm_otlp_map_free(otlp->map);
    free(otlp);
}

/* The answer comes when the body has been read to its end. */
static void give_up(struct azm_request *request, unsigned status, int code, const char *message)
{
    refuse(request, status, request->otlp->encoding, code, message);
    azm_otlp_request_free(request->otlp, request->hub);
    request->otlp = NULL;
}

static enum MHD_Result take_piece(struct azm_request *request, azm_slice piece)
{
    enum azm_status status = azm_body_add(&request->otlp->body, request->hub, piece);
    if (status == AZM_TOO_BIG)
        give_up(request, 413, CODE_EXHAUSTED, "the body is longer than 64 MiB");
    else if (status != AZM_OK)
        give_up(request, 503, CODE_UNAVAILABLE, "too many large requests at once; send it again");
    return MHD_YES;
}

static enum MHD_Result answer(struct azm_request *request)
{
    const struct azm_otlp_request *otlp = request->otlp;
    struct azm_buf body;
    if (request->committed != AZM_OK)
        return azm_respond(
            request->connection, 503,
            error_response(otlp->encoding, CODE_UNAVAILABLE, "the events could not be stored; send them again"));
    azm_buf_init(&body, 16 * 1024);
    azm_otlp_answer(otlp->signal, otlp->encoding, azm_otlp_map_rejected(otlp->map), &body);
    struct MHD_Response *response = azm_response(azm_buf_slice(&body), content_type(otlp->encoding));
    azm_buf_dispose(&body);
    return azm_respond(request->connection, 200, response);
}

static enum MHD_Result respond_error(struct azm_request *request, enum azm_status status, const char *message)
{
    bool big = status == AZM_TOO_BIG;
    return azm_respond(request->connection,
                       big                       ? 413
                       : status == AZM_NO_MEMORY ? 503
                                                 : 400,
                       error_response(request->otlp->encoding,
                                      big                       ? CODE_EXHAUSTED
                                      : status == AZM_NO_MEMORY ? CODE_UNAVAILABLE
                                                                : CODE_INVALID_ARGUMENT,
                                      message));
}

static enum azm_status decode(struct azm_otlp_request *otlp, struct azm_error *err)
{
    struct azm_buf plain;
    enum azm_status status = AZM_OK;
    azm_buf_init(&plain, AZM_BODY_MAX + 64 * 1024);
    if (otlp->compressed && otlp->body.bytes.len)
        status = azm_inflate(azm_buf_slice(&otlp->body.bytes), &plain, err);
    azm_slice body = otlp->compressed ? azm_buf_slice(&plain) : azm_buf_slice(&otlp->body.bytes);
    if (status == AZM_OK && (body.len || otlp->encoding == AZM_OTLP_PROTOBUF))
        status = azm_otlp_receive(otlp->signal, otlp->encoding, body, azm_clock_wall_us(), &otlp->map, err);
    else if (status == AZM_OK)
        status = azm_otlp_receive(otlp->signal, otlp->encoding, AZM_S("{}"), 0, &otlp->map, err);
    azm_buf_dispose(&plain);
    return status;
}

/* The body is complete. */
static enum MHD_Result store(struct azm_request *request)
{
    struct azm_error err = {.status = AZM_OK};
    struct azm_batch **batches;
    enum azm_status status = decode(request->otlp, &err);
    azm_body_dispose(&request->otlp->body, request->hub);
    if (status != AZM_OK)
        return respond_error(request, status, err.text);
    size_t count = azm_otlp_map_batches(request->otlp->map, &batches);
    if (count == 0)
        return answer(request);
    if (azm_commit(request, batches, count))
        return MHD_YES;
    request->committed = AZM_BUSY;
    return answer(request);
}

enum MHD_Result azm_take_otlp(struct azm_request *request, const char *data, size_t *size)
{
    if (request->committing) {
        request->committing = false;
        return answer(request);
    }
    azm_slice piece = azm_slice_of(data, *size);
    *size = 0;
    return piece.len ? take_piece(request, piece) : store(request);
}
