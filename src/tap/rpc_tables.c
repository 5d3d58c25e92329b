#include "tap/rpc_tables.h"

#include "tap/rpc.h"

/* Each table lists the fields that matter, in order of number; all others are skipped. A new field is one line. */
#define TABLE(name) static const struct azm_scan_message name = {name##_rules, AZM_COUNT(name##_rules)}
#define RULES       static const struct azm_scan_rule
#define TAKE(no, slot)                                                                                                 \
    {                                                                                                                  \
        no, AZM_SCAN_TAKE, slot, NULL                                                                                  \
    }
#define NUMBER(no, slot)                                                                                               \
    {                                                                                                                  \
        no, AZM_SCAN_NUMBER, slot, NULL                                                                                \
    }
#define ENTER(no, slot, into)                                                                                          \
    {                                                                                                                  \
        no, AZM_SCAN_ENTER, slot, &(into)                                                                              \
    }

/* NullableString */
RULES nullable_rules[] = {TAKE(1, AZM_SLOT_HEADER_VALUE)};
TABLE(nullable);
/* map<string, string> headers = 3, map<string, NullableString> nullable_headers = 20 */
RULES header_rules[] = {TAKE(1, AZM_SLOT_HEADER_KEY), TAKE(2, AZM_SLOT_HEADER_VALUE)};
TABLE(header);
RULES nullable_header_rules[] = {TAKE(1, AZM_SLOT_HEADER_KEY), ENTER(2, AZM_SLOT_HEADER_NULLABLE, nullable)};
TABLE(nullable_header);
RULES http_rules[] = {
    TAKE(1, AZM_RPC_HTTP_METHOD),
    TAKE(2, AZM_RPC_HTTP_URL),
    ENTER(3, AZM_SLOT_HEADER, header),
    TAKE(12, AZM_RPC_STATUS_CODE),
    ENTER(20, AZM_SLOT_HEADER, nullable_header),
};
TABLE(http);

/* TypedData of an RpcHttp's body: string, json, bytes */
RULES body_rules[] = {TAKE(1, AZM_RPC_BODY), TAKE(2, AZM_RPC_BODY), TAKE(3, AZM_RPC_BODY)};
TABLE(body);
RULES http_with_body_rules[] = {
    TAKE(1, AZM_RPC_HTTP_METHOD),
    TAKE(2, AZM_RPC_HTTP_URL),
    ENTER(3, AZM_SLOT_HEADER, header),
    ENTER(4, AZM_SLOT_NESTED, body),
    ENTER(20, AZM_SLOT_HEADER, nullable_header),
};
TABLE(http_with_body);

/* TypedData, where only an RpcHttp is of interest */
RULES http_data_rules[] = {ENTER(5, AZM_SLOT_HTTP, http)};
TABLE(http_data);
RULES parameter_rules[] = {ENTER(2, AZM_SLOT_NESTED, http_data)};
TABLE(parameter);
/* TypedData of a trigger: its text, or its texts */
RULES collection_string_rules[] = {TAKE(1, AZM_SLOT_INPUT_ELEMENT)};
TABLE(collection_string);
RULES input_data_rules[] = {
    TAKE(1, AZM_SLOT_INPUT_STRING),
    TAKE(2, AZM_SLOT_INPUT_JSON),
    ENTER(5, AZM_SLOT_HTTP, http),
    ENTER(9, AZM_SLOT_NESTED, collection_string),
};
TABLE(input_data);
RULES input_rules[] = {ENTER(2, AZM_SLOT_INPUT, input_data)};
TABLE(input);
RULES input_data_with_body_rules[] = {
    TAKE(1, AZM_SLOT_INPUT_STRING),
    TAKE(2, AZM_SLOT_INPUT_JSON),
    TAKE(3, AZM_RPC_BODY),
    ENTER(5, AZM_SLOT_HTTP, http_with_body),
    ENTER(9, AZM_SLOT_NESTED, collection_string),
};
TABLE(input_data_with_body);
RULES input_with_body_rules[] = {ENTER(2, AZM_SLOT_INPUT, input_data_with_body)};
TABLE(input_with_body);
RULES return_value_rules[] = {TAKE(2, AZM_RPC_RETURN_JSON), ENTER(5, AZM_SLOT_HTTP, http)};
TABLE(return_value);

/* map<string, TypedData> trigger_metadata */
RULES metadata_data_rules[] = {
    TAKE(1, AZM_SLOT_TRIGGER_METADATA_STRING),
    TAKE(2, AZM_SLOT_TRIGGER_METADATA_JSON),
    NUMBER(6, AZM_SLOT_TRIGGER_METADATA_INT),
};
TABLE(metadata_data);
RULES trigger_metadata_rules[] = {
    TAKE(1, AZM_SLOT_TRIGGER_METADATA_KEY),
    ENTER(2, AZM_SLOT_NESTED, metadata_data),
};
TABLE(trigger_metadata);

