#include "http/h2_log.h"

static void line_ends(struct azm_h2_log *log)
{
    if (log->data_stream)
        azm_buf_add(&log->text, AZM_S("\n"));
    log->data_stream = 0;
}

static void on_header(void *self, uint32_t stream, azm_slice name, azm_slice value)
{
    struct azm_h2_log *log = self;
    line_ends(log);
    azm_buf_addf(&log->text, "%u %.*s=%.*s\n", (unsigned)stream, AZM_FMT(name), AZM_FMT(value));
}

static void on_headers_end(void *self, uint32_t stream, bool ends_stream)
{
    struct azm_h2_log *log = self;
    line_ends(log);
    azm_buf_addf(&log->text, "%u headers%s\n", (unsigned)stream, ends_stream ? " end" : "");
}

static void on_data(void *self, uint32_t stream, azm_slice piece)
{
    struct azm_h2_log *log = self;
    if (piece.len == 0)
        azm_buf_add(&log->text, AZM_S("(nothing)"));
    if (log->data_stream != stream) {
        line_ends(log);
        azm_buf_addf(&log->text, "%u data ", (unsigned)stream);
        log->data_stream = stream;
    }
    azm_buf_add(&log->text, piece);
}

static void on_stream_end(void *self, uint32_t stream)
{
    struct azm_h2_log *log = self;
    line_ends(log);
    azm_buf_addf(&log->text, "%u end\n", (unsigned)stream);
}

static void on_reset(void *self, uint32_t stream, uint32_t error_code)
{
    struct azm_h2_log *log = self;
    line_ends(log);
    azm_buf_addf(&log->text, "%u reset %u\n", (unsigned)stream, (unsigned)error_code);
}

static void on_goaway(void *self, uint32_t last_stream, uint32_t error_code)
{
    struct azm_h2_log *log = self;
    line_ends(log);
    azm_buf_addf(&log->text, "goaway %u %u\n", (unsigned)last_stream, (unsigned)error_code);
}

const struct azm_h2_handler azm_h2_log_handler = {on_header,     on_headers_end, on_data,
                                                  on_stream_end, on_reset,       on_goaway};
