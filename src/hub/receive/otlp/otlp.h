/* One OTLP export request: its bytes become batches for the store, and its answer bytes. Source: OTLP specification,
 * "OTLP/HTTP" and "OTLP/gRPC"; otlp proto, collector services. */
#pragma once

#include "base/buf.h"
#include "hub/receive/otlp/map.h"

enum azm_otlp_encoding { AZM_OTLP_PROTOBUF, AZM_OTLP_JSON };

/* AZM_BAD_INPUT: err says where the request is wrong, and nothing of it is to be kept. Otherwise *map holds its batches
 * (map.h), and what was refused of it. To be freed in any case. */
enum azm_status azm_otlp_receive(enum azm_otlp_signal signal, enum azm_otlp_encoding encoding, azm_slice body,
                                 int64_t received_us, struct azm_otlp_map **map, struct azm_error *err) AZM_MUST_CHECK;

/* Export*ServiceResponse: with partial_success only when something was refused. */
void azm_otlp_answer(enum azm_otlp_signal signal, enum azm_otlp_encoding encoding,
                     const struct azm_otlp_rejected *rejected, struct azm_buf *out);
/* google.rpc.Status. code: gRPC's. */
void azm_otlp_answer_error(enum azm_otlp_encoding encoding, int code, const char *message, struct azm_buf *out);
