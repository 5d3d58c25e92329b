/* OTLP's protobuf encoding. */
#pragma once

#include "hub/receive/otlp/model.h"

/* AZM_BAD_INPUT: the bytes are no such message; err names the byte. What came before it has been told already. */
enum azm_status azm_otlp_read_protobuf(enum azm_otlp_signal signal, azm_slice body, const struct azm_otlp_sink *sink,
                                       struct azm_error *err) AZM_MUST_CHECK;
