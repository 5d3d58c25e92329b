#include "hub/receive/otlp/otlp.h"

#include "hub/receive/otlp/json.h"
#include "hub/receive/otlp/owners.h"
#include "hub/receive/otlp/protobuf.h"
#include "json/write.h"
#include "proto/wire.h"

#include <inttypes.h>
#include <stdio.h>

enum azm_status azm_otlp_receive(enum azm_otlp_signal signal, enum azm_otlp_encoding encoding, azm_slice body,
                                 int64_t received_us, struct azm_otlp_map **map, struct azm_error *err)
{
    *map = azm_otlp_map_new(received_us);
    if (!*map)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the request");
    const struct azm_otlp_sink *sink = azm_otlp_map_sink(*map);
    enum azm_status status = encoding == AZM_OTLP_JSON ? azm_otlp_read_json(signal, body, sink, err)
                                                       : azm_otlp_read_protobuf(signal, body, sink, err);
    struct azm_batch **batches;
    size_t count = status == AZM_OK ? azm_otlp_map_batches(*map, &batches) : 0;
    for (size_t i = 0; i < count; i++)
        azm_otlp_find_owners(batches[i]);
    return status;
}

static const char *rejected_key(enum azm_otlp_signal signal)
{
    return signal == AZM_OTLP_TRACES ? "rejectedSpans"
           : signal == AZM_OTLP_LOGS ? "rejectedLogRecords"
                                     : "rejectedDataPoints";
}

static void answer_json(enum azm_otlp_signal signal, const struct azm_otlp_rejected *rejected, struct azm_buf *out)
{
    struct azm_json_writer json = azm_json_writer(out);
    char count[24];
    int n = snprintf(count, sizeof count, "%" PRIu64, rejected->count);
    azm_json_open_object(&json);
    if (rejected->count) {
        azm_json_open_object(azm_json_key(&json, AZM_S("partialSuccess")));
        azm_json_string(azm_json_key(&json, azm_slice_str(rejected_key(signal))), azm_slice_of(count, (size_t)n));
        azm_json_string(azm_json_key(&json, AZM_S("errorMessage")), azm_slice_str(rejected->reason));
        azm_json_close_object(&json);
    }
    azm_json_close_object(&json);
}

void azm_otlp_answer(enum azm_otlp_signal signal, enum azm_otlp_encoding encoding,
                     const struct azm_otlp_rejected *rejected, struct azm_buf *out)
{
    if (encoding == AZM_OTLP_JSON) {
        answer_json(signal, rejected, out);
        return;
    }
    if (!rejected->count)
        return;
    size_t begun = azm_wire_begin(out, 1);
    azm_wire_put_uint(out, 1, rejected->count);
    azm_wire_put_bytes(out, 2, azm_slice_str(rejected->reason));
    azm_wire_end(out, begun);
}

void azm_otlp_answer_error(enum azm_otlp_encoding encoding, int code, const char *message, struct azm_buf *out)
{
    if (encoding == AZM_OTLP_PROTOBUF) {
        azm_wire_put_uint(out, 1, (uint64_t)code);
        azm_wire_put_bytes(out, 2, azm_slice_str(message));
        return;
    }
    struct azm_json_writer json = azm_json_writer(out);
    azm_json_open_object(&json);
    azm_json_int(azm_json_key(&json, AZM_S("code")), code);
    azm_json_string(azm_json_key(&json, AZM_S("message")), azm_slice_str(message));
    azm_json_close_object(&json);
}
