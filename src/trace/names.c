#include "trace/names.h"

#include "trace/triggers.h"

static azm_slice without_slashes(azm_slice s)
{
    while (s.len && s.ptr[0] == '/')
        s = azm_slice_drop(s, 1);
    while (s.len && s.ptr[s.len - 1] == '/')
        s.len--;
    return s;
}

void azm_name_method(struct azm_buf *out, azm_slice method)
{
    for (size_t i = 0; i < method.len; i++) {
        char c = method.ptr[i];
        azm_buf_add_byte(out, (uint8_t)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
    }
    if (method.len)
        azm_buf_add_byte(out, ' ');
}

void azm_name_http(struct azm_buf *out, azm_slice method, azm_slice prefix, azm_slice route)
{
    prefix = without_slashes(prefix);
    route = without_slashes(route);
    azm_name_method(out, method);
    azm_buf_add_byte(out, '/');
    azm_buf_add(out, prefix);
    if (prefix.len && route.len)
        azm_buf_add_byte(out, '/');
    azm_buf_add(out, route);
}

void azm_name_other(struct azm_buf *out, const struct azm_trigger *trigger, azm_slice queue, azm_slice subscription,
                    azm_slice function)
{
    if (!trigger->messaging.ptr || !queue.len) {
        azm_buf_add(out, function);
        return;
    }
    azm_buf_add(out, trigger->messaging);
    azm_buf_add(out, AZM_S(" RECEIVE from "));
    azm_buf_add(out, queue);
    if (subscription.len) {
        azm_buf_add(out, AZM_S("/Subscriptions/"));
        azm_buf_add(out, subscription);
    }
}

enum azm_outcome azm_outcome_of(bool failed, unsigned status_code)
{
    return failed || status_code >= 500 ? AZM_OUTCOME_FAILURE : AZM_OUTCOME_SUCCESS;
}

azm_slice azm_result_of(bool failed, unsigned status_code)
{
    static const azm_slice classes[] = {AZM_S_INIT("HTTP 1xx"), AZM_S_INIT("HTTP 2xx"), AZM_S_INIT("HTTP 3xx"),
                                        AZM_S_INIT("HTTP 4xx"), AZM_S_INIT("HTTP 5xx"), AZM_S_INIT("HTTP 6xx"),
                                        AZM_S_INIT("HTTP 7xx"), AZM_S_INIT("HTTP 8xx"), AZM_S_INIT("HTTP 9xx")};
    if (status_code >= 100 && status_code < 1000)
        return classes[status_code / 100 - 1];
    return failed ? AZM_S("failure") : AZM_S("success");
}
