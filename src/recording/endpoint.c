#include "recording/endpoint.h"

enum azm_status azm_endpoint_parse(azm_slice text, struct azm_endpoint *out, struct azm_error *err)
{
    azm_slice rest = text;
    uint64_t port;
    if (azm_slice_starts_nocase(rest, AZM_S("http://")))
        rest = azm_slice_take(azm_slice_drop(rest, 7), azm_slice_find(azm_slice_drop(rest, 7), '/'));
    size_t colon = azm_slice_rfind(rest, ':');
    azm_slice host = azm_slice_take(rest, colon);
    if (azm_slice_starts(host, AZM_S("[")) && azm_slice_ends(host, AZM_S("]")))
        host = azm_slice_drop(azm_slice_take(host, host.len - 1), 1);
    else if (azm_slice_find(host, ':') < host.len)
        host.len = 0; /* an IPv6 address without brackets: its end is anyone's guess */
    if (host.len == 0 || host.len >= AZM_ENDPOINT_HOST_MAX ||
        azm_slice_to_u64(azm_slice_drop(rest, colon + 1), &port) != AZM_OK || port > 65535) {
        azm_slice shown = azm_slice_take(text, 100);
        return azm_fail(err, AZM_BAD_USAGE, "\"%.*s\": expected HOST:PORT", AZM_FMT(shown));
    }
    azm_slice_copy(host, out->host, sizeof out->host);
    out->port = (uint16_t)port;
    return AZM_OK;
}
