/* A template and a path, on two lines: a path fits itself, where it holds no template. */
#include <stdlib.h>

#include "tap/handler_routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    azm_slice text = azm_slice_of(data, size);
    azm_slice route = azm_slice_take(text, azm_slice_find(text, '\n')), path = azm_slice_drop(text, route.len + 1);
    uint64_t fit = azm_route_fit(AZM_S("api"), route, path);
    if (fit != AZM_ROUTE_NONE && fit >> 60)
        abort();
    if (azm_slice_find(path, '{') == path.len && azm_route_fit(AZM_S(""), path, path) != 0)
        abort();
    return 0;
}
