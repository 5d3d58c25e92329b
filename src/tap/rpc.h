/* What the tap reads of one direction of a FunctionRpc EventStream: StreamingMessages in pieces of any size become
 * calls with slices. Only the fields named in rpc_tables.c are copied, each into a capped place of this struct, so
 * memory does not depend on what is sent. Field numbers: FunctionRpc.proto of azure-functions-language-worker-protobuf.
 */
#pragma once

#include "grpc/message.h"
#include "proto/scan.h"
#include "tap/rewrite.h"
#include "tap/trigger_read.h"

#define AZM_RPC_TEXT    24576u /* bytes captured of one message at most */
#define AZM_BODY_MAX    10240u /* of them, of a body */
#define AZM_RPC_HEADERS 96u    /* header fields captured of one message at most */

enum azm_rpc_kind {
    AZM_RPC_OTHER, /* an arm that tells the tap nothing */
    AZM_RPC_START_STREAM,
    AZM_RPC_INIT_REQUEST,
    AZM_RPC_INIT_RESPONSE,
    AZM_RPC_INVOCATION_REQUEST,
    AZM_RPC_INVOCATION_RESPONSE,
    AZM_RPC_INVOCATION_CANCEL,
    AZM_RPC_LOAD_REQUEST, /* of one function or of a collection; the functions came by on_function */
    AZM_RPC_METADATA_RESPONSE,
    AZM_RPC_RELOAD_REQUEST,
    AZM_RPC_RELOAD_RESPONSE,
    AZM_RPC_TERMINATE,
    AZM_RPC_LOAD_RESPONSE,
    AZM_RPC_LOG,
};

enum azm_rpc_status { AZM_RPC_ABSENT, AZM_RPC_FAILURE, AZM_RPC_SUCCESS, AZM_RPC_CANCELLED };

/* The text fields of a message, by name. */
enum azm_rpc_field {
    AZM_RPC_WORKER_ID,
    AZM_RPC_HOST_VERSION,
    AZM_RPC_APP_DIRECTORY,
    AZM_RPC_WORKER_VERSION,
    AZM_RPC_RUNTIME_NAME,
    AZM_RPC_RUNTIME_VERSION,
    AZM_RPC_INVOCATION_ID,
    AZM_RPC_FUNCTION_ID,
    AZM_RPC_TRACE_PARENT,
    AZM_RPC_TRACE_STATE,
    AZM_RPC_HTTP_METHOD,
    AZM_RPC_HTTP_URL,
    AZM_RPC_METADATA_HEADERS, /* trigger_metadata["Headers"], the JSON text of an HTTP request's headers */
    AZM_RPC_BODY,             /* of the HTTP request, or the message: text or bytes, cut at AZM_BODY_MAX */
    AZM_RPC_STATUS_CODE,      /* of the RpcHttp answer, as text */
    AZM_RPC_RETURN_JSON,      /* return_value.json */
    AZM_RPC_EXCEPTION_TYPE,
    AZM_RPC_EXCEPTION_MESSAGE,
    AZM_RPC_EXCEPTION_STACK,
    AZM_RPC_LOG_LOGGER, /* its category, as "Function.orders.User" */
    AZM_RPC_LOG_MESSAGE,
    AZM_RPC_FIELDS
};

/* RpcLog.Level, but for None, and RpcLog.RpcLogCategory. */
enum azm_rpc_log_level {
    AZM_RPC_LOG_TRACE,
    AZM_RPC_LOG_DEBUG,
    AZM_RPC_LOG_INFORMATION,
    AZM_RPC_LOG_WARNING,
    AZM_RPC_LOG_ERROR,
    AZM_RPC_LOG_CRITICAL,
    AZM_RPC_LOG_LEVELS
};
enum azm_rpc_log_source { AZM_RPC_LOG_USER, AZM_RPC_LOG_SYSTEM, AZM_RPC_LOG_METRIC };

/* A message that is complete. Slices are borrowed until the call returns. */
struct azm_rpc_message {
    enum azm_rpc_kind kind;
    azm_slice fields[AZM_RPC_FIELDS]; /* ptr NULL: not sent */
    struct azm_pairs headers;         /* of the HTTP request or answer; secrets not yet redacted */
    enum azm_rpc_status status;       /* of the StatusResult; ABSENT when there was no StatusResult at all */
    bool has_retry;                   /* there is a RetryContext */
    uint64_t retry_count;
    int32_t max_retry_count;
    const struct azm_trigger_facts *trigger; /* NULL: nothing was read of it */
    bool has_http;                           /* an RpcHttp arm was sent, perhaps an empty one (HTTP proxying) */
    bool clipped;                            /* something was longer than its place */
    bool says_goodbye; /* capability HandlesWorkerTerminateMessage: the host asks it to end before it kills it */
    uint64_t log_level, log_source; /* of a log: the enums above, or what came later */
    bool told;                      /* the worker was told of this trace (rewrite.h): */
    struct azm_trace_decision trace;
};