RULES trace_context_rules[] = {TAKE(1, AZM_RPC_TRACE_PARENT), TAKE(2, AZM_RPC_TRACE_STATE)};
TABLE(trace_context);
RULES retry_rules[] = {NUMBER(1, AZM_SLOT_RETRY_COUNT), NUMBER(2, AZM_SLOT_MAX_RETRY_COUNT)};
TABLE(retry);

#define INVOCATION_REQUEST(of)                                                                                         \
    {                                                                                                                  \
        TAKE(1, AZM_RPC_INVOCATION_ID), TAKE(2, AZM_RPC_FUNCTION_ID), ENTER(3, AZM_SLOT_NESTED, of),                   \
            ENTER(4, AZM_SLOT_TRIGGER_METADATA, trigger_metadata), ENTER(5, AZM_SLOT_NESTED, trace_context),           \
            ENTER(6, AZM_SLOT_RETRY, retry)                                                                            \
    }
RULES invocation_request_rules[] = INVOCATION_REQUEST(input);
TABLE(invocation_request);
RULES invocation_request_with_body_rules[] = INVOCATION_REQUEST(input_with_body);
TABLE(invocation_request_with_body);
RULES invocation_cancel_rules[] = {TAKE(2, AZM_RPC_INVOCATION_ID)};
TABLE(invocation_cancel);

RULES exception_rules[] = {TAKE(1, AZM_RPC_EXCEPTION_STACK), TAKE(2, AZM_RPC_EXCEPTION_MESSAGE),
                           TAKE(5, AZM_RPC_EXCEPTION_TYPE)};
TABLE(exception);
RULES status_result_rules[] = {ENTER(2, AZM_SLOT_NESTED, exception), NUMBER(4, AZM_SLOT_STATUS)};
TABLE(status_result);
RULES invocation_response_rules[] = {
    TAKE(1, AZM_RPC_INVOCATION_ID),
    ENTER(2, AZM_SLOT_NESTED, parameter),
    ENTER(3, AZM_SLOT_STATUS_RESULT, status_result),
    ENTER(4, AZM_SLOT_RETURN_VALUE, return_value),
};
TABLE(invocation_response);

/* map<string, BindingInfo> bindings */
RULES binding_info_rules[] = {TAKE(2, AZM_SLOT_FUNCTION_BINDING_TYPE)};
TABLE(binding_info);
RULES binding_rules[] = {ENTER(2, AZM_SLOT_NESTED, binding_info)};
TABLE(binding);
#define FUNCTION_FIELDS_BEFORE_8                                                                                       \
    TAKE(1, AZM_SLOT_FUNCTION_DIRECTORY), TAKE(2, AZM_SLOT_FUNCTION_SCRIPT), TAKE(4, AZM_SLOT_FUNCTION_NAME),          \
        ENTER(6, AZM_SLOT_FUNCTION_BINDING, binding)
RULES load_metadata_rules[] = {FUNCTION_FIELDS_BEFORE_8, TAKE(10, AZM_SLOT_FUNCTION_RAW_BINDING)};
TABLE(load_metadata);
RULES load_request_rules[] = {TAKE(1, AZM_SLOT_FUNCTION_ID), ENTER(2, AZM_SLOT_NESTED, load_metadata)};
TABLE(load_request);
RULES load_collection_rules[] = {ENTER(1, AZM_SLOT_FUNCTION, load_request)};
TABLE(load_collection);
/* In a metadata response the id is a field of RpcFunctionMetadata itself. */
RULES indexed_function_rules[] = {FUNCTION_FIELDS_BEFORE_8, ENTER(8, AZM_SLOT_STATUS_RESULT, status_result),
                                  TAKE(10, AZM_SLOT_FUNCTION_RAW_BINDING), TAKE(13, AZM_SLOT_FUNCTION_ID)};
TABLE(indexed_function);
RULES metadata_response_rules[] = {ENTER(1, AZM_SLOT_FUNCTION, indexed_function),
                                   ENTER(2, AZM_SLOT_STATUS_RESULT, status_result)};
TABLE(metadata_response);

