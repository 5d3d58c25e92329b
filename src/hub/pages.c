#include "hub/respond.h"
#include "hub/state.h"

/* Made by the build from the files in page/. */
#define ASSET(name)                                                                                                    \
    extern const unsigned char name[];                                                                                 \
    extern const size_t name##_size
ASSET(azm_hub_page);
ASSET(azm_hub_style);
ASSET(azm_hub_page_js);
ASSET(azm_hub_parts_js);
ASSET(azm_hub_trace_js);
ASSET(azm_hub_views_js);

static const struct {
    const char *path;
    const unsigned char *bytes;
    const size_t *size;
    const char *type;
} assets[] = {
    {"/page.css", azm_hub_style, &azm_hub_style_size, "text/css; charset=utf-8"},
    {"/page.js", azm_hub_page_js, &azm_hub_page_js_size, "text/javascript; charset=utf-8"},
    {"/parts.js", azm_hub_parts_js, &azm_hub_parts_js_size, "text/javascript; charset=utf-8"},
    {"/trace.js", azm_hub_trace_js, &azm_hub_trace_js_size, "text/javascript; charset=utf-8"},
    {"/views.js", azm_hub_views_js, &azm_hub_views_js_size, "text/javascript; charset=utf-8"},
};

static enum MHD_Result give(struct azm_request *request, const unsigned char *bytes, size_t size, const char *type)
{
    struct MHD_Response *response = azm_response(azm_slice_of(bytes, size), type);
    if (response) {
        MHD_add_response_header(response, "Content-Security-Policy",
                                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                                " img-src data:;"
                                " base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
        MHD_add_response_header(response, "Vary", "Accept");
    }
    return azm_respond(request->connection, 200, response);
}

/* APM Server's form, for agents that look at its version: what we take is what 8.x takes. */
static const char version_text[] = "{\"version\":\"8.15.0\",\"build_sha\":\"azimuth\",\"publish_ready\":true,"
                                   "\"azimuth\":{\"version\":\"" AZM_VERSION "\"}}";

enum MHD_Result azm_show_root(struct azm_request *request, const char *data, size_t *size)
{
    (void)data;
    (void)size;
    azm_slice accept = azm_request_header(request, "Accept");
    if (azm_slice_search(accept, AZM_S("text/html")) < accept.len)
        return give(request, azm_hub_page, azm_hub_page_size, "text/html; charset=utf-8");
    azm_slice text = azm_request_is_known(request) ? azm_slice_str(version_text) : AZM_S("");
    return azm_respond(request->connection, 200, azm_response(text, "application/json"));
}

enum MHD_Result azm_show_asset(struct azm_request *request, const char *data, size_t *size)
{
    (void)data;
    (void)size;
    for (size_t i = 0; i < AZM_COUNT(assets); i++)
        if (strcmp(assets[i].path, request->route->path) == 0)
            return give(request, assets[i].bytes, *assets[i].size, assets[i].type);
    return MHD_NO;
}

/* No central configuration: agents ask for it all the same, and complain about a 404. */
enum MHD_Result azm_show_config(struct azm_request *request, const char *data, size_t *size)
{
    (void)data;
    (void)size;
    struct MHD_Response *response = azm_response(AZM_S("{}"), "application/json");
    if (response) {
        MHD_del_response_header(response, "Cache-Control", "no-store");
        MHD_add_response_header(response, "Cache-Control", "max-age=300, must-revalidate");
        MHD_add_response_header(response, "Etag", "\"none\"");
    }
    return azm_respond(request->connection, 200, response);
}
