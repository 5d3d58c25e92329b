#include "ring/fields.h"

#include "proto/wire.h"
#include "trace/transaction.h"

_Static_assert(sizeof(unsigned) == 4 && sizeof(enum azm_tristate) == 4, "enums and unsigned are 32 bits");

static void put_number(struct azm_buf *out, uint32_t no, uint64_t value)
{
    if (value)
        azm_wire_put_uint(out, no, value);
}

static uint32_t load_u32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint64_t load_u64(const char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void put_bytes(struct azm_buf *out, uint32_t no, const char *at, size_t len)
{
    static const char none[16];
    if (memcmp(at, none, len) != 0)
        azm_wire_put_bytes(out, no, (azm_slice){at, len});
}

static void put_message(struct azm_buf *out, const struct azm_field *field, const char *at, bool even_empty)
{
    size_t before = out->len, begun = azm_wire_begin(out, field->no);
    azm_fields_put(out, field->of, at);
    if (out->len == begun && !even_empty)
        azm_buf_truncate(out, before);
    else
        azm_wire_end(out, begun);
}

static void put_repeated(struct azm_buf *out, const struct azm_field *field, const char *from)
{
    const char *items;
    size_t count;
    memcpy(&items, from + field->offset, sizeof items);
    memcpy(&count, from + field->count_offset, sizeof count);
    for (size_t i = 0; i < count && !out->failed; i++)
        put_message(out, field, items + i * field->of->size, true);
}

/* Of structs that hold pointers: their size is a multiple of eight. */
static bool is_zero(const char *at, size_t size)
{
    for (size_t i = 0; i < size; i += sizeof(uint64_t))
        if (load_u64(at + i))
            return false;
    return true;
}

static void put_field(struct azm_buf *out, const struct azm_field *field, const char *from)
{
    const char *at = from + field->offset;
    azm_slice text;
    double rate;
    switch (field->kind) {
    case AZM_FIELD_TEXT:
        memcpy(&text, at, sizeof text);
        if (text.ptr)
            azm_wire_put_bytes(out, field->no, text);
        return;
    case AZM_FIELD_TRACE_ID: put_bytes(out, field->no, at, sizeof(azm_trace_id)); return;
    case AZM_FIELD_SPAN_ID: put_bytes(out, field->no, at, sizeof(azm_span_id)); return;
    case AZM_FIELD_UINT32:
    case AZM_FIELD_ENUM: put_number(out, field->no, load_u32(at)); return;
    case AZM_FIELD_UINT64: put_number(out, field->no, load_u64(at)); return;
    case AZM_FIELD_INT64:
        if (load_u64(at))
            azm_wire_put_sint(out, field->no, (int64_t)load_u64(at));
        return;
    case AZM_FIELD_BOOL: put_number(out, field->no, *(const bool *)at); return;
    case AZM_FIELD_NOT: put_number(out, field->no, !*(const bool *)at); return;
    case AZM_FIELD_TRISTATE:
        if (load_u32(at) != AZM_UNSET)
            azm_wire_put_uint(out, field->no, load_u32(at) == AZM_TRUE);
        return;
    case AZM_FIELD_RATE:
        memcpy(&rate, at, sizeof rate);
        if (rate >= 0)
            azm_wire_put_double(out, field->no, rate);
        return;
    case AZM_FIELD_PART:
        if (!is_zero(at, field->of->size))
            put_message(out, field, at, false);
        return;
    case AZM_FIELD_MESSAGE: put_message(out, field, at, false); return;
    case AZM_FIELD_REPEATED: put_repeated(out, field, from); return;
    }
}

void azm_fields_put(struct azm_buf *out, const struct azm_schema *schema, const void *from)
{
    for (size_t i = 0; i < schema->count; i++)
        put_field(out, &schema->fields[i], from);
}

static enum azm_wire_type wire_type(enum azm_field_kind kind)
{
    switch (kind) {
    case AZM_FIELD_UINT32:
    case AZM_FIELD_UINT64:
    case AZM_FIELD_INT64:
    case AZM_FIELD_BOOL:
    case AZM_FIELD_NOT:
    case AZM_FIELD_TRISTATE:
    case AZM_FIELD_ENUM: return AZM_WIRE_VARINT;
    case AZM_FIELD_RATE: return AZM_WIRE_FIXED64;
    case AZM_FIELD_TEXT:
    case AZM_FIELD_TRACE_ID:
    case AZM_FIELD_SPAN_ID:
    case AZM_FIELD_MESSAGE:
    case AZM_FIELD_PART:
    case AZM_FIELD_REPEATED: return AZM_WIRE_BYTES;
    }
    azm_unreachable();
}

/* NULL for a field that is unknown, or known by another type: both are skipped. */
static const struct azm_field *find(const struct azm_schema *schema, const struct azm_wire_field *wire)
{
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].no == wire->no)
            return wire_type(schema->fields[i].kind) == wire->type ? &schema->fields[i] : NULL;
    return NULL;
}

