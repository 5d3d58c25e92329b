#include "hub/receive/shape.h"

#include "base/utf8.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Where we are: "transaction.context.request". Long paths are cut, errors stay readable. */
struct place {
    const struct place *above;
    const char *key;
    size_t index;  /* of an array's item, when key is NULL */
    bool exported; /* of the outermost: see azm_shape_check_exported */
};

static bool is_exported(const struct place *place)
{
    while (place->above)
        place = place->above;
    return place->exported;
}

static int print_place(const struct place *place, char *out, size_t size)
{
    int n = place->above ? print_place(place->above, out, size) : 0;
    if (n < 0 || (size_t)n >= size)
        return n;
    if (place->key)
        return n + snprintf(out + n, size - (size_t)n, "%s%.100s", place->above ? "." : "", place->key);
    return n + snprintf(out + n, size - (size_t)n, "[%zu]", place->index);
}

static enum azm_status bad(const struct place *place, struct azm_error *err, const char *expected)
{
    char path[256];
    print_place(place, path, sizeof path);
    return azm_fail(err, AZM_BAD_INPUT, "validation error: '%s' %s", path, expected);
}

static unsigned type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: return AZM_OBJECT;
    case JSON_ARRAY: return AZM_ARRAY;
    case JSON_STRING: return AZM_STRING;
    case JSON_INTEGER: return AZM_INTEGER | AZM_NUMBER;
    case JSON_REAL:
        return json_real_value(value) == floor(json_real_value(value)) ? AZM_INTEGER | AZM_NUMBER : AZM_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE: return AZM_BOOLEAN;
    case JSON_NULL: return 0;
    }
    return 0;
}

static bool is_there(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value && !json_is_null(value);
}

static bool is_word(azm_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && !strchr(" _-", c))
            return false;
        if (c == '\0')
            return false;
    }
    return true;
}

static bool is_outcome(azm_slice text)
{
    return azm_slice_eq(text, AZM_S("success")) || azm_slice_eq(text, AZM_S("failure")) ||
           azm_slice_eq(text, AZM_S("unknown"));
}

static enum azm_status check_string(const struct azm_field *field, const struct place *place, const json_t *value,
                                    struct azm_error *err)
{
    azm_slice text = {json_string_value(value), json_string_length(value)};
    char limit[64];
    if (field->max_chars && azm_utf8_take(text, field->max_chars).len < text.len) {
        snprintf(limit, sizeof limit, "is longer than %u characters", field->max_chars);
        return bad(place, err, limit);
    }
    if ((field->type & AZM_FILLED) && text.len == 0)
        return bad(place, err, "is empty");
    if ((field->type & AZM_WORD) && !is_word(text) && !is_exported(place))
        return bad(place, err, "may hold letters, digits, space, '_' and '-' only");
    if ((field->type & AZM_OUTCOME) && !is_outcome(text))
        return bad(place, err, "must be success, failure or unknown");
    return AZM_OK;
}

static enum azm_status check_items(const struct azm_shape *shape, const struct place *place, const json_t *array,
                                   struct azm_error *err);
static enum azm_status check_object(const struct azm_shape *shape, const struct place *place, const json_t *object,
                                    struct azm_error *err);

static enum azm_status expected_type(unsigned type, const struct place *place, struct azm_error *err)
{
    static const char *const names[] = {"string", "integer", "number", "boolean", "object", "array"};
    char text[96] = "must be";
    for (size_t i = 0, n = 7; i < AZM_COUNT(names); i++)
        if (type & 1u << i)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s %s", n > 7 ? " or" : "", names[i]);
    return bad(place, err, text);
}

/* Null was dealt with before. */
static enum azm_status check_value(const struct azm_field *field, const struct place *place, const json_t *value,
                                   struct azm_error *err)
{
    const unsigned any = AZM_STRING | AZM_INTEGER | AZM_NUMBER | AZM_BOOLEAN | AZM_OBJECT | AZM_ARRAY;
    if ((field->type & any) && !(field->type & any & type_of(value)))
        return expected_type(field->type, place, err);
    if (json_is_string(value))
        return check_string(field, place, value, err);
    if ((field->type & AZM_POSITIVE) && json_number_value(value) < field->min) {
        char limit[32];
        snprintf(limit, sizeof limit, "must be at least %u", field->min);
        return bad(place, err, limit);
    }
    if (field->shape && json_is_object(value))
        return check_object(field->shape, place, value, err);
    return field->shape && json_is_array(value) ? check_items(field->shape, place, value, err) : AZM_OK;
}

