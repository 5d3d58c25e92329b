/* Writes JSON text straight into a buf: nothing is built first. Commas are the writer's; order and balance are the
 * caller's. When the buf is full it says `failed` and the rest is not written: ask once at the end (base/buf.h).
 * Foreign text may hold anything: bytes that are no UTF-8 become U+FFFD. Source: RFC 8259. */
#pragma once

#include "base/buf.h"

struct azm_json_writer {
    struct azm_buf *out; /* borrowed */
    bool comma;          /* one is due before the next value */
};

static inline struct azm_json_writer azm_json_writer(struct azm_buf *out)
{
    return (struct azm_json_writer){out, false};
}

void azm_json_open_object(struct azm_json_writer *json);
void azm_json_close_object(struct azm_json_writer *json);
void azm_json_open_array(struct azm_json_writer *json);
void azm_json_close_array(struct azm_json_writer *json);
/* After a complete value: ends the line, so that the next value stands alone (NDJSON). */
void azm_json_end_line(struct azm_json_writer *json);

/* The key of the value that comes next, written as it is: for names of ours, which need no escaping.
 * Returns json: azm_json_string(azm_json_key(json, AZM_S("name")), name). */
struct azm_json_writer *azm_json_key(struct azm_json_writer *json, azm_slice key);
/* The same for keys that others chose: escaped, and cut as azm_json_text is. */
struct azm_json_writer *azm_json_foreign_key(struct azm_json_writer *json, azm_slice key, size_t max_chars);

void azm_json_string(struct azm_json_writer *json, azm_slice text);
/* At most max_chars characters; when text was longer, the last of them is U+2026 (azm_utf8_add). */
void azm_json_text(struct azm_json_writer *json, azm_slice text, size_t max_chars);
void azm_json_int(struct azm_json_writer *json, int64_t value);
void azm_json_uint(struct azm_json_writer *json, uint64_t value);
/* 15 to 17 digits, as many as it takes to read back as the same number, without zeros at the end; null for what is not
 * finite. */
void azm_json_double(struct azm_json_writer *json, double value);
/* Microseconds as milliseconds: 1500 is 1.5. Exact. */
void azm_json_ms(struct azm_json_writer *json, int64_t us);
void azm_json_bool(struct azm_json_writer *json, bool value);
void azm_json_null(struct azm_json_writer *json);
/* A value that is JSON text already. */
void azm_json_raw(struct azm_json_writer *json, azm_slice value);