static enum azm_status get_bytes(char *at, size_t len, azm_slice bytes)
{
    if (bytes.len != len)
        return AZM_BAD_INPUT;
    memcpy(at, bytes.ptr, len);
    return AZM_OK;
}

static enum azm_status get_u32(char *at, uint64_t number)
{
    uint32_t value = (uint32_t)number;
    if (number > UINT32_MAX)
        return AZM_BAD_INPUT;
    memcpy(at, &value, sizeof value);
    return AZM_OK;
}

/* Not a number, or not a rate: left out, as if it were not there. */
static void get_rate(char *at, uint64_t bits)
{
    double rate;
    memcpy(&rate, &bits, sizeof rate);
    if (rate >= 0 && rate <= 1)
        memcpy(at, &rate, sizeof rate);
}

static size_t count_of(azm_slice in, uint32_t no)
{
    struct azm_wire_field wire;
    size_t count = 0;
    while (azm_wire_next(&in, &wire) == AZM_OK)
        count += wire.no == no && wire.type == AZM_WIRE_BYTES;
    return count;
}

/* The array is made at the first element, when `rest` shows how many will follow; *made remembers that. */
static enum azm_status get_repeated(const struct azm_field *field, azm_slice element, azm_slice rest,
                                    struct azm_arena *arena, char *to, uint64_t *made)
{
    char *items;
    size_t count = 0;
    if (*made & (uint64_t)1 << field->no) {
        memcpy(&items, to + field->offset, sizeof items);
        memcpy(&count, to + field->count_offset, sizeof count);
    } else {
        items = azm_arena_alloc(arena, (1 + count_of(rest, field->no)) * field->of->size);
        if (!items)
            return AZM_NO_MEMORY;
        memcpy(to + field->offset, &items, sizeof items);
        *made |= (uint64_t)1 << field->no;
    }
    enum azm_status status = azm_fields_get(element, field->of, arena, items + count * field->of->size);
    count++;
    memcpy(to + field->count_offset, &count, sizeof count);
    return status;
}

static enum azm_status get_field(const struct azm_field *field, const struct azm_wire_field *wire, azm_slice rest,
                                 struct azm_arena *arena, char *to, uint64_t *made)
{
    char *at = to + field->offset;
    int64_t sint = azm_wire_zigzag(wire->number);
    switch (field->kind) {
    case AZM_FIELD_TEXT: memcpy(at, &wire->bytes, sizeof wire->bytes); return AZM_OK;
    case AZM_FIELD_TRACE_ID: return get_bytes(at, sizeof(azm_trace_id), wire->bytes);
    case AZM_FIELD_SPAN_ID: return get_bytes(at, sizeof(azm_span_id), wire->bytes);
    case AZM_FIELD_UINT32: return get_u32(at, wire->number);
    case AZM_FIELD_ENUM: return get_u32(at, wire->number <= field->last ? wire->number : 0);
    case AZM_FIELD_UINT64: memcpy(at, &wire->number, sizeof wire->number); return AZM_OK;
    case AZM_FIELD_INT64: memcpy(at, &sint, sizeof sint); return AZM_OK;
    case AZM_FIELD_BOOL: *(bool *)at = wire->number != 0; return AZM_OK;
    case AZM_FIELD_NOT: *(bool *)at = wire->number == 0; return AZM_OK;
    case AZM_FIELD_TRISTATE: return get_u32(at, wire->number ? AZM_TRUE : AZM_FALSE);
    case AZM_FIELD_RATE: get_rate(at, wire->number); return AZM_OK;
    case AZM_FIELD_PART:
    case AZM_FIELD_MESSAGE: return azm_fields_get(wire->bytes, field->of, arena, at);
    case AZM_FIELD_REPEATED: return get_repeated(field, wire->bytes, rest, arena, to, made);
    }
    azm_unreachable();
}

enum azm_status azm_fields_get(azm_slice in, const struct azm_schema *schema, struct azm_arena *arena, void *to)
{
    struct azm_wire_field wire;
    uint64_t made = 0; /* a bit per repeated field, which is why their numbers stay below 64 */
    enum azm_status status;
    while ((status = azm_wire_next(&in, &wire)) == AZM_OK) {
        const struct azm_field *field = find(schema, &wire);
        if (field && (status = get_field(field, &wire, in, arena, to, &made)) != AZM_OK)
            return status;
    }
    return status == AZM_END ? AZM_OK : status;
}