static enum azm_status check_items(const struct azm_shape *shape, const struct place *place, const json_t *array,
                                   struct azm_error *err)
{
    enum azm_status status = AZM_OK;
    const struct azm_field item = {.type = shape->each ? shape->each->type : AZM_OBJECT, .shape = shape};
    for (size_t i = 0; i < json_array_size(array) && status == AZM_OK; i++) {
        const json_t *value = json_array_get(array, i);
        const struct place here = {.above = place, .index = i};
        if (json_is_null(value))
            status = expected_type(item.type, &here, err);
        else
            status = check_value(shape->each ? shape->each : &item, &here, value, err);
    }
    return status;
}

static enum azm_status check_pairs(const struct azm_shape *shape, const struct place *place, const json_t *object,
                                   struct azm_error *err)
{
    if (shape->either && !is_there(object, shape->either) && !is_there(object, shape->or_else)) {
        char text[64];
        snprintf(text, sizeof text, "requires '%s' or '%s'", shape->either, shape->or_else);
        return bad(place, err, text);
    }
    if (shape->with[0] && is_there(object, shape->with[0]) != is_there(object, shape->with[1])) {
        char text[64];
        snprintf(text, sizeof text, "requires both of '%s' and '%s'", shape->with[0], shape->with[1]);
        return bad(place, err, text);
    }
    bool joined = shape->joined &&
                  (is_there(object, "trace_id") || is_there(object, "transaction_id") || is_there(object, "parent_id"));
    if (joined && (!is_there(object, "trace_id") || !is_there(object, "parent_id")) && !is_exported(place))
        return bad(place, err,
                   "with one of 'trace_id', 'transaction_id', 'parent_id' requires 'trace_id' and 'parent_id'");
    return AZM_OK;
}

/* Objects hold few of the keys they may hold: going over those that are there is cheaper than asking for each. */
static const struct azm_field *find_field(const struct azm_shape *shape, const char *key)
{
    for (size_t i = 0; i < shape->count; i++)
        if (shape->fields[i].key[0] == key[0] && strcmp(shape->fields[i].key, key) == 0)
            return &shape->fields[i];
    return shape->each;
}

static enum azm_status check_required(const struct azm_shape *shape, const struct place *place, const json_t *object,
                                      struct azm_error *err)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct place here = {.above = place, .key = shape->fields[i].key};
        if ((shape->fields[i].type & AZM_REQUIRED) && !is_there(object, here.key))
            return bad(&here, err, "required");
    }
    return AZM_OK;
}

static enum azm_status check_object(const struct azm_shape *shape, const struct place *place, const json_t *object,
                                    struct azm_error *err)
{
    enum azm_status status = check_required(shape, place, object, err);
    for (void *at = json_object_iter((json_t *)object); at && status == AZM_OK;
         at = json_object_iter_next((json_t *)object, at)) {
        const json_t *value = json_object_iter_value(at);
        const struct place here = {.above = place, .key = json_object_iter_key(at)};
        const struct azm_field *field = find_field(shape, here.key);
        if (shape->keys_without && here.key[strcspn(here.key, shape->keys_without)])
            status = bad(&here, err, "holds a character that no such key may hold");
        else if (field && !json_is_null(value))
            status = check_value(field, &here, value, err);
    }
    return status == AZM_OK ? check_pairs(shape, place, object, err) : status;
}

static enum azm_status check(const struct azm_shape *shape, const char *name, bool exported, const json_t *value,
                             struct azm_error *err)
{
    const struct place here = {.key = name, .exported = exported};
    if (!json_is_object(value))
        return expected_type(AZM_OBJECT, &here, err);
    return check_object(shape, &here, value, err);
}

enum azm_status azm_shape_check(const struct azm_shape *shape, const char *name, const json_t *value,
                                struct azm_error *err)
{
    return check(shape, name, false, value, err);
}

enum azm_status azm_shape_check_exported(const struct azm_shape *shape, const char *name, const json_t *value,
                                         struct azm_error *err)
{
    return check(shape, name, true, value, err);
}
