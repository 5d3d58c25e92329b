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

/* --- constraints --- */

static bool is_number(azm_slice text, int64_t *out)
{
    uint64_t number;
    bool minus = azm_slice_starts(text, AZM_S("-"));
    if (azm_slice_to_u64(azm_slice_drop(text, minus), &number) != AZM_OK || number > INT64_MAX)
        return false;
    *out = minus ? -(int64_t)number : (int64_t)number;
    return true;
}

static bool is_alpha(azm_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] | 0x20) < 'a' || (text.ptr[i] | 0x20) > 'z')
            return false;
    return true;
}

static bool is_guid(azm_slice text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)(text.ptr[i] | 0x20);
        bool digit = (text.ptr[i] >= '0' && text.ptr[i] <= '9') || (c >= 'a' && c <= 'f');
        if (!digit && !strchr("-{}()", text.ptr[i]))
            return false;
        digits += digit;
    }
    return digits == 32;
}

static bool is_between(int64_t value, azm_slice from, azm_slice to)
{
    int64_t low, high;
    return (!is_number(from, &low) || value >= low) && (!is_number(to, &high) || value <= high);
}

static bool length_holds(azm_slice name, azm_slice from, azm_slice to, azm_slice text)
{
    int64_t length = (int64_t)text.len;
    if (azm_slice_eq_nocase(name, AZM_S("length")))
        return is_between(length, from, to);
    if (azm_slice_eq_nocase(name, AZM_S("minlength")))
        return is_between(length, from, AZM_S(""));
    return !azm_slice_eq_nocase(name, AZM_S("maxlength")) || is_between(length, AZM_S(""), to);
}

static bool number_holds(azm_slice name, azm_slice from, azm_slice to, azm_slice text)
{
    int64_t number;
    bool is_one = is_number(text, &number);
    if (azm_slice_eq_nocase(name, AZM_S("int")))
        return is_one && number >= INT32_MIN && number <= INT32_MAX;
    if (azm_slice_eq_nocase(name, AZM_S("long")))
        return is_one;
    if (azm_slice_eq_nocase(name, AZM_S("min")))
        return is_one && is_between(number, from, AZM_S(""));
    if (azm_slice_eq_nocase(name, AZM_S("max")))
        return is_one && is_between(number, AZM_S(""), to);
    return !azm_slice_eq_nocase(name, AZM_S("range")) || (is_one && is_between(number, from, to));
}

/* One of them, as "int" or "range(1,5)". */
static bool holds(azm_slice constraint, azm_slice text)
{
    azm_slice name = azm_slice_take(constraint, azm_slice_find(constraint, '('));
    azm_slice argument = azm_slice_drop(constraint, name.len + 1);
    argument = azm_slice_take(argument, azm_slice_rfind(argument, ')'));
    azm_slice from = azm_slice_take(argument, azm_slice_find(argument, ','));
    azm_slice to = from.len < argument.len ? azm_slice_drop(argument, from.len + 1) : from;
    if (azm_slice_eq_nocase(name, AZM_S("bool")))
        return azm_slice_eq_nocase(text, AZM_S("true")) || azm_slice_eq_nocase(text, AZM_S("false"));
    if (azm_slice_eq_nocase(name, AZM_S("guid")))
        return is_guid(text);
    if (azm_slice_eq_nocase(name, AZM_S("alpha")))
        return is_alpha(text);
    return length_holds(name, from, to, text) && number_holds(name, from, to, text);
}

/* rest: behind the parameter's name, ":int:min(1)?" perhaps. Anything may stand in a constraint's parentheses. */
static bool all_hold(azm_slice rest, azm_slice text)
{
    while (azm_slice_starts(rest, AZM_S(":"))) {
        size_t len = 1, round = 0;
        for (; len < rest.len && (round || !strchr(":?=", rest.ptr[len])); len++)
            round += rest.ptr[len] == '(' ? 1 : rest.ptr[len] == ')' && round ? (size_t)-1 : 0;
        if (!holds(azm_slice_drop(azm_slice_take(rest, len), 1), text))
            return false;
        rest = azm_slice_drop(rest, len);
    }
    return true;
}

/* --- one segment --- */

static int weight_of(azm_slice segment, azm_slice text)
{
    azm_slice name = is_parameter(segment) ? inside(segment) : AZM_S("");
    size_t colon = azm_slice_find(name, ':');
    if (azm_slice_starts(name, AZM_S("*")))
        return REST;
    if (colon < name.len)
        return all_hold(azm_slice_drop(name, colon), text) ? CONSTRAINED : -1;
    if (name.len)
        return PARAMETER;
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
