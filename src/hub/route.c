#include "hub/respond.h"
#include "hub/state.h"

#include "hub/guard.h"
#include "hub/head.h"
#include "hub/receive/intake.h"

#include <stdlib.h>

/* More of a body that nobody wants ends the connection. */
enum { DISCARD_MAX = 16 * 1024 * 1024 };

static const struct azm_route routes[] = {
    {"GET", "/", true, true, azm_show_root, NULL},
    {"GET", "/app.js", true, true, azm_show_asset, NULL},
    {"GET", "/app.css", true, true, azm_show_asset, NULL},
    {"GET", "/plain", true, true, azm_show_asset, NULL},
    {"GET", "/page.css", true, true, azm_show_asset, NULL},
    {"GET", "/page.js", true, true, azm_show_asset, NULL},
    {"GET", "/parts.js", true, true, azm_show_asset, NULL},
    {"GET", "/trace.js", true, true, azm_show_asset, NULL},
    {"GET", "/views.js", true, true, azm_show_asset, NULL},
    {"GET", "/api/traces", false, false, azm_ask, NULL},
    {"GET", "/api/traces/", false, false, azm_show_trace, NULL},
    {"GET", "/api/live", false, false, azm_show_live, NULL},
    {"GET", "/api/logs", false, false, azm_ask, NULL},
    {"GET", "/api/errors", false, false, azm_ask, NULL},
    {"GET", "/api/errors/", false, false, azm_ask, NULL},
    {"GET", "/api/services", false, false, azm_ask, NULL},
    {"GET", "/api/operations", false, false, azm_ask, NULL},
    {"GET", "/api/series", false, false, azm_ask, NULL},
    {"GET", "/api/map", false, false, azm_ask, NULL},
    {"GET", "/api/instances", false, false, azm_ask, NULL},
    {"GET", "/api/usage", false, false, azm_ask, NULL},
    {"GET", "/api/status", false, false, azm_ask, NULL},
    {"POST", "/api/import", false, false, azm_take_import, azm_import_begin},
    {"POST", "/intake/v2/events", false, true, azm_take_intake, azm_intake_begin},
    {"POST", "/v1/traces", false, true, azm_take_otlp, azm_otlp_begin},
    {"POST", "/v1/logs", false, true, azm_take_otlp, azm_otlp_begin},
    {"POST", "/v1/metrics", false, true, azm_take_otlp, azm_otlp_begin},
    {"GET", "/config/v1/agents", false, true, azm_show_config, NULL},
    {"POST", "/config/v1/agents", false, true, azm_show_config, NULL},
};

static void refuse(struct azm_request *request, unsigned status, const char *text)
{
    request->refusal_status = status;
    request->refusal = azm_response_error(text);
}

/* An endpoint of an installation ends with /communication; what lies below it is the same as at the top. */
static azm_slice own_path(const char *url)
{
    azm_slice path = azm_slice_str(url), base = AZM_S("/communication");
    azm_slice below = azm_slice_starts(path, base) ? azm_slice_drop(path, base.len) : path;
    if (path.len && below.len == 0)
        return AZM_S("/");
    return below.len && below.ptr[0] == '/' ? below : path;
}

static bool matches(const struct azm_route *route, azm_slice path, azm_slice *rest)
{
    azm_slice own = azm_slice_str(route->path);
    bool folder = own.len > 1 && own.ptr[own.len - 1] == '/';
    *rest = azm_slice_drop(path, own.len);
    return folder ? azm_slice_starts(path, own) && rest->len > 0 : azm_slice_eq(path, own);
}

static void allow(struct azm_request *request, const char *method)
{
    refuse(request, 405, strcmp(method, "POST") == 0 ? "only POST is supported here" : "only GET is supported here");
    if (request->refusal)
        MHD_add_response_header(request->refusal, "Allow", method);
}

static void find_route(struct azm_request *request, const char *url, const char *method)
{
    azm_slice path = own_path(url), rest;
    const char *other = NULL;
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (size_t i = 0; i < AZM_COUNT(routes) && !request->route; i++) {
        if (!matches(&routes[i], path, &rest))
            continue;
        other = routes[i].method;
        if (strcmp(method, other) == 0) {
            request->route = &routes[i];
            request->rest = rest; /* of MHD's url, which lives as long as the request */
        }
    }
    if (!request->route && other)
        allow(request, other);
    else if (!request->route)
        refuse(request, 404, "no such path; / says what is here");
}

