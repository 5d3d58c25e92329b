/* What an OTLP export request holds, as plain values, whatever its encoding. All text is borrowed from the request or
 * lives in the decoder's arena. Absent text has len 0. Source: opentelemetry-proto, v1 (trace, logs, metrics, common,
 * resource). */
#pragma once

#include "base/arena.h"

enum azm_otlp_type {
    AZM_OTLP_NONE,
    AZM_OTLP_TEXT,
    AZM_OTLP_BOOL,
    AZM_OTLP_INT,
    AZM_OTLP_DOUBLE,
    AZM_OTLP_BYTES,
    AZM_OTLP_ARRAY,
    AZM_OTLP_MAP,
};

struct azm_otlp_attribute;

struct azm_otlp_value {
    enum azm_otlp_type type;
    azm_slice text;  /* also of bytes */
    int64_t integer; /* also of a bool */
    double real;
    const struct azm_otlp_attribute *items; /* of an array (keys empty) and of a map */
    size_t count;
};

struct azm_otlp_attribute {
    azm_slice key;
    struct azm_otlp_value value;
};

struct azm_otlp_attributes {
    const struct azm_otlp_attribute *items;
    size_t count;
};

struct azm_otlp_scope {
    azm_slice name, version;
};

enum azm_otlp_kind {
    AZM_OTLP_KIND_UNSPECIFIED,
    AZM_OTLP_KIND_INTERNAL,
    AZM_OTLP_KIND_SERVER,
    AZM_OTLP_KIND_CLIENT,
    AZM_OTLP_KIND_PRODUCER,
    AZM_OTLP_KIND_CONSUMER,
};

enum azm_otlp_status { AZM_OTLP_STATUS_UNSET, AZM_OTLP_STATUS_OK, AZM_OTLP_STATUS_ERROR };

struct azm_otlp_event {
    uint64_t time_ns;
    azm_slice name;
    struct azm_otlp_attributes attributes;
};

struct azm_otlp_link {
    azm_slice trace_id, span_id; /* hex; empty when they were no ids */
};

/* ids: lower-case hex, or empty when they are zero or of another length. */
struct azm_otlp_span {
    azm_slice trace_id, span_id, parent_id, trace_state, name, status_message;
    bool bad_parent; /* there is one, but it is no id */
    enum azm_otlp_kind kind;
    uint64_t start_ns, end_ns;
    struct azm_otlp_attributes attributes;
    const struct azm_otlp_event *events;
    size_t event_count;
    const struct azm_otlp_link *links;
    size_t link_count;
    enum azm_otlp_status status;
};

struct azm_otlp_log {
    uint64_t time_ns, observed_ns;
    unsigned severity;
    azm_slice severity_text, trace_id, span_id, event_name;
    struct azm_otlp_value body;
    struct azm_otlp_attributes attributes;
};

/* One number: of a gauge or sum; or the count and sum of a histogram or summary. */
struct azm_otlp_point {
    azm_slice metric, unit;
    uint64_t time_ns;
    bool has_value, has_sum; /* has_sum: count and sum instead of value */
    double value, count, sum;
    struct azm_otlp_attributes attributes;
};

/* What a decoder tells, in the request's order: a resource, then all that is of it. */
struct azm_otlp_sink {
    void *self;
    struct azm_arena *arena;
    void (*resource)(void *self, const struct azm_otlp_attributes *attributes);
    void (*span)(void *self, const struct azm_otlp_scope *scope, const struct azm_otlp_span *span);
    void (*log)(void *self, const struct azm_otlp_scope *scope, const struct azm_otlp_log *log);
    void (*point)(void *self, const struct azm_otlp_scope *scope, const struct azm_otlp_point *point);
};

enum azm_otlp_signal { AZM_OTLP_TRACES, AZM_OTLP_LOGS, AZM_OTLP_METRICS };

enum {
    AZM_OTLP_DEPTH = 16,         /* of values in values; what is deeper is left out */
    AZM_OTLP_TRACE_ID_TEXT = 32, /* hex */
    AZM_OTLP_SPAN_ID_TEXT = 16,
};
