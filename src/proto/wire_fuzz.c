/* Fields lie within the message, and a message that was read is read the same when it is written again. */
#include <stdlib.h>

#include "proto/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(struct azm_buf *out, const struct azm_wire_field *field)
{
    switch (field->type) {
    case AZM_WIRE_VARINT: azm_wire_put_uint(out, field->no, field->number); break;
    case AZM_WIRE_FIXED64: azm_wire_put_fixed64(out, field->no, field->number); break;
    case AZM_WIRE_BYTES: azm_wire_put_bytes(out, field->no, field->bytes); break;
    case AZM_WIRE_FIXED32: azm_wire_put_fixed32(out, field->no, (uint32_t)field->number); break;
    }
}

static void same(const struct azm_wire_field *a, const struct azm_wire_field *b)
{
    if (a->no != b->no || a->type != b->type || a->number != b->number || !azm_slice_eq(a->bytes, b->bytes))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    azm_slice in = azm_slice_of(data, size), rest = in;
    struct azm_wire_field field, again;
    struct azm_buf out;
    enum azm_status st;
    azm_buf_init(&out, 2 * size + 64);
    while ((st = azm_wire_next(&rest, &field)) == AZM_OK) {
        const char *end = in.ptr + in.len;
        if (field.bytes.len && (field.bytes.ptr < in.ptr || field.bytes.ptr + field.bytes.len > end))
            abort();
        put(&out, &field);
    }
    if ((st != AZM_END && st != AZM_BAD_INPUT) || out.failed)
        abort();
    azm_slice copy = azm_buf_slice(&out);
    while (azm_wire_next(&copy, &again) == AZM_OK) {
        if (azm_wire_next(&in, &field) != AZM_OK)
            abort();
        same(&field, &again);
    }
    if (copy.len)
        abort();
    azm_buf_dispose(&out);
    return 0;
}
