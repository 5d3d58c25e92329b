/* What the host asks a custom handler for, read while it passes: {"Data": {binding: value, ..}, "Metadata": {..}}.
 * Strings in it hold JSON, but for times; the value of an HTTP trigger is {Url, Method, Headers, ..}. What is kept has
 * its place here, so memory does not depend on what is sent.
 * Source: ScriptInvocationContextExtensions of azure-functions-host. */
#pragma once

#include "tap/rpc.h"

#define AZM_HANDLER_REQUEST_TEXT 16384u

struct azm_handler_request {
    struct azm_json_scan scan;
    bool broken, clipped;
    bool http; /* of an HTTP trigger: its request is read from the first value of Data */
    unsigned depth;
    uint8_t members[4];    /* what is being read, by its depth: the last key's meaning */
    unsigned inputs;       /* of Data so far */
    unsigned passing;      /* depth + 1 of a value that is handed to `trigger`; 0: none is */
    bool comma, in_text;   /* of that value: one is due; a string goes on */
    azm_slice header_name; /* of the value that is being read; ptr NULL: it had no room */

    bool has_retry;
    uint64_t retry_count;
    int32_t max_retry_count;
    azm_slice method, url; /* ptr NULL: not told */
    struct azm_pairs headers;
    struct azm_pair pairs[AZM_RPC_HEADERS];
    struct azm_trigger_reader trigger;
    size_t used;
    char text[AZM_HANDLER_REQUEST_TEXT];
};

/* trigger: of the function that is asked for; NULL: not known. */
void azm_handler_request_begin(struct azm_handler_request *request, const struct azm_trigger *trigger);
/* A piece of the body. What is no such JSON is not read on: what was told before it stays. */
void azm_handler_request_feed(struct azm_handler_request *request, azm_slice piece);
/* Fills what it tells of an AZM_RPC_INVOCATION_REQUEST; slices are borrowed from the request. */
void azm_handler_request_tell(struct azm_handler_request *request, struct azm_rpc_message *out);
