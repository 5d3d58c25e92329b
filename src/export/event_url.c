#include "export/event_url.h"

#include "trace/redact.h"

azm_slice azm_event_header(const struct azm_pairs *headers, azm_slice name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (azm_slice_eq_nocase(headers->items[i].key, name))
            return headers->items[i].value;
    return azm_slice_str(NULL);
}

static void complete(struct azm_url *url, const struct azm_pairs *headers)
{
    azm_slice host = azm_event_header(headers, AZM_S("host"));
    azm_slice scheme = azm_event_header(headers, AZM_S("x-forwarded-proto"));
    if (url->host.len)
        return;
    if (host.len)
        azm_url_split_host(host, &url->host, &url->port);
    if (azm_slice_eq_nocase(scheme, AZM_S("http")) || azm_slice_eq_nocase(scheme, AZM_S("https")))
        url->scheme = scheme;
}

void azm_event_url(const struct azm_http_context *http, char storage[AZM_EVENT_URL_MAX], struct azm_url *out)
{
    struct azm_buf text;
    azm_buf_init_fixed(&text, storage, AZM_EVENT_URL_MAX);
    azm_redact_url(&text, azm_slice_take(http->url, AZM_EVENT_URL_MAX - 64)); /* again: the writer did */
    azm_url_split(azm_buf_slice(&text), out);
    if (http->url.len)
        complete(out, &http->request_headers);
}
