/* The answers about what services and functions do, as JSON: /api/services, /api/operations, /api/series, /api/map,
 * /api/instances, /api/usage. docs/API.md describes the fields. */
#pragma once

#include "base/buf.h"
#include "hub/query/params.h"

enum {
    AZM_SERVICES_TAKE = AZM_TAKES_TIME | AZM_TAKES_ENVIRONMENT,
    AZM_OPERATIONS_TAKE =
        AZM_TAKES_TIME | AZM_TAKES_SERVICE | AZM_TAKES_ENVIRONMENT | AZM_TAKES_NAME | AZM_TAKES_FUNCTIONS,
    AZM_SERIES_TAKE = AZM_TAKES_TIME | AZM_TAKES_SERVICE | AZM_TAKES_ENVIRONMENT | AZM_TAKES_NAME,
    AZM_MAP_TAKE = AZM_TAKES_TIME | AZM_TAKES_ENVIRONMENT,
    AZM_INSTANCES_TAKE = AZM_TAKES_TIME | AZM_TAKES_SERVICE,
    AZM_USAGE_TAKE = AZM_TAKES_TIME | AZM_TAKES_SERVICE,
};

typedef enum azm_status azm_query(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                                  struct azm_error *err);

azm_query azm_query_services, azm_query_operations, azm_query_series, azm_query_map, azm_query_instances,
    azm_query_usage;
