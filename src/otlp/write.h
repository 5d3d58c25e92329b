/* OTLP's messages in both of their encodings: protobuf, and JSON as the OTLP specification changes it (ids in
 * hexadecimal, 64-bit integers as strings, enums as numbers). A field is named by its number and by its JSON name side
 * by side, so an event is mapped once and the two encodings cannot disagree. Text that is not UTF-8 becomes U+FFFD: one
 * such byte makes receivers refuse the whole request. Sources: opentelemetry-proto (field numbers), OTLP specification,
 * "JSON Protobuf Encoding". */
#pragma once

#include "json/write.h"

struct azm_otlp_writer {
    struct azm_buf *out; /* borrowed */
    bool as_json;
    struct azm_json_writer json;
};

struct azm_otlp_writer azm_otlp_writer(struct azm_buf *out, bool as_json);

/* A message; key NULL: an element of a list, or the outermost one. Close takes what open returned. */
size_t azm_otlp_open(struct azm_otlp_writer *w, uint32_t no, const char *key);
void azm_otlp_close(struct azm_otlp_writer *w, size_t opened);
/* Around the elements of a repeated field. */
void azm_otlp_open_list(struct azm_otlp_writer *w, const char *key);
void azm_otlp_close_list(struct azm_otlp_writer *w);

void azm_otlp_text(struct azm_otlp_writer *w, uint32_t no, const char *key, azm_slice value);
void azm_otlp_id(struct azm_otlp_writer *w, uint32_t no, const char *key, const uint8_t *bytes,
                 size_t n);                                                                    /* n: 8, 16 */
void azm_otlp_number(struct azm_otlp_writer *w, uint32_t no, const char *key, uint32_t value); /* uint32 and enums */
void azm_otlp_fixed32(struct azm_otlp_writer *w, uint32_t no, const char *key, uint32_t value);
void azm_otlp_fixed64(struct azm_otlp_writer *w, uint32_t no, const char *key, uint64_t value);

/* The number of a level's range (LogRecord.severityNumber), whatever its case and its usual short forms; 0: not known.
 */
uint32_t azm_otlp_severity(azm_slice level);

/* Nanoseconds since 1970 of microseconds; what is before that, or past 64 bits, is at its border. */
uint64_t azm_otlp_ns(int64_t time_us);

/* Attributes (KeyValue): elements of the list "attributes", which has number `no` in the message around it. */
void azm_otlp_attribute(struct azm_otlp_writer *w, uint32_t no, azm_slice name, azm_slice value);
void azm_otlp_attribute_int(struct azm_otlp_writer *w, uint32_t no, azm_slice name, int64_t value);
void azm_otlp_attribute_bool(struct azm_otlp_writer *w, uint32_t no, azm_slice name, bool value);
/* A list of one text, as most headers are. */
void azm_otlp_attribute_list(struct azm_otlp_writer *w, uint32_t no, azm_slice name, azm_slice only);
/* A list of texts: elements between these two. */
struct azm_otlp_array {
    size_t pair, value, array;
};
struct azm_otlp_array azm_otlp_open_array(struct azm_otlp_writer *w, uint32_t no, azm_slice name);
void azm_otlp_array_text(struct azm_otlp_writer *w, azm_slice value);
void azm_otlp_close_array(struct azm_otlp_writer *w, struct azm_otlp_array opened);