RULES start_stream_rules[] = {TAKE(2, AZM_RPC_WORKER_ID)};
TABLE(start_stream);
RULES init_request_rules[] = {TAKE(1, AZM_RPC_HOST_VERSION), TAKE(5, AZM_RPC_APP_DIRECTORY)};
TABLE(init_request);
RULES worker_metadata_rules[] = {
    TAKE(1, AZM_RPC_RUNTIME_NAME),
    TAKE(2, AZM_RPC_RUNTIME_VERSION),
    TAKE(3, AZM_RPC_WORKER_VERSION),
};
TABLE(worker_metadata);
/* map<string, string> capabilities */
RULES capability_rules[] = {TAKE(1, AZM_SLOT_CAPABILITY_NAME), TAKE(2, AZM_SLOT_CAPABILITY_VALUE)};
TABLE(capability);
RULES load_response_rules[] = {TAKE(1, AZM_SLOT_LOADED_ID), ENTER(2, AZM_SLOT_STATUS_RESULT, status_result)};
TABLE(load_response);
RULES load_responses_rules[] = {ENTER(1, AZM_SLOT_LOADED, load_response)};
TABLE(load_responses);
RULES init_response_rules[] = {
    ENTER(2, AZM_SLOT_CAPABILITY, capability),
    ENTER(3, AZM_SLOT_STATUS_RESULT, status_result),
    ENTER(4, AZM_SLOT_NESTED, worker_metadata),
};
TABLE(init_response);
RULES reload_response_rules[] = {
    ENTER(1, AZM_SLOT_NESTED, worker_metadata),
    ENTER(2, AZM_SLOT_CAPABILITY, capability),
    ENTER(3, AZM_SLOT_STATUS_RESULT, status_result),
};
TABLE(reload_response);
RULES variable_rules[] = {TAKE(1, AZM_SLOT_VARIABLE_NAME), TAKE(2, AZM_SLOT_VARIABLE_VALUE)};
TABLE(variable);
RULES reload_request_rules[] = {ENTER(1, AZM_SLOT_VARIABLE, variable), TAKE(2, AZM_RPC_APP_DIRECTORY)};
TABLE(reload_request);
RULES terminate_rules[] = {NUMBER(1, AZM_SLOT_FIRST)};
TABLE(terminate);

#define FROM_HOST(request)                                                                                             \
    {                                                                                                                  \
        ENTER(4, AZM_SLOT_KIND_INVOCATION_REQUEST, request), ENTER(8, AZM_SLOT_KIND_LOAD_REQUEST, load_request),       \
            ENTER(14, AZM_SLOT_KIND_TERMINATE, terminate), ENTER(17, AZM_SLOT_KIND_INIT_REQUEST, init_request),        \
            ENTER(21, AZM_SLOT_KIND_INVOCATION_CANCEL, invocation_cancel),                                             \
            ENTER(25, AZM_SLOT_KIND_RELOAD_REQUEST, reload_request),                                                   \
            ENTER(31, AZM_SLOT_KIND_LOAD_REQUEST, load_collection)                                                     \
    }
RULES from_host_rules[] = FROM_HOST(invocation_request);
const struct azm_scan_message azm_rpc_from_host = {from_host_rules, AZM_COUNT(from_host_rules)};
RULES from_host_with_bodies_rules[] = FROM_HOST(invocation_request_with_body);
const struct azm_scan_message azm_rpc_from_host_with_bodies = {from_host_with_bodies_rules,
                                                               AZM_COUNT(from_host_with_bodies_rules)};

RULES rpc_log_rules[] = {
    TAKE(1, AZM_RPC_INVOCATION_ID), TAKE(2, AZM_RPC_LOG_LOGGER),          NUMBER(3, AZM_SLOT_LOG_LEVEL),
    TAKE(4, AZM_RPC_LOG_MESSAGE),   ENTER(6, AZM_SLOT_NESTED, exception), NUMBER(8, AZM_SLOT_LOG_SOURCE),
};
TABLE(rpc_log);

RULES from_worker_rules[] = {
    ENTER(2, AZM_SLOT_KIND_LOG, rpc_log), /* must be the first: only the one with logs has it */
    ENTER(5, AZM_SLOT_KIND_INVOCATION_RESPONSE, invocation_response),
    ENTER(9, AZM_SLOT_KIND_LOAD_RESPONSE, load_response),
    ENTER(16, AZM_SLOT_KIND_INIT_RESPONSE, init_response),
    ENTER(20, AZM_SLOT_KIND_START_STREAM, start_stream),
    ENTER(26, AZM_SLOT_KIND_RELOAD_RESPONSE, reload_response),
    ENTER(30, AZM_SLOT_KIND_METADATA_RESPONSE, metadata_response),
    ENTER(32, AZM_SLOT_NESTED, load_responses),
};
const struct azm_scan_message azm_rpc_from_worker_with_logs = {from_worker_rules, AZM_COUNT(from_worker_rules)};
const struct azm_scan_message azm_rpc_from_worker = {from_worker_rules + 1, AZM_COUNT(from_worker_rules) - 1};
