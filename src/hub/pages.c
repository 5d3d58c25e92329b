#include "hub/respond.h"
#include "hub/state.h"

#include "hub/query/filter.h"
#include "hub/query/traces.h"
#include "os/clock.h"

/* Made by the build from page.html, page.js and page.css. */
extern const unsigned char azm_hub_page[], azm_hub_script[], azm_hub_style[];
extern const size_t azm_hub_page_size, azm_hub_script_size, azm_hub_style_size;

enum { ANSWER_MAX = 256 * 1024 * 1024 };

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

static enum azm_status take_reader(struct azm_hub *hub, struct azm_reader **out, struct azm_error *err)
{
    uv_mutex_lock(&hub->mutex);
    *out = hub->reader_count ? hub->readers[--hub->reader_count] : NULL;
    uv_mutex_unlock(&hub->mutex);
    return *out ? AZM_OK : azm_reader_open(azm_store_path(hub->store), out, err);
}

static void give_reader_back(struct azm_hub *hub, struct azm_reader *reader)
{
    uv_mutex_lock(&hub->mutex);
    bool kept = hub->reader_count < AZM_HUB_READERS;
    if (kept)
        hub->readers[hub->reader_count++] = reader;
    uv_mutex_unlock(&hub->mutex);
    if (!kept)
        azm_reader_close(reader);
}

typedef enum azm_status query(struct azm_request *request, struct azm_reader *reader, struct azm_buf *out,
                              struct azm_error *err);

static enum MHD_Result run_query(struct azm_request *request, query *ask)
{
    struct azm_error err = {.status = AZM_OK};
    struct azm_reader *reader;
    struct azm_buf out;
    azm_buf_init(&out, ANSWER_MAX);
    enum azm_status status = take_reader(request->hub, &reader, &err);
    if (status == AZM_OK) {
        status = ask(request, reader, &out, &err);
        give_reader_back(request->hub, reader);
    }
    struct MHD_Response *response =
        status == AZM_OK ? azm_response_take(&out, "application/json") : azm_response_error(err.text);
    azm_buf_dispose(&out);
    return azm_respond(request->connection, azm_respond_status(status), response);
}

struct parameters {
    struct azm_trace_filter filter;
    enum azm_status status;
    struct azm_error *err;
};

static enum MHD_Result add_parameter(void *self, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                     const char *value, size_t value_size)
{
    (void)kind;
    struct parameters *all = self;
    if (all->status == AZM_OK)
        all->status = azm_filter_set(&all->filter, azm_slice_of(name, name_size), azm_slice_of(value, value_size),
                                     azm_clock_wall_us(), all->err);
    return MHD_YES;
}

static enum azm_status ask_traces(struct azm_request *request, struct azm_reader *reader, struct azm_buf *out,
                                  struct azm_error *err)
{
    struct parameters all = {.status = AZM_OK, .err = err};
    azm_filter_init(&all.filter);
    MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, add_parameter, &all);
    return all.status == AZM_OK ? azm_query_traces(reader, &all.filter, out, err) : all.status;
}

static enum azm_status ask_trace(struct azm_request *request, struct azm_reader *reader, struct azm_buf *out,
                                 struct azm_error *err)
{
    enum azm_status status = azm_query_trace(reader, request->rest, out, err);
    azm_slice id = azm_slice_take(request->rest, 100);
    return status == AZM_NOT_FOUND ? azm_fail(err, status, "no trace %.*s is stored", AZM_FMT(id)) : status;
}

enum MHD_Result azm_show_traces(struct azm_request *request, const char *data, size_t *size)
{
    (void)data;
    (void)size;
    return run_query(request, ask_traces);
}

enum MHD_Result azm_show_trace(struct azm_request *request, const char *data, size_t *size)
{
    (void)data;
    (void)size;
    return run_query(request, ask_trace);
}
