#include "json/read.h"

#include "json/lenient.h"

static azm_slice without_mark(azm_slice text)
{
    return azm_slice_starts(text, AZM_S("\xef\xbb\xbf")) ? azm_slice_drop(text, 3) : text;
}

static enum azm_status load(azm_slice text, const char *what, json_t **root, struct azm_error *err)
{
    json_error_t cause;
    *root = NULL;
    if (text.len > AZM_JSON_TEXT_MAX)
        return azm_fail(err, AZM_TOO_BIG, "%s: %zu bytes of JSON, more than %zu", what, text.len, AZM_JSON_TEXT_MAX);
    if (azm_json_depth(text) > AZM_JSON_DEPTH_MAX)
        return azm_fail(err, AZM_TOO_BIG, "%s: JSON nested deeper than %u", what, AZM_JSON_DEPTH_MAX);
    *root = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &cause);
    if (*root)
        return AZM_OK;
    if (json_error_code(&cause) == json_error_out_of_memory)
        return azm_fail(err, AZM_NO_MEMORY, "%s: out of memory", what);
    return azm_fail(err, AZM_BAD_INPUT, "%s:%d:%d: %s", what, cause.line, cause.column, cause.text);
}

enum azm_status azm_json_parse(azm_slice text, const char *what, json_t **root, struct azm_error *err)
{
    return load(without_mark(text), what, root, err);
}

enum azm_status azm_json_parse_config(azm_slice text, const char *what, json_t **root, struct azm_error *err)
{
    struct azm_json_place place;
    struct azm_buf plain;
    *root = NULL;
    text = without_mark(text);
    if (text.len > AZM_JSON_TEXT_MAX)
        return load(text, what, root, err);
    azm_buf_init(&plain, text.len);
    enum azm_status st = azm_json_blank_comments(&plain, text, &place);
    if (st == AZM_OK)
        st = load(azm_buf_slice(&plain), what, root, err);
    else if (st == AZM_BAD_INPUT)
        azm_fail(err, st, "%s:%zu:%zu: a comment without an end", what, place.line, place.column);
    else
        azm_fail(err, st, "%s: out of memory", what);
    azm_buf_dispose(&plain);
    return st;
}

json_t *azm_json_get(const json_t *object, const char *key)
{
    json_t *found = json_object_get(object, key);
    void *at = found ? NULL : json_object_iter((json_t *)object);
    for (; at; at = json_object_iter_next((json_t *)object, at))
        if (azm_slice_eq_nocase(azm_slice_str(json_object_iter_key(at)), azm_slice_str(key)))
            return json_object_iter_value(at);
    return found;
}

json_t *azm_json_at(const json_t *object, const char *path)
{
    azm_slice rest = azm_slice_str(path), part;
    const json_t *found = object;
    char key[65];
    while (found && azm_slice_split(&rest, '.', &part))
        found = azm_slice_copy(part, key, sizeof key) == part.len ? azm_json_get(found, key) : NULL;
    return (json_t *)found;
}

azm_slice azm_json_slice(const json_t *value)
{
    return json_is_string(value) ? azm_slice_of(json_string_value(value), json_string_length(value))
                                 : (azm_slice){NULL, 0};
}

azm_slice azm_json_get_slice(const json_t *object, const char *key)
{
    return azm_json_slice(azm_json_get(object, key));
}

bool azm_json_get_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = azm_json_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

int64_t azm_json_get_int(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = azm_json_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}
