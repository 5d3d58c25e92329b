#include "export/url.h"

static azm_slice without_fragment(azm_slice text)
{
    return azm_slice_take(text, azm_slice_find(text, '#'));
}

static bool is_scheme(azm_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            return false;
    }
    return s.len > 0;
}

static azm_slice digits_or_none(azm_slice s)
{
    uint64_t port;
    return azm_slice_to_u64(s, &port) == AZM_OK && port <= 65535 ? s : azm_slice_str(NULL);
}

void azm_url_split_host(azm_slice text, azm_slice *host, azm_slice *port)
{
    *port = azm_slice_str(NULL);
    *host = text;
    size_t colon = azm_slice_find(text, ':');
    if (text.len && text.ptr[0] == '[') {
        size_t end = azm_slice_find(text, ']');
        *host = azm_slice_drop(azm_slice_take(text, end), 1);
        azm_slice behind = azm_slice_drop(text, end < text.len ? end + 1 : end);
        if (behind.len && behind.ptr[0] == ':')
            *port = digits_or_none(azm_slice_drop(behind, 1));
    } else if (colon < text.len && colon == azm_slice_rfind(text, ':')) {
        *host = azm_slice_take(text, colon);
        *port = digits_or_none(azm_slice_drop(text, colon + 1));
    }
}

static size_t authority_end(azm_slice text)
{
    size_t slash = azm_slice_find(text, '/'), question = azm_slice_find(text, '?');
    return slash < question ? slash : question;
}

void azm_url_split(azm_slice text, struct azm_url *out)
{
    *out = (struct azm_url){.rest = without_fragment(text)};
    size_t scheme = azm_slice_search(out->rest, AZM_S("://"));
    if (scheme < out->rest.len && is_scheme(azm_slice_take(out->rest, scheme))) {
        out->scheme = azm_slice_take(out->rest, scheme);
        azm_slice behind = azm_slice_drop(out->rest, scheme + 3);
        azm_slice authority = azm_slice_take(behind, authority_end(behind));
        out->rest = azm_slice_drop(behind, authority.len);
        size_t at = azm_slice_rfind(authority, '@');
        if (at < authority.len) {
            out->userinfo = azm_slice_take(authority, at);
            authority = azm_slice_drop(authority, at + 1);
        }
        azm_url_split_host(authority, &out->host, &out->port);
    }
    size_t question = azm_slice_find(out->rest, '?');
    out->path = azm_slice_take(out->rest, question);
    if (question < out->rest.len)
        out->query = azm_slice_drop(out->rest, question);
}

bool azm_url_is_loopback(azm_slice url)
{
    struct azm_url parts;
    azm_url_split(url, &parts);
    return azm_slice_eq_nocase(parts.host, AZM_S("localhost")) || azm_slice_eq(parts.host, AZM_S("127.0.0.1")) ||
           azm_slice_eq(parts.host, AZM_S("::1"));
}
