#include "export/object.h"

#include "base/hex.h"
#include "base/utf8.h"

#define HEADERS_MAX 128u /* different ones; more are left out */

static void comma(struct azm_object *json)
{
    if (json->comma)
        azm_buf_add_byte(json->out, ',');
    json->comma = true;
}

static void begin(struct azm_object *json, const char *key)
{
    comma(json);
    if (key) {
        azm_buf_add_byte(json->out, '"');
        azm_buf_add_str(json->out, key);
        azm_buf_add(json->out, AZM_S("\":"));
    }
}

struct azm_object_mark azm_object_open(struct azm_object *json, const char *key, char bracket)
{
    struct azm_object_mark mark = {.before = json->out->len, .comma = json->comma};
    begin(json, key);
    azm_buf_add_byte(json->out, (uint8_t)bracket);
    mark.inside = json->out->len;
    json->comma = false;
    return mark;
}

void azm_object_close(struct azm_object *json, struct azm_object_mark mark, char bracket)
{
    if (json->out->len == mark.inside) {
        azm_buf_truncate(json->out, mark.before);
        json->comma = mark.comma;
        return;
    }
    azm_buf_add_byte(json->out, (uint8_t)bracket);
    json->comma = true;
}

void azm_object_key(struct azm_object *json, azm_slice key)
{
    comma(json);
    azm_json_quote(json->out, key, AZM_KEYWORD_MAX);
    azm_buf_add_byte(json->out, ':');
}

void azm_object_text(struct azm_object *json, const char *key, azm_slice value)
{
    if (!value.ptr)
        return;
    begin(json, key);
    azm_json_quote(json->out, value, AZM_KEYWORD_MAX);
}

void azm_object_number(struct azm_object *json, const char *key, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    begin(json, key);
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        digits[--at] = '-';
    azm_buf_add(json->out, azm_slice_of(digits + at, sizeof digits - at));
}

void azm_object_bool(struct azm_object *json, const char *key, bool value)
{
    begin(json, key);
    azm_buf_add(json->out, value ? AZM_S("true") : AZM_S("false"));
}

void azm_object_hex(struct azm_object *json, const char *key, const uint8_t *bytes, size_t n)
{
    begin(json, key);
    azm_buf_add_byte(json->out, '"');
    char *at = azm_buf_reserve(json->out, 2 * n);
    if (at) {
        azm_hex_encode(bytes, n, at);
        json->out->len += 2 * n;
    }
    azm_buf_add_byte(json->out, '"');
}

/* Bytes that may stand in a string as they are. */
static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

static void quote_odd(struct azm_buf *out, azm_slice *text)
{
    unsigned char c = (unsigned char)text->ptr[0];
    size_t n = 1;
    if (c == '"' || c == '\\')
        azm_buf_addf(out, "\\%c", c);
    else if (c < 0x80)
        azm_buf_addf(out, "\\u%04x", c);
    else if ((n = azm_utf8_char(*text)) > 0)
        azm_buf_add(out, azm_slice_take(*text, n));
    else {
        azm_buf_add(out, AZM_S("\xef\xbf\xbd"));
        n = 1;
    }
    *text = azm_slice_drop(*text, n);
}

void azm_json_quote(struct azm_buf *out, azm_slice text, size_t max_chars)
{
    azm_slice kept = azm_utf8_take(text, max_chars);
    bool cut = kept.len < text.len;
    if (cut)
        kept = azm_utf8_take(text, max_chars - 1);
    azm_buf_add_byte(out, '"');
    while (kept.len) {
        size_t plain = 0;
        while (plain < kept.len && is_plain((unsigned char)kept.ptr[plain]))
            plain++;
        azm_buf_add(out, azm_slice_take(kept, plain));
        kept = azm_slice_drop(kept, plain);
        if (kept.len)
            quote_odd(out, &kept);
    }
    azm_buf_add(out, cut ? AZM_S("\xe2\x80\xa6\"") : AZM_S("\""));
}

static azm_slice clean_key(azm_slice key, char *out, size_t size)
{
    size_t n = azm_slice_copy(azm_utf8_take(key, AZM_KEYWORD_MAX), out, size);
    for (size_t i = 0; i < n; i++)
        if (out[i] == '.' || out[i] == '*' || out[i] == '"')
            out[i] = '_';
    return azm_slice_of(out, n);
}

void azm_object_labels(struct azm_object *json, const char *key, const struct azm_pairs *labels)
{
    char clean[4 * AZM_KEYWORD_MAX + 1];
    struct azm_object_mark mark = azm_object_open(json, key, '{');
    for (size_t i = 0; i < labels->count; i++) {
        if (!labels->items[i].value.ptr)
            continue;
        azm_object_key(json, clean_key(labels->items[i].key, clean, sizeof clean));
        azm_json_quote(json->out, labels->items[i].value, AZM_KEYWORD_MAX);
    }
    azm_object_close(json, mark, '}');
}

/* Index of the first pair from `from` on with this name; count when there is none. */
static size_t find(const struct azm_pairs *pairs, size_t from, azm_slice name)
{
    while (from < pairs->count && !azm_slice_eq_nocase(pairs->items[from].key, name))
        from++;
    return from;
}

static void put_values(struct azm_object *json, const struct azm_pairs *headers, size_t first)
{
    azm_slice name = headers->items[first].key;
    size_t next = find(headers, first + 1, name);
    azm_object_key(json, name);
    if (next < headers->count)
        azm_buf_add_byte(json->out, '[');
    azm_json_quote(json->out, headers->items[first].value, AZM_KEYWORD_MAX);
    if (next == headers->count)
        return;
    for (; next < headers->count; next = find(headers, next + 1, name)) {
        azm_buf_add_byte(json->out, ',');
        azm_json_quote(json->out, headers->items[next].value, AZM_KEYWORD_MAX);
    }
    azm_buf_add_byte(json->out, ']');
}

void azm_object_headers(struct azm_object *json, const char *key, const struct azm_pairs *headers)
{
    struct azm_object_mark mark = azm_object_open(json, key, '{');
    for (size_t i = 0, names = 0; i < headers->count && names < HEADERS_MAX; i++)
        if (find(headers, 0, headers->items[i].key) == i) {
            put_values(json, headers, i);
            names++;
        }
    azm_object_close(json, mark, '}');
}
