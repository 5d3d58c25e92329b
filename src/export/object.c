#include "export/object.h"

#include "base/hex.h"
#include "base/utf8.h"
#include "trace/redact.h"

#define HEADERS_MAX 128u /* different ones; more are left out */
#define HEX_MAX     32u

static struct azm_object_mark mark_of(const struct azm_json_writer *json)
{
    return (struct azm_object_mark){.before = json->out->len, .comma = json->comma};
}

static void put_key(struct azm_json_writer *json, const char *key)
{
    if (key)
        azm_json_key(json, azm_slice_str(key));
}

/* True: nothing was put inside, and nothing is left of it. */
static bool take_back(struct azm_json_writer *json, struct azm_object_mark mark)
{
    if (json->out->len != mark.inside)
        return false;
    azm_buf_truncate(json->out, mark.before);
    json->comma = mark.comma;
    return true;
}

struct azm_object_mark azm_object_open(struct azm_json_writer *json, const char *key)
{
    struct azm_object_mark mark = mark_of(json);
    put_key(json, key);
    azm_json_open_object(json);
    mark.inside = json->out->len;
    return mark;
}

struct azm_object_mark azm_object_open_list(struct azm_json_writer *json, const char *key)
{
    struct azm_object_mark mark = mark_of(json);
    put_key(json, key);
    azm_json_open_array(json);
    mark.inside = json->out->len;
    return mark;
}

void azm_object_close(struct azm_json_writer *json, struct azm_object_mark mark)
{
    if (!take_back(json, mark))
        azm_json_close_object(json);
}

void azm_object_close_list(struct azm_json_writer *json, struct azm_object_mark mark)
{
    if (!take_back(json, mark))
        azm_json_close_array(json);
}

void azm_object_text(struct azm_json_writer *json, const char *key, azm_slice value)
{
    if (!value.ptr)
        return;
    put_key(json, key);
    azm_json_text(json, value, AZM_KEYWORD_MAX);
}

void azm_object_long_text(struct azm_json_writer *json, const char *key, azm_slice value)
{
    if (!value.ptr)
        return;
    put_key(json, key);
    azm_json_text(json, value, AZM_LONG_TEXT_MAX);
}

void azm_object_number(struct azm_json_writer *json, const char *key, int64_t value)
{
    put_key(json, key);
    azm_json_int(json, value);
}

void azm_object_bool(struct azm_json_writer *json, const char *key, bool value)
{
    put_key(json, key);
    azm_json_bool(json, value);
}

void azm_object_hex(struct azm_json_writer *json, const char *key, const uint8_t *bytes, size_t n)
{
    char text[HEX_MAX + 2];
    text[0] = text[2 * n + 1] = '"';
    azm_hex_encode(bytes, n, text + 1);
    put_key(json, key);
    azm_json_raw(json, azm_slice_of(text, 2 * n + 2));
}

static azm_slice clean_key(azm_slice key, char *out, size_t size)
{
    size_t n = azm_slice_copy(azm_utf8_take(key, AZM_KEYWORD_MAX), out, size);
    for (size_t i = 0; i < n; i++)
        if (out[i] == '.' || out[i] == '*' || out[i] == '"')
            out[i] = '_';
    return azm_slice_of(out, n);
}

void azm_object_labels(struct azm_json_writer *json, const char *key, const struct azm_pairs *labels)
{
    char clean[4 * AZM_KEYWORD_MAX + 1];
    struct azm_object_mark mark = azm_object_open(json, key);
    for (size_t i = 0; i < labels->count; i++) {
        if (!labels->items[i].value.ptr)
            continue;
        azm_json_foreign_key(json, clean_key(labels->items[i].key, clean, sizeof clean), AZM_KEYWORD_MAX);
        azm_json_text(json, labels->items[i].value, AZM_KEYWORD_MAX);
    }
    azm_object_close(json, mark);
}

/* Index of the first pair from `from` on with this name; count when there is none. */
static size_t find(const struct azm_pairs *pairs, size_t from, azm_slice name)
{
    while (from < pairs->count && !azm_slice_eq_nocase(pairs->items[from].key, name))
        from++;
    return from;
}

/* The writer redacts by its own list; some names are secret whatever that says, so they are looked at again. */
static void put_value(struct azm_json_writer *json, const struct azm_pair *header)
{
    bool secret = azm_redact_is_secret(header->key, AZM_S(""));
    azm_json_text(json, secret ? AZM_REDACTED : header->value, AZM_KEYWORD_MAX);
}

static void put_values(struct azm_json_writer *json, const struct azm_pairs *headers, size_t first)
{
    azm_slice name = headers->items[first].key;
    size_t next = find(headers, first + 1, name);
    bool many = next < headers->count;
    azm_json_foreign_key(json, name, AZM_KEYWORD_MAX);
    if (many)
        azm_json_open_array(json);
    put_value(json, &headers->items[first]);
    for (; next < headers->count; next = find(headers, next + 1, name))
        put_value(json, &headers->items[next]);
    if (many)
        azm_json_close_array(json);
}

void azm_object_headers(struct azm_json_writer *json, const char *key, const struct azm_pairs *headers)
{
    struct azm_object_mark mark = azm_object_open(json, key);
    for (size_t i = 0, names = 0; i < headers->count && names < HEADERS_MAX; i++)
        if (find(headers, 0, headers->items[i].key) == i) {
            put_values(json, headers, i);
            names++;
        }
    azm_object_close(json, mark);
}
