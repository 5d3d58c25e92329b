#include "otlp/write.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "proto/wire.h"

#define ID_MAX 16u

struct azm_otlp_writer azm_otlp_writer(struct azm_buf *out, bool as_json)
{
    return (struct azm_otlp_writer){out, as_json, azm_json_writer(out)};
}

static struct azm_json_writer *at_key(struct azm_otlp_writer *w, const char *key)
{
    return key ? azm_json_key(&w->json, azm_slice_str(key)) : &w->json;
}

size_t azm_otlp_open(struct azm_otlp_writer *w, uint32_t no, const char *key)
{
    if (!w->as_json)
        return azm_wire_begin(w->out, no);
    azm_json_open_object(at_key(w, key));
    return 0;
}

void azm_otlp_close(struct azm_otlp_writer *w, size_t opened)
{
    if (w->as_json)
        azm_json_close_object(&w->json);
    else
        azm_wire_end(w->out, opened);
}

void azm_otlp_open_list(struct azm_otlp_writer *w, const char *key)
{
    if (w->as_json)
        azm_json_open_array(at_key(w, key));
}

void azm_otlp_close_list(struct azm_otlp_writer *w)
{
    if (w->as_json)
        azm_json_close_array(&w->json);
}

static void put_text(struct azm_buf *out, uint32_t no, azm_slice value)
{
    if (azm_utf8_is_valid(value)) {
        azm_wire_put_bytes(out, no, value);
        return;
    }
    size_t begun = azm_wire_begin(out, no);
    azm_utf8_add(out, value, SIZE_MAX);
    azm_wire_end(out, begun);
}

void azm_otlp_text(struct azm_otlp_writer *w, uint32_t no, const char *key, azm_slice value)
{
    if (w->as_json)
        azm_json_string(at_key(w, key), value);
    else
        put_text(w->out, no, value);
}

void azm_otlp_id(struct azm_otlp_writer *w, uint32_t no, const char *key, const uint8_t *bytes, size_t n)
{
    char text[2 * ID_MAX];
    if (!w->as_json) {
        azm_wire_put_bytes(w->out, no, azm_slice_of(bytes, n));
        return;
    }
    azm_hex_encode(bytes, n, text);
    azm_json_string(at_key(w, key), azm_slice_of(text, 2 * n));
}

void azm_otlp_number(struct azm_otlp_writer *w, uint32_t no, const char *key, uint32_t value)
{
    if (w->as_json)
        azm_json_uint(at_key(w, key), value);
    else
        azm_wire_put_uint(w->out, no, value);
}

void azm_otlp_fixed32(struct azm_otlp_writer *w, uint32_t no, const char *key, uint32_t value)
{
    if (w->as_json)
        azm_json_uint(at_key(w, key), value);
    else
        azm_wire_put_fixed32(w->out, no, value);
}

void azm_otlp_fixed64(struct azm_otlp_writer *w, uint32_t no, const char *key, uint64_t value)
{
    char text[24];
    if (!w->as_json) {
        azm_wire_put_fixed64(w->out, no, value);
        return;
    }
    int n = snprintf(text, sizeof text, "%" PRIu64, value);
    azm_json_string(at_key(w, key), azm_slice_of(text, (size_t)n));
}

uint32_t azm_otlp_severity(azm_slice level)
{
    static const struct {
        azm_slice level;
        uint32_t number; /* the first of its range */
    } rows[] = {{AZM_S_INIT("trace"), 1},  {AZM_S_INIT("debug"), 5},    {AZM_S_INIT("info"), 9},
                {AZM_S_INIT("warn"), 13},  {AZM_S_INIT("warning"), 13}, {AZM_S_INIT("err"), 17},
                {AZM_S_INIT("error"), 17}, {AZM_S_INIT("fatal"), 21},   {AZM_S_INIT("critical"), 21}};
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        if (azm_slice_eq_nocase(rows[i].level, level))
            return rows[i].number;
    return 0;
}

uint64_t azm_otlp_ns(int64_t time_us)
{
    if (time_us <= 0)
        return 0;
    return (uint64_t)time_us < UINT64_MAX / 1000 ? (uint64_t)time_us * 1000 : UINT64_MAX;
}

/* --- attributes --- */

/* KeyValue: 1 key, 2 value; AnyValue: 1 string, 2 bool, 3 int, 5 array (of them: 1 values). */
struct pair {
    size_t pair, value;
};

