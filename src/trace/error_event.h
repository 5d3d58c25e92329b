/* An exception that ended an invocation, as its worker told the host (RpcException of FunctionRpc.proto). A plain
 * value: slices are borrowed from whoever filled it in, ptr NULL means "not known". What the stack's text says is read
 * by who exports it (trace/stack.h), not by who captures it. */
#pragma once

#include "trace/transaction.h"

struct azm_error_event {
    azm_trace_id id; /* 128 bits, as Elastic's error.id */
    azm_trace_id trace_id;
    azm_span_id transaction_id;
    int64_t timestamp_us;
    azm_slice type, message, stack;
    enum azm_tristate handled;
    azm_slice transaction_name, transaction_type;
    bool sampled; /* its transaction is */
};
