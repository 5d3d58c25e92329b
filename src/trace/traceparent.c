#include "trace/traceparent.h"

#include "base/hex.h"

bool azm_traceparent_parse(azm_slice value, struct azm_trace_context *out)
{
    uint8_t version;
    value = azm_slice_trim(value);
    if (value.len < AZM_TRACEPARENT_LEN || value.ptr[2] != '-' || value.ptr[35] != '-' || value.ptr[52] != '-')
        return false;
    if (!azm_hex_decode(azm_slice_take(value, 2), &version, 1) || version == 0xff)
        return false;
    if (value.len > AZM_TRACEPARENT_LEN && (version == 0 || value.ptr[AZM_TRACEPARENT_LEN] != '-'))
        return false;
    return azm_hex_decode((azm_slice){value.ptr + 3, 32}, out->trace_id.bytes, 16) &&
           azm_hex_decode((azm_slice){value.ptr + 36, 16}, out->parent_id.bytes, 8) &&
           azm_hex_decode((azm_slice){value.ptr + 53, 2}, &out->flags, 1) && !azm_trace_id_is_none(out->trace_id) &&
           !azm_span_id_is_none(out->parent_id);
}

void azm_traceparent_format(const struct azm_trace_context *context, char out[AZM_TRACEPARENT_LEN])
{
    uint8_t flags = context->flags & 1;
    memcpy(out, "00-", 3);
    azm_hex_encode(context->trace_id.bytes, 16, out + 3);
    out[35] = '-';
    azm_hex_encode(context->parent_id.bytes, 8, out + 36);
    out[52] = '-';
    azm_hex_encode(&flags, 1, out + 53);
}

bool azm_traceparent_of_headers(struct azm_pairs headers, struct azm_trace_context *out)
{
    const struct azm_pair *found = NULL;
    for (size_t i = 0; i < headers.count; i++) {
        if (!azm_slice_eq_nocase(headers.items[i].key, AZM_S("traceparent")))
            continue;
        if (found)
            return false;
        found = &headers.items[i];
    }
    return found && azm_traceparent_parse(found->value, out);
}