bool azm_request_is_known(const struct azm_request *request)
{
    const char *token = request->hub->token;
    return !token || azm_guard_token(azm_request_header(request, "Authorization"), azm_slice_str(token));
}

static void check_caller(struct azm_request *request)
{
    const struct azm_route *route = request->route;
    const struct azm_hub *hub = request->hub;
    azm_slice host = azm_request_header(request, "Host");
    if (!azm_guard_origin(azm_request_header(request, "Origin"), host)) {
        refuse(request, 403, "requests from pages of another origin are not taken");
    } else if (!route->open && !azm_request_is_known(request)) {
        refuse(request, 401, "the hub's token is needed: Authorization: Bearer TOKEN, or ApiKey TOKEN");
        if (request->refusal)
            MHD_add_response_header(request->refusal, "WWW-Authenticate", "Bearer");
    } else if (!hub->token && !route->foreign_host && !azm_guard_host(host)) {
        refuse(request, 403, "ask by address or as localhost");
    }
}

/* Of which nobody knows where it ends: the answer does not wait for that. */
static void check_head(struct azm_request *request, const char *version, bool bad_target)
{
    struct azm_head_fault fault = azm_head_check(request->connection, azm_slice_str(version));
    if (!fault.status && bad_target)
        fault = (struct azm_head_fault){400, "the path or query holds characters that it must not hold"};
    if (!fault.status)
        return;
    refuse(request, fault.status, fault.text);
    request->at_once = true;
}

static void enter(struct azm_request *request, enum azm_connection_phase phase)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    azm_connections_enter(request->connections, info ? info->socket_context : NULL, phase, uv_hrtime());
}

static struct azm_request *begin(struct azm_listener *listener, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, bool bad_target)
{
    struct azm_hub *hub = listener->hub;
    struct azm_request *request = calloc(1, sizeof *request);
    if (!request)
        return NULL;
    request->hub = hub;
    request->connection = connection;
    request->connections = &listener->connections;
    enter(request, AZM_CONNECTION_RECEIVING);
    hub->requests++;
    hub->last_ns = uv_hrtime();
    check_head(request, version, bad_target);
    if (request->at_once)
        return request;
    if (listener->otlp_only && !azm_slice_starts(azm_slice_str(url), AZM_S("/v1/")))
        refuse(request, 404, "this port takes OTLP only: POST /v1/traces, /v1/logs, /v1/metrics");
    else
        find_route(request, url, method);
    if (request->route)
        check_caller(request);
    if (!request->refusal && request->route && request->route->begin)
        request->route->begin(request);
    if (request->refusal) /* whoever waits for a go-ahead shall not send its body in vain */
        request->at_once = azm_request_header(request, "Expect").len > 0;
    return request;
}

static enum MHD_Result discard(struct azm_request *request, size_t *size)
{
    request->discarded += *size;
    *size = 0;
    return request->discarded > DISCARD_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result give_refusal(struct azm_request *request)
{
    MHD_add_response_header(request->refusal, "Connection", "close");
    enum MHD_Result result = azm_respond(request->connection, request->refusal_status, request->refusal);
    request->refusal = NULL;
    return result;
}

enum MHD_Result azm_route_request(void *listener, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *size, void **state)
{
    struct azm_request *request = *state;
    bool bad_target = *state == AZM_HEAD_BAD_TARGET;
    if (!request || bad_target) {
        request = *state = begin(listener, connection, url, method, version, bad_target);
        if (!request)
            return MHD_NO;
        return request->at_once && request->refusal ? give_refusal(request) : MHD_YES;
    }
    if (*size && !request->intake && !request->otlp && !request->import)
        return discard(request, size);
    if (*size == 0)
        enter(request, AZM_CONNECTION_ANSWERING);
    if (!request->refusal)
        return request->route ? request->route->handle(request, data, size) : MHD_NO;
    return give_refusal(request);
}

void azm_route_done(void *listener, struct MHD_Connection *connection, void **state,
                    enum MHD_RequestTerminationCode why)
{
    (void)connection, (void)why;
    struct azm_hub *self = ((struct azm_listener *)listener)->hub;
    struct azm_request *request = *state;
    if (!request || *state == AZM_HEAD_BAD_TARGET)
        return;
    if (request->refusal)
        MHD_destroy_response(request->refusal);
    azm_intake_free(request->intake);
    azm_otlp_request_free(request->otlp, self);
    azm_import_request_free(request->import, self);
    enter(request, AZM_CONNECTION_WAITING);
    free(request);
    *state = NULL;
    self->last_ns = uv_hrtime();
    self->requests--;
}
