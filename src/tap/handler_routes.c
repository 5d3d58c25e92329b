#include "tap/handler_routes.h"

enum { LITERAL, CONSTRAINED, PARAMETER, REST, WEIGHED = 30 };

/* The next segment, slashes before it left out; false at the end. */
static bool next_segment(azm_slice *path, azm_slice *out)
{
    while (azm_slice_starts(*path, AZM_S("/")))
        *path = azm_slice_drop(*path, 1);
    *out = azm_slice_take(*path, azm_slice_find(*path, '/'));
    *path = azm_slice_drop(*path, out->len);
    return out->len > 0;
}

/* A slash may stand in a parameter's constraint. */
static bool next_template(azm_slice *route, azm_slice *out)
{
    size_t len = 0, braces = 0;
    while (azm_slice_starts(*route, AZM_S("/")))
        *route = azm_slice_drop(*route, 1);
    for (; len < route->len && (braces || route->ptr[len] != '/'); len++)
        braces += route->ptr[len] == '{' ? 1 : route->ptr[len] == '}' && braces ? (size_t)-1 : 0;
    *out = azm_slice_take(*route, len);
    *route = azm_slice_drop(*route, len);
    return len > 0;
}

static bool is_parameter(azm_slice segment)
{
    return segment.len > 2 && segment.ptr[0] == '{' && segment.ptr[segment.len - 1] == '}';
}

static azm_slice inside(azm_slice segment)
{
    return azm_slice_take(azm_slice_drop(segment, 1), segment.len - 2);
}

static bool may_be_missing(azm_slice segment)
{
    azm_slice name = is_parameter(segment) ? inside(segment) : AZM_S("");
    return azm_slice_ends(name, AZM_S("?")) || azm_slice_find(name, '=') < name.len ||
           azm_slice_starts(name, AZM_S("*"));
}

/* A template that is text and parameters in one segment fits what begins and ends as it does. */
static bool mixed_fits(azm_slice segment, azm_slice text)
{
    azm_slice before = azm_slice_take(segment, azm_slice_find(segment, '{'));
    azm_slice after = azm_slice_drop(segment, azm_slice_rfind(segment, '}') + 1);
    return before.len + after.len < text.len && azm_slice_starts_nocase(text, before) &&
           azm_slice_ends_nocase(text, after);
}

static int weight_of(azm_slice segment, azm_slice text)
{
    azm_slice name = is_parameter(segment) ? inside(segment) : AZM_S("");
    if (azm_slice_starts(name, AZM_S("*")))
        return REST;
    if (name.len)
        return azm_slice_find(name, ':') < name.len ? CONSTRAINED : PARAMETER;
    if (azm_slice_eq_nocase(segment, text))
        return LITERAL;
    return azm_slice_find(segment, '{') < segment.len && mixed_fits(segment, text) ? CONSTRAINED : -1;
}

static bool literal_fits(azm_slice prefix, azm_slice *path)
{
    azm_slice wanted, found;
    while (next_segment(&prefix, &wanted))
        if (!next_segment(path, &found) || !azm_slice_eq_nocase(wanted, found))
            return false;
    return true;
}

uint64_t azm_route_fit(azm_slice prefix, azm_slice route, azm_slice path)
{
    uint64_t fit = 0;
    azm_slice segment, text;
    unsigned weighed = 0;
    if (!literal_fits(prefix, &path))
        return AZM_ROUTE_NONE;
    while (next_template(&route, &segment)) {
        int weight = next_segment(&path, &text) ? weight_of(segment, text) : may_be_missing(segment) ? REST : -1;
        if (weight < 0)
            return AZM_ROUTE_NONE;
        if (weighed++ < WEIGHED)
            fit |= (uint64_t)weight << (2 * (WEIGHED - weighed));
        if (weight == REST && text.len)
            return fit;
    }
    return next_segment(&path, &text) ? AZM_ROUTE_NONE : fit;
}
