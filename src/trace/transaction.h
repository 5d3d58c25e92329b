/* One invocation of a function, or one request to a web app: the event that Azimuth is about.
 * A plain value: every slice is borrowed from whoever filled it in, ptr NULL means "not known, leave it out".
 * Sources: seed S2 (what a function's transaction holds); Elastic intake v2 transaction.json. */
#pragma once

#include "trace/id.h"

enum azm_outcome { AZM_OUTCOME_UNKNOWN, AZM_OUTCOME_SUCCESS, AZM_OUTCOME_FAILURE };
enum azm_tristate { AZM_UNSET, AZM_FALSE, AZM_TRUE };

struct azm_pair {
    azm_slice key, value;
};

struct azm_pairs {
    const struct azm_pair *items;
    size_t count;
};

struct azm_span_link {
    azm_trace_id trace_id;
    azm_span_id span_id;
};

/* S2: the faas object. trigger_type is one of http, pubsub, datasource, timer, other. */
struct azm_faas {
    azm_slice id, name, execution, trigger_type, trigger_request_id;
    enum azm_tristate coldstart;
};

struct azm_http_context {
    azm_slice method, url, http_version,
        remote_address; /* url: absolute, or path and query; query secrets are redacted */
    struct azm_pairs request_headers, response_headers; /* redacted already */
    unsigned status_code;                               /* 0: not known */
    enum azm_tristate has_sizes;
    uint64_t request_size, response_size; /* bytes of content, as they went over the wire; with has_sizes */
    azm_slice request_body;               /* its text, cut; fields of a form are redacted already */
};

struct azm_message_context {
    azm_slice queue;
    enum azm_tristate has_age;
    uint64_t age_ms;
    struct azm_pairs headers; /* redacted already */
    azm_slice routing_key;
    azm_slice body; /* its text, cut */
};

/* Where an event came from: Elastic's service.origin and cloud.origin. */
struct azm_origin {
    azm_slice id, name, cloud_provider, cloud_service, cloud_account_id;
};

/* What ended it, as the worker told the host (RpcException). What the stack's text says is read by who exports it
 * (trace/stack.h), not by who captures it. */
struct azm_exception {
    azm_trace_id error_id; /* of the error event, 128 bits */
    azm_slice type, message, stack;
    enum azm_tristate handled;
};

/* What failed beside any invocation: a worker that died, a function that could not be loaded. */
struct azm_error_event {
    int64_t timestamp_us;
    azm_slice function; /* its name; ptr NULL: it is not about one */
    struct azm_exception exception;
    bool fatal; /* the process ended of it */
};

/* A line that an invocation logged. */
struct azm_log_event {
    int64_t timestamp_us;
    azm_trace_id trace_id;
    azm_span_id transaction_id;
    azm_slice level, logger, message; /* level: "trace" to "critical" */
    struct azm_exception exception;   /* no id: used when anything else in it is set */
    azm_slice faas_name, execution;   /* of its transaction */
};

struct azm_transaction {
    azm_trace_id trace_id;
    azm_span_id id, parent_id;
    int64_t timestamp_us;
    uint64_t duration_us;
    azm_slice name, type, result;
    enum azm_outcome outcome;
    bool sampled;
    double sample_rate; /* negative: not known, left out */
    struct azm_faas faas;
    struct azm_http_context http;       /* used when method.ptr or status_code is set */
    struct azm_message_context message; /* used when anything in it is set */
    struct azm_origin origin;
    struct azm_exception exception; /* used when error_id is set */
    struct azm_pairs labels;
    const struct azm_span_link *links;
    size_t link_count;
};
