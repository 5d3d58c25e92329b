/* OTLP's JSON encoding (protobuf's JSON mapping, with hex ids). */
#pragma once

#include "hub/receive/otlp/model.h"

/* AZM_BAD_INPUT: it is no JSON, or something in it is of the wrong type; err names the place. Unknown members are
 * passed over, null is absent, 64-bit numbers may be text, enums may be names. */
enum azm_status azm_otlp_read_json(enum azm_otlp_signal signal, azm_slice body, const struct azm_otlp_sink *sink,
                                   struct azm_error *err) AZM_MUST_CHECK;
