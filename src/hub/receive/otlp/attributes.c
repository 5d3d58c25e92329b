#include "hub/receive/otlp/attributes.h"

#include <math.h>

enum { PAIRS_MAX = 64, KEY_MAX = 1024, TEXT_MAX = 10000, VALUE_TEXT = 1024 };

static const struct azm_otlp_value *find(const struct azm_otlp_attributes *attributes, const char *name)
{
    azm_slice wanted = azm_slice_str(name);
    for (size_t i = 0; i < attributes->count; i++)
        if (azm_slice_eq(attributes->items[i].key, wanted) && attributes->items[i].value.type != AZM_OTLP_NONE)
            return &attributes->items[i].value;
    return NULL;
}

const struct azm_otlp_value *azm_otlp_get(const struct azm_otlp_attributes *attributes, const char *name,
                                          const char *older, const char *oldest)
{
    const struct azm_otlp_value *value = find(attributes, name);
    if (!value && older)
        value = find(attributes, older);
    return value || !oldest ? value : find(attributes, oldest);
}

azm_slice azm_otlp_get_text(const struct azm_otlp_attributes *attributes, const char *name, const char *older)
{
    const struct azm_otlp_value *value = azm_otlp_get(attributes, name, older, NULL);
    return value && value->type == AZM_OTLP_TEXT ? value->text : AZM_S("");
}

int64_t azm_otlp_get_int(const struct azm_otlp_attributes *attributes, const char *name, const char *older,
                         int64_t fallback)
{
    const struct azm_otlp_value *value = azm_otlp_get(attributes, name, older, NULL);
    uint64_t number;
    if (value && value->type == AZM_OTLP_INT)
        return value->integer;
    if (value && value->type == AZM_OTLP_TEXT && azm_slice_to_u64(value->text, &number) == AZM_OK &&
        number <= INT64_MAX)
        return (int64_t)number;
    return fallback;
}

static void put_key(struct azm_json_writer *json, azm_slice key)
{
    azm_json_foreign_key(json, key, KEY_MAX);
}

static void put_list(struct azm_json_writer *json, const struct azm_otlp_value *value)
{
    bool map = value->type == AZM_OTLP_MAP;
    if (map)
        azm_json_open_object(json);
    else
        azm_json_open_array(json);
    for (size_t i = 0; i < value->count; i++) {
        if (map)
            put_key(json, value->items[i].key);
        azm_otlp_put_value(json, &value->items[i].value);
    }
    if (map)
        azm_json_close_object(json);
    else
        azm_json_close_array(json);
}

static void put_bytes(struct azm_json_writer *json, azm_slice bytes)
{
    azm_json_open_object(json);
    azm_json_uint(azm_json_key(json, AZM_S("bytes")), bytes.len);
    azm_json_close_object(json);
}

void azm_otlp_put_value(struct azm_json_writer *json, const struct azm_otlp_value *value)
{
    switch (value->type) {
    case AZM_OTLP_NONE: azm_json_null(json); return;
    case AZM_OTLP_TEXT: azm_json_text(json, value->text, TEXT_MAX); return;
    case AZM_OTLP_BOOL: azm_json_bool(json, value->integer != 0); return;
    case AZM_OTLP_INT: azm_json_int(json, value->integer); return;
    case AZM_OTLP_DOUBLE: azm_json_double(json, value->real); return;
    case AZM_OTLP_BYTES: put_bytes(json, value->text); return;
    case AZM_OTLP_ARRAY:
    case AZM_OTLP_MAP: put_list(json, value); return;
    }
}

/* Names come once by contract; of one that comes again the first counts, as for azm_otlp_get. */
static bool is_first(const struct azm_otlp_attributes *attributes, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (azm_slice_eq(attributes->items[i].key, attributes->items[index].key))
            return false;
    return true;
}

void azm_otlp_put_attributes(struct azm_json_writer *json, const struct azm_otlp_attributes *attributes)
{
    azm_json_open_object(json);
    for (size_t i = 0; i < attributes->count; i++) {
        if (!is_first(attributes, i))
            continue;
        put_key(json, attributes->items[i].key);
        azm_otlp_put_value(json, &attributes->items[i].value);
    }
    azm_json_close_object(json);
}

azm_slice azm_otlp_text_of(const struct azm_otlp_value *value, struct azm_arena *arena)
{
    struct azm_buf text;
    if (!value || value->type == AZM_OTLP_NONE || value->type == AZM_OTLP_BYTES)
        return AZM_S("");
    if (value->type == AZM_OTLP_TEXT)
        return value->text;
    azm_buf_init(&text, TEXT_MAX);
    struct azm_json_writer json = azm_json_writer(&text);
    azm_otlp_put_value(&json, value);
    azm_slice out = text.failed ? AZM_S("") : azm_arena_copy(arena, azm_buf_slice(&text));
    azm_buf_dispose(&text);
    return out;
}

size_t azm_otlp_pairs(const struct azm_otlp_attributes *attributes, struct azm_arena *arena,
                      const struct azm_pair **pairs)
{
    size_t room = attributes->count < PAIRS_MAX ? attributes->count : PAIRS_MAX, count = 0;
    struct azm_pair *own = room ? azm_arena_array(arena, struct azm_pair, room) : NULL;
    *pairs = own;
    for (size_t i = 0; i < attributes->count && count < room; i++) {
        azm_slice text = azm_slice_take(azm_otlp_text_of(&attributes->items[i].value, arena), VALUE_TEXT);
        if (text.len)
            own[count++] =
                (struct azm_pair){azm_arena_copy(arena, attributes->items[i].key), azm_arena_copy(arena, text)};
    }
    return count;
}

void azm_otlp_put(struct azm_json_writer *json, const char *key, azm_slice text)
{
    if (text.len)
        azm_json_text(azm_json_key(json, azm_slice_str(key)), text, KEY_MAX);
}
