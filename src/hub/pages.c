#include "hub/respond.h"
#include "hub/state.h"

#include "hub/receive/inflate.h"

/* Made by the build: the page of web/, packed, or empty where npm was missing; and the plain page, which needs no npm.
 */
#define ASSET(name)                                                                                                    \
    extern const unsigned char name[];                                                                                 \
    extern const size_t name##_size;                                                                                   \
    extern const char name##_etag[]
ASSET(azm_page_html);
ASSET(azm_page_js);
ASSET(azm_page_css);
ASSET(azm_plain_page_html);
ASSET(azm_plain_page_css);
ASSET(azm_plain_page_js);
ASSET(azm_plain_parts_js);
ASSET(azm_plain_trace_js);
ASSET(azm_plain_views_js);

struct asset {
    const char *path;
    const unsigned char *bytes;
    const size_t *size;
    const char *etag;
    const char *type;
    bool packed;
};

#define HTML        "text/html; charset=utf-8"
#define CSS         "text/css; charset=utf-8"
#define SCRIPT      "text/javascript; charset=utf-8"
#define BYTES(name) name, &name##_size, name##_etag

static const struct asset page = {"/", BYTES(azm_page_html), HTML, true};
enum { PLAIN };
static const struct asset assets[] = {
    [PLAIN] = {"/plain", BYTES(azm_plain_page_html), HTML, false},
    {"/app.js", BYTES(azm_page_js), SCRIPT, true},
    {"/app.css", BYTES(azm_page_css), CSS, true},
    {"/page.css", BYTES(azm_plain_page_css), CSS, false},
    {"/page.js", BYTES(azm_plain_page_js), SCRIPT, false},
    {"/parts.js", BYTES(azm_plain_parts_js), SCRIPT, false},
    {"/trace.js", BYTES(azm_plain_trace_js), SCRIPT, false},
    {"/views.js", BYTES(azm_plain_views_js), SCRIPT, false},
};

static void add_policy(struct MHD_Response *response, const struct asset *asset)
{
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                            " img-src data:;"
                            " base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Vary", "Accept, Accept-Encoding");
    MHD_del_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "Cache-Control", "no-cache"); /* kept, but asked for again: names do not change */
    MHD_add_response_header(response, "ETag", asset->etag);
}

/* For clients that do not take gzip. */
static struct MHD_Response *unpacked(const struct asset *asset)
{
    struct azm_buf plain;
    azm_buf_init(&plain, 16 * 1024 * 1024);
    struct MHD_Response *response = NULL;
    if (azm_inflate(azm_slice_of(asset->bytes, *asset->size), &plain, NULL) == AZM_OK)
        response = azm_response_take(&plain, asset->type);
    azm_buf_dispose(&plain);
    return response;
}

static bool names(struct azm_request *request, const char *header, azm_slice word)
{
    azm_slice value = azm_request_header(request, header);
    return azm_slice_search(value, word) < value.len;
}

static enum MHD_Result give(struct azm_request *request, const struct asset *asset)
{
    bool known = names(request, "If-None-Match", azm_slice_str(asset->etag));
    bool packed = asset->packed && names(request, "Accept-Encoding", AZM_S("gzip"));
    struct MHD_Response *response = NULL;
    if (known)
        response = azm_response(AZM_S(""), asset->type);
    else if (packed || !asset->packed)
        response = azm_response(azm_slice_of(asset->bytes, *asset->size), asset->type);
    else
        response = unpacked(asset);
    if (response)
        add_policy(response, asset);
    if (response && packed)
        MHD_add_response_header(response, "Content-Encoding", "gzip");
    return azm_respond(request->connection, known ? 304 : 200, response);
}

/* APM Server's form, for agents that look at its version: what we take is what 8.x takes. */
static const char version_text[] = "{\"version\":\"8.15.0\",\"build_sha\":\"azimuth\",\"publish_ready\":true,"
                                   "\"azimuth\":{\"version\":\"" AZM_VERSION "\"}}";

enum MHD_Result azm_show_root(struct azm_request *request, const char *data, size_t *size)
{
    (void)data;
    (void)size;
    if (names(request, "Accept", AZM_S("text/html")))
        return give(request, azm_page_html_size > 0 ? &page : &assets[PLAIN]);
    azm_slice text = azm_request_is_known(request) ? azm_slice_str(version_text) : AZM_S("");
    return azm_respond(request->connection, 200, azm_response(text, "application/json"));
}

enum MHD_Result azm_show_asset(struct azm_request *request, const char *data, size_t *size)
{
    (void)data;
    (void)size;
    for (size_t i = 0; i < AZM_COUNT(assets); i++)
        if (strcmp(assets[i].path, request->route->path) == 0)
            return *assets[i].size > 0
                       ? give(request, &assets[i])
                       : azm_respond(request->connection, 404,
                                     azm_response_error("this hub was built without npm: it has the plain page only"));
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
