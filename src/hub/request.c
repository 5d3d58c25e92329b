#include "hub/state.h"

azm_slice azm_request_header(const struct azm_request *request, const char *name)
{
    return azm_slice_str(MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name));
}

bool azm_request_has_query(const struct azm_request *request, const char *name)
{
    const char *value;
    size_t size;
    return MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value,
                                         &size) == MHD_YES;
}