static struct pair open_pair(struct azm_otlp_writer *w, uint32_t no, azm_slice name)
{
    struct pair opened;
    opened.pair = azm_otlp_open(w, no, NULL);
    azm_otlp_text(w, 1, "key", name);
    opened.value = azm_otlp_open(w, 2, "value");
    return opened;
}

static void close_pair(struct azm_otlp_writer *w, struct pair opened)
{
    azm_otlp_close(w, opened.value);
    azm_otlp_close(w, opened.pair);
}

/* The usual attribute, without going back for the lengths. */
static void put_text_pair(struct azm_buf *out, uint32_t no, azm_slice name, azm_slice value)
{
    size_t any = azm_wire_bytes_size(1, value.len);
    azm_wire_put_head(out, no, azm_wire_bytes_size(1, name.len) + azm_wire_bytes_size(2, any));
    azm_wire_put_bytes(out, 1, name);
    azm_wire_put_head(out, 2, any);
    azm_wire_put_bytes(out, 1, value);
}

void azm_otlp_attribute(struct azm_otlp_writer *w, uint32_t no, azm_slice name, azm_slice value)
{
    if (!w->as_json && azm_utf8_is_valid(name) && azm_utf8_is_valid(value)) {
        put_text_pair(w->out, no, name, value);
        return;
    }
    struct pair opened = open_pair(w, no, name);
    azm_otlp_text(w, 1, "stringValue", value);
    close_pair(w, opened);
}

void azm_otlp_attribute_int(struct azm_otlp_writer *w, uint32_t no, azm_slice name, int64_t value)
{
    char text[24];
    struct pair opened = open_pair(w, no, name);
    if (w->as_json) {
        int n = snprintf(text, sizeof text, "%" PRId64, value);
        azm_json_string(at_key(w, "intValue"), azm_slice_of(text, (size_t)n));
    } else {
        azm_wire_put_uint(w->out, 3, (uint64_t)value);
    }
    close_pair(w, opened);
}

void azm_otlp_attribute_bool(struct azm_otlp_writer *w, uint32_t no, azm_slice name, bool value)
{
    struct pair opened = open_pair(w, no, name);
    if (w->as_json)
        azm_json_bool(at_key(w, "boolValue"), value);
    else
        azm_wire_put_uint(w->out, 2, value);
    close_pair(w, opened);
}

/* As put_text_pair. */
static void put_list_pair(struct azm_buf *out, uint32_t no, azm_slice name, azm_slice only)
{
    size_t element = azm_wire_bytes_size(1, only.len);
    size_t array = azm_wire_bytes_size(1, element);
    size_t any = azm_wire_bytes_size(5, array);
    azm_wire_put_head(out, no, azm_wire_bytes_size(1, name.len) + azm_wire_bytes_size(2, any));
    azm_wire_put_bytes(out, 1, name);
    azm_wire_put_head(out, 2, any);
    azm_wire_put_head(out, 5, array);
    azm_wire_put_head(out, 1, element);
    azm_wire_put_bytes(out, 1, only);
}

void azm_otlp_attribute_list(struct azm_otlp_writer *w, uint32_t no, azm_slice name, azm_slice only)
{
    if (!w->as_json && azm_utf8_is_valid(name) && azm_utf8_is_valid(only)) {
        put_list_pair(w->out, no, name, only);
        return;
    }
    struct azm_otlp_array array = azm_otlp_open_array(w, no, name);
    azm_otlp_array_text(w, only);
    azm_otlp_close_array(w, array);
}

struct azm_otlp_array azm_otlp_open_array(struct azm_otlp_writer *w, uint32_t no, azm_slice name)
{
    struct pair opened = open_pair(w, no, name);
    struct azm_otlp_array array = {opened.pair, opened.value, azm_otlp_open(w, 5, "arrayValue")};
    azm_otlp_open_list(w, "values");
    return array;
}

void azm_otlp_array_text(struct azm_otlp_writer *w, azm_slice value)
{
    size_t element = azm_otlp_open(w, 1, NULL);
    azm_otlp_text(w, 1, "stringValue", value);
    azm_otlp_close(w, element);
}

void azm_otlp_close_array(struct azm_otlp_writer *w, struct azm_otlp_array opened)
{
    azm_otlp_close_list(w);
    azm_otlp_close(w, opened.array);
    azm_otlp_close(w, opened.value);
    azm_otlp_close(w, opened.pair);
}
