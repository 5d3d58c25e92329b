#include "json/locate.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(azm_slice text, size_t at)
{
    while (at < text.len && is_space(text.ptr[at]))
        at++;
    return at;
}

static size_t string_end(azm_slice text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++)
        if (text.ptr[at] == '\\')
            at++;
    return at < text.len ? at + 1 : text.len;
}

static size_t nested_end(azm_slice text, size_t at)
{
    size_t depth = 0;
    while (at < text.len) {
        char c = text.ptr[at];
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at = c == '"' ? string_end(text, at) : at + 1;
        if (depth == 0)
            break;
    }
    return at;
}

static size_t value_end(azm_slice text, size_t at)
{
    if (at < text.len && text.ptr[at] == '"')
        return string_end(text, at);
    if (at < text.len && (text.ptr[at] == '{' || text.ptr[at] == '['))
        return nested_end(text, at);
    while (at < text.len && !is_space(text.ptr[at]) && !strchr(",}]", text.ptr[at]))
        at++;
    return at;
}

/* The member at or behind `at`, which is inside an object; false at the object's end. */
static bool next_member(azm_slice text, size_t at, struct azm_json_member *out)
{
    at = skip_space(text, at);
    if (at < text.len && text.ptr[at] == ',')
        at = skip_space(text, at + 1);
    if (at >= text.len || text.ptr[at] != '"')
        return false;
    out->key = at;
    out->key_end = string_end(text, at);
    at = skip_space(text, out->key_end);
    if (at >= text.len || text.ptr[at] != ':')
        return false;
    out->value = skip_space(text, at + 1);
    out->value_end = value_end(text, out->value);
    return out->value_end > out->value && out->key_end - out->key >= 2;
}

static azm_slice between(azm_slice text, size_t from, size_t to)
{
    return azm_slice_take(azm_slice_drop(text, from), to - from);
}

/* Of the object that begins at `object`. Exactly, else without case. */
static bool find(azm_slice text, size_t object, azm_slice key, struct azm_json_member *out)
{
    bool found = false, exact = false;
    struct azm_json_member member;
    if (object >= text.len || text.ptr[object] != '{')
        return false;
    for (size_t at = object + 1; next_member(text, at, &member); at = member.value_end) {
        azm_slice name = between(text, member.key + 1, member.key_end - 1);
        bool same = azm_slice_eq(name, key);
        if (same || (!exact && azm_slice_eq_nocase(name, key))) {
            *out = member;
            found = true;
            exact = exact || same;
        }
    }
    return found;
}

enum azm_status azm_json_locate(azm_slice plain, const char *path, struct azm_json_member *out)
{
    azm_slice rest = azm_slice_str(path), key;
    size_t object = skip_space(plain, azm_slice_starts(plain, AZM_S("\xef\xbb\xbf")) ? 3 : 0);
    while (azm_slice_split(&rest, '.', &key)) {
        if (!find(plain, object, key, out))
            return AZM_NOT_FOUND;
        object = out->value;
    }
    return AZM_OK;
}
