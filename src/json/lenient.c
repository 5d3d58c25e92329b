#include "json/lenient.h"

/* The end of the string that begins at `at`, behind its closing quote, or the text's end. */
static size_t string_end(azm_slice text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++)
        if (text.ptr[at] == '\\')
            at++;
    return at < text.len ? at + 1 : text.len;
}

/* The end of the comment that begins at `at`; `at` when none does, SIZE_MAX when it has no end. */
static size_t comment_end(azm_slice text, size_t at)
{
    azm_slice rest = azm_slice_drop(text, at);
    if (azm_slice_starts(rest, AZM_S("//")))
        return at + azm_slice_find(rest, '\n');
    if (!azm_slice_starts(rest, AZM_S("/*")))
        return at;
    azm_slice body = azm_slice_drop(rest, 2);
    size_t end = azm_slice_search(body, AZM_S("*/"));
    return end < body.len ? at + 2 + end + 2 : SIZE_MAX;
}

static void blank(char *text, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (text[i] != '\n' && text[i] != '\r')
            text[i] = ' ';
}

struct azm_json_place azm_json_place_of(azm_slice text, size_t at)
{
    struct azm_json_place place = {1, 1};
    for (size_t i = 0; i < at && i < text.len; i++) {
        place.column++;
        if (text.ptr[i] == '\n')
            place = (struct azm_json_place){place.line + 1, 1};
    }
    return place;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum azm_status azm_json_blank_comments(struct azm_buf *out, azm_slice text, struct azm_json_place *place)
{
    size_t comma = SIZE_MAX; /* the last significant character, if it is a comma behind a value */
    char before = '[';
    if (text.len == 0)
        return AZM_OK;
    char *to = azm_buf_reserve(out, text.len);
    if (!to)
        return AZM_NO_MEMORY;
    memcpy(to, text.ptr, text.len);
    for (size_t at = 0, next; at < text.len; at = next) {
        char c = text.ptr[at];
        next = comment_end(text, at);
        if (next == SIZE_MAX) {
            *place = azm_json_place_of(text, at);
            return AZM_BAD_INPUT;
        }
        if (next > at) {
            blank(to, at, next);
            continue;
        }
        next = c == '"' ? string_end(text, at) : at + 1;
        if (is_space(c))
            continue;
        if ((c == '}' || c == ']') && comma != SIZE_MAX)
            to[comma] = ' ';
        comma = c == ',' && !strchr("[{,:", before) ? at : SIZE_MAX;
        before = c ? c : '?';
    }
    out->len += text.len;
    return AZM_OK;
}

size_t azm_json_depth(azm_slice text)
{
    size_t depth = 0, deepest = 0;
    for (size_t at = 0; at < text.len;) {
        char c = text.ptr[at];
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth)
            depth--;
        deepest = depth > deepest ? depth : deepest;
        at = c == '"' ? string_end(text, at) : at + 1;
    }
    return deepest;
}
