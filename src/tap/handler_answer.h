/* What a custom handler answers, read while it passes: {"Outputs": {binding: value, ..}, "Logs": [".."], "ReturnValue":
 * value}. Names of these members without case, as the host reads them. Memory does not depend on what is sent.
 * Source: HttpScriptInvocationResult and its extensions of azure-functions-host. */
#pragma once

#include "base/buf.h"
#include "json/scan.h"

#define AZM_HANDLER_LOG_MAX 4096u /* bytes of one log text; the rest is cut */

struct azm_handler_answer {
    struct azm_json_scan scan;
    bool begun, no_object; /* something was read; it is no JSON object */
    bool broken;           /* it is not read on; the host, which reads more leniently, may have */
    unsigned depth;
    uint8_t members[4];
    unsigned status_code, status; /* of the HTTP output, where it has these; 0: none */
    char output_name[128];        /* of the HTTP output's binding; empty: there is none */
    bool return_value;            /* that is ReturnValue */
    void (*on_log)(void *self, azm_slice text);
    void *self;
    size_t log_len;
    char log[AZM_HANDLER_LOG_MAX];
};

/* http_output: the name of the function's binding of type http; empty: it has none. on_log: each of Logs, borrowed. */
void azm_handler_answer_begin(struct azm_handler_answer *answer, azm_slice http_output,
                              void (*on_log)(void *self, azm_slice text), void *self);
void azm_handler_answer_feed(struct azm_handler_answer *answer, azm_slice piece);
/* The body is complete. False: it is nothing that the host takes for an answer. */
bool azm_handler_answer_end(struct azm_handler_answer *answer);
/* The status that the caller of an HTTP trigger gets. */
unsigned azm_handler_answer_status(const struct azm_handler_answer *answer);
