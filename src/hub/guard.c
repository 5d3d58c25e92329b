#include "hub/guard.h"

static bool same(azm_slice a, azm_slice b)
{
    volatile unsigned char differ = a.len != b.len;
    for (size_t i = 0; i < a.len; i++)
        differ |= (unsigned char)(a.ptr[i] ^ (b.len ? b.ptr[i % b.len] : 1));
    return differ == 0;
}

bool azm_guard_token(azm_slice authorization, azm_slice token)
{
    static const azm_slice schemes[] = {{"Bearer ", 7}, {"ApiKey ", 7}};
    for (size_t i = 0; i < AZM_COUNT(schemes); i++)
        if (azm_slice_starts_nocase(authorization, schemes[i]))
            return same(azm_slice_trim(azm_slice_drop(authorization, schemes[i].len)), token);
    return false;
}

static azm_slice without_port(azm_slice host)
{
    if (host.len && host.ptr[0] == '[')
        return azm_slice_take(host, azm_slice_find(host, ']') + 1);
    return azm_slice_take(host, azm_slice_find(host, ':'));
}

static bool only(azm_slice text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\0' || !strchr(allowed, text.ptr[i]))
            return false;
    return text.len > 0;
}

bool azm_guard_host(azm_slice host)
{
    if (host.len == 0)
        return true;
    host = without_port(host);
    if (azm_slice_eq_nocase(host, AZM_S("localhost")))
        return true;
    /* Names that end in a digit are addresses to a browser (WHATWG URL, "ends in a number"), never DNS names. */
    return only(host, "0123456789.") || (host.ptr[0] == '[' && only(host, "[]0123456789abcdefABCDEF:."));
}

bool azm_guard_origin(azm_slice origin, azm_slice host)
{
    if (origin.len == 0)
        return true;
    size_t at = azm_slice_search(origin, AZM_S("://"));
    return at < origin.len && azm_slice_eq_nocase(azm_slice_drop(origin, at + 3), host);
}
