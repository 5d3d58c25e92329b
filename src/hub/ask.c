/* Queries over HTTP: which path asks for what. */
#include "hub/respond.h"
#include "hub/state.h"

#include "hub/query/errors.h"
#include "hub/query/overview.h"
#include "hub/query/status.h"
#include "hub/query/traces.h"
#include "os/clock.h"

enum { ANSWER_MAX = 256 * 1024 * 1024 };

enum azm_status azm_hub_take_reader(struct azm_hub *hub, struct azm_reader **out, struct azm_error *err)
{
    uv_mutex_lock(&hub->mutex);
    *out = hub->reader_count ? hub->readers[--hub->reader_count] : NULL;
    uv_mutex_unlock(&hub->mutex);
    return *out ? AZM_OK : azm_store_read(hub->store, out, err);
}

void azm_hub_give_reader(struct azm_hub *hub, struct azm_reader *reader)
{
    uv_mutex_lock(&hub->mutex);
    bool kept = hub->reader_count < AZM_HUB_READERS;
    if (kept)
        hub->readers[hub->reader_count++] = reader;
    uv_mutex_unlock(&hub->mutex);
    if (!kept)
        azm_reader_close(reader);
}

typedef enum azm_status run_query(struct azm_request *request, struct azm_reader *reader,
                                  const struct azm_params *params, struct azm_buf *out, struct azm_error *err);

static enum azm_status ask_trace(struct azm_request *request, struct azm_reader *reader,
                                 const struct azm_params *params, struct azm_buf *out, struct azm_error *err)
{
    (void)params;
    enum azm_status status = azm_query_trace(reader, request->rest, out, err);
    azm_slice id = azm_slice_take(request->rest, 100);
    return status == AZM_NOT_FOUND ? azm_fail(err, status, "no trace %.*s is stored", AZM_FMT(id)) : status;
}

static enum azm_status ask_error(struct azm_request *request, struct azm_reader *reader,
                                 const struct azm_params *params, struct azm_buf *out, struct azm_error *err)
{
    return azm_query_error(reader, request->rest, params, out, err);
}

static enum azm_status ask_status(struct azm_request *request, struct azm_reader *reader,
                                  const struct azm_params *params, struct azm_buf *out, struct azm_error *err)
{
    (void)params;
    return azm_query_status(reader, request->hub->store, out, err);
}

/* By the route's own path. plain: needs nothing of the request but its parameters. */
static const struct {
    const char *path;
    unsigned takes;
    azm_query *plain;
    run_query *run;
} queries[] = {
    {"/api/traces", AZM_TRACES_TAKE, azm_query_traces, NULL},
    {"/api/traces/", 0, NULL, ask_trace},
    {"/api/logs", AZM_LOGS_TAKE, azm_query_logs, NULL},
    {"/api/errors", AZM_ERRORS_TAKE, azm_query_errors, NULL},
    {"/api/errors/", AZM_ERROR_TAKES, NULL, ask_error},
    {"/api/services", AZM_SERVICES_TAKE, azm_query_services, NULL},
    {"/api/operations", AZM_OPERATIONS_TAKE, azm_query_operations, NULL},
    {"/api/series", AZM_SERIES_TAKE, azm_query_series, NULL},
    {"/api/map", AZM_MAP_TAKE, azm_query_map, NULL},
    {"/api/instances", AZM_INSTANCES_TAKE, azm_query_instances, NULL},
    {"/api/usage", AZM_USAGE_TAKE, azm_query_usage, NULL},
    {"/api/status", 0, NULL, ask_status},
};

struct parameters {
    struct azm_params *params;
    enum azm_status status;
    struct azm_error *err;
};

static enum MHD_Result add_parameter(void *self, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                     const char *value, size_t value_size)
{
    (void)kind;
    struct parameters *all = self;
    bool empty = name_size == 0 && value_size == 0; /* of "a=1&&b=2" */
    if (all->status == AZM_OK && !empty)
        all->status =
            azm_params_set(all->params, azm_slice_of(name, name_size), azm_slice_of(value, value_size), all->err);
    return MHD_YES;
}

enum azm_status azm_request_params(struct azm_request *request, unsigned takes, struct azm_params *params,
                                   struct azm_error *err)
{
    struct parameters all = {params, AZM_OK, err};
    azm_params_init(params, takes, azm_clock_wall_us());
    MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, add_parameter, &all);
    return all.status == AZM_OK ? azm_params_check(params, err) : all.status;
}

static enum azm_status run(struct azm_request *request, size_t which, struct azm_buf *out, struct azm_error *err)
{
    struct azm_params params;
    struct azm_reader *reader;
    enum azm_status status = azm_request_params(request, queries[which].takes, &params, err);
    if (status == AZM_OK)
        status = azm_hub_take_reader(request->hub, &reader, err);
    if (status != AZM_OK)
        return status;
    status = queries[which].plain ? queries[which].plain(reader, &params, out, err)
                                  : queries[which].run(request, reader, &params, out, err);
    azm_hub_give_reader(request->hub, reader);
    return status;
}

enum MHD_Result azm_ask(struct azm_request *request, const char *data, size_t *size)
{
    (void)data;
    (void)size;
    struct azm_error err = {.status = AZM_OK};
    struct azm_buf out;
    enum azm_status status = AZM_NOT_FOUND;
    azm_buf_init(&out, ANSWER_MAX);
    for (size_t i = 0; i < AZM_COUNT(queries); i++)
        if (strcmp(queries[i].path, request->route->path) == 0)
            status = run(request, i, &out, &err);
    struct MHD_Response *response =
        status == AZM_OK ? azm_response_take(&out, "application/json") : azm_response_error(err.text);
    azm_buf_dispose(&out);
    return azm_respond(request->connection, azm_respond_status(status), response);
}