/* A function of a load request (has no raw bindings) or of a metadata response. */
struct azm_rpc_function {
    azm_slice id, name, directory, script_file;
    azm_slice trigger_type; /* as "httpTrigger" */
    azm_slice raw_trigger;  /* the trigger's raw binding, JSON text; ptr NULL when none was sent */
};

/* The worker says no to a function or to the app; what it says of it stands in the message's exception fields. */
struct azm_rpc_refusal {
    enum azm_rpc_kind by; /* AZM_RPC_LOAD_RESPONSE, _METADATA_RESPONSE, _INIT_RESPONSE or _RELOAD_RESPONSE */
    azm_slice id, name;   /* of the function, as far as the message tells; empty: the app */
    azm_slice type, message, stack;
};

/* What a whole message says no to. False: it does not. */
bool azm_rpc_refusal_of(const struct azm_rpc_message *message, struct azm_rpc_refusal *out);

struct azm_rpc_listener {
    void (*on_message)(void *self, const struct azm_rpc_message *message, int64_t now_us);
    void (*on_function)(void *self, const struct azm_rpc_function *function);
    /* A variable of a FunctionEnvironmentReloadRequest. */
    void (*on_variable)(void *self, azm_slice name, azm_slice value);
    /* The trigger of the function that an invocation request names, of which the rest of the message will be read;
     * NULL: not known. */
    const struct azm_trigger *(*trigger_of)(void *self, azm_slice function_id);
    /* Which trace the invocation gets whose request has been read so far, perhaps to its end; one without an id: nobody
     * wants to see it. False: there is no room for it. */
    bool (*trace_of)(void *self, const struct azm_rpc_message *request, struct azm_trace_decision *out);
    /* Capability HttpUri: pieces of its value as they lie in the input, then its end. */
    void (*on_http_uri)(void *self, azm_slice piece);
    void (*on_http_uri_end)(void *self);
    /* Whether logs are to be read; asked as a message begins. NULL: never. */
    bool (*wants_logs)(void *self);
    /* One of the functions of a message, before its end. NULL: never. */
    void (*on_refusal)(void *self, const struct azm_rpc_refusal *refusal);
    /* As wants_logs, for the bodies of requests and messages. */
    bool (*wants_bodies)(void *self);
};

struct azm_rpc_reader {
    struct azm_grpc_reader framing;
    struct azm_scan scan;
    bool scanning;      /* false: this message is skipped (compressed, or it made no sense) */
    uint64_t malformed; /* messages that made no sense, since the beginning */
    const struct azm_scan_message *type;
    const struct azm_rpc_listener *listener;
    void *self;

    struct azm_rpc_message message;
    struct azm_rpc_function function;
    struct azm_pair entry; /* of the map that is being read */
    azm_slice binding_type;
    struct azm_pair headers[AZM_RPC_HEADERS];
    size_t used, function_mark, entry_mark;
    unsigned inputs;                  /* of an invocation request, so far */
    bool bodies;                      /* of this message one is wanted */
    bool takes_input;                 /* its trigger reads the one that is passing */
    enum azm_rpc_status outer_status; /* of the message, while a function's own is being read */
    char text[AZM_RPC_TEXT];
    struct azm_trigger_reader trigger;
    struct azm_rewrite rewrite; /* enabled by the caller while what it feeds may be written to */
};

/* type: azm_rpc_from_host or azm_rpc_from_worker (rpc_tables.h). */
void azm_rpc_reader_init(struct azm_rpc_reader *reader, const struct azm_scan_message *type,
                         const struct azm_rpc_listener *listener, void *self);
/* A piece of the stream's DATA. AZM_BAD_INPUT: the gRPC framing is broken, nothing after it can be read. */
enum azm_status azm_rpc_reader_feed(struct azm_rpc_reader *reader, azm_slice piece, int64_t now_us) AZM_MUST_CHECK;
/* What was fed is about to be sent: what is to be overwritten of it is overwritten now. */
void azm_rpc_reader_settle(struct azm_rpc_reader *reader);
