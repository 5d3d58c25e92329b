/* For tests and fuzz targets: what azm_h2 tells, as text that does not depend on how the bytes were cut. */
#pragma once

#include "base/buf.h"
#include "http/h2.h"

/* One line per event; DATA of one stream without another event between is one line. */
struct azm_h2_log {
    struct azm_buf text;
    uint32_t data_stream;
};

/* self: a struct azm_h2_log, its text initialized by the caller. */
extern const struct azm_h2_handler azm_h2_log_handler;
