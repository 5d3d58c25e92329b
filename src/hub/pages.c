#include "hub/respond.h"
#include "hub/state.h"

/* Made by the build from page.html, page.js and page.css. */
extern const unsigned char azm_hub_page[], azm_hub_script[], azm_hub_style[];
extern const size_t azm_hub_page_size, azm_hub_script_size, azm_hub_style_size;

static enum MHD_Result give(struct azm_request *request, const unsigned char *bytes, size_t size, const char *type)
{
    struct MHD_Response *response = azm_response(azm_slice_of(bytes, size), type);
    if (response) {
        MHD_add_response_header(response, "Content-Security-Policy",
                                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
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

enum MHD_Result azm_show_script(struct azm_request *request, const char *data, size_t *size)
{
    (void)data;
    (void)size;
    return give(request, azm_hub_script, azm_hub_script_size, "text/javascript; charset=utf-8");
}

enum MHD_Result azm_show_style(struct azm_request *request, const char *data, size_t *size)
{
    (void)data;
    (void)size;
    return give(request, azm_hub_style, azm_hub_style_size, "text/css; charset=utf-8");
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
