#include "trace/redact.h"

#include "base/wildcard.h"

bool azm_redact_is_secret(azm_slice name, azm_slice patterns)
{
    return azm_slice_eq_nocase(name, AZM_S("cookie")) || azm_slice_eq_nocase(name, AZM_S("set-cookie")) ||
           azm_slice_eq_nocase(name, AZM_S("x-arr-clientcert")) || azm_wildcard_match_any(patterns, name);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A query parameter's name is compared as the server would read it. */
static bool is_secret_parameter(azm_slice name)
{
    char text[8];
    size_t n = 0;
    for (size_t i = 0; i < name.len && n < sizeof text; n++) {
        int high = -1, low = -1;
        if (name.ptr[i] == '%' && i + 2 < name.len) {
            high = hex_digit(name.ptr[i + 1]);
            low = hex_digit(name.ptr[i + 2]);
        }
        text[n] = high >= 0 && low >= 0 ? (char)(high << 4 | low) : name.ptr[i];
        i += high >= 0 && low >= 0 ? 3 : 1;
    }
    azm_slice read = {text, n};
    return azm_slice_eq_nocase(read, AZM_S("code")) || azm_slice_eq_nocase(read, AZM_S("sig"));
}

/* "https://user:password@host" without what stands before the '@'. */
static azm_slice add_scheme(struct azm_buf *out, azm_slice url)
{
    size_t at = azm_slice_search(url, AZM_S("://"));
    if (at == url.len)
        return url;
    azm_buf_add(out, azm_slice_take(url, at + 3));
    url = azm_slice_drop(url, at + 3);
    size_t end = 0;
    while (end < url.len && url.ptr[end] != '/' && url.ptr[end] != '?' && url.ptr[end] != '#')
        end++;
    azm_slice authority = azm_slice_take(url, end);
    size_t user = azm_slice_rfind(authority, '@');
    return user < authority.len ? azm_slice_drop(url, user + 1) : url;
}

void azm_redact_url(struct azm_buf *out, azm_slice url)
{
    url = add_scheme(out, url);
    size_t question = azm_slice_find(url, '?');
    azm_buf_add(out, azm_slice_take(url, question));
    if (question == url.len)
        return;
    azm_slice query = azm_slice_drop(url, question + 1), fragment, parameter;
    size_t hash = azm_slice_find(query, '#');
    fragment = azm_slice_drop(query, hash);
    query = azm_slice_take(query, hash);
    char parting = '?';
    while (azm_slice_split(&query, '&', &parameter)) {
        size_t equals = azm_slice_find(parameter, '=');
        azm_slice name = azm_slice_take(parameter, equals);
        azm_buf_add_byte(out, (uint8_t)parting);
        parting = '&';
        azm_buf_add(out, name);
        if (equals == parameter.len)
            continue;
        azm_buf_add_byte(out, '=');
        azm_buf_add(out, is_secret_parameter(name) ? AZM_REDACTED : azm_slice_drop(parameter, equals + 1));
    }
    azm_buf_add(out, fragment);
}
