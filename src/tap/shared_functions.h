/* What one worker of an app has indexed, for the taps of the others. The host asks only one of an app's workers for its
 * functions (functions-worker protocol, FunctionsMetadataRequest); the others, and one that is started again, get load
 * requests, which tell no routes, queues or topics. So the tap that saw the answer leaves the triggers in a file of the
 * run folder, named after the host's process (trace/host_file.h), in the form of a functions.metadata:
 *
 *     [{"name": "products", "bindings": [{"type": "httpTrigger", "route": "products/{id}", ...}]}, ...]
 *
 * It is replaced as a whole when there is another answer. files.h reads it. */
#pragma once

#include "tap/channel.h"
#include "tap/errands.h"
#include "trace/host_file.h"

struct azm_shared_functions {
    struct azm_buf text; /* of the answer that is being read; at most AZM_SHARED_FUNCTIONS_MAX */
};

#define AZM_SHARED_FUNCTIONS_MAX (8u << 20) /* more is not shared */

void azm_shared_functions_init(struct azm_shared_functions *shared);
void azm_shared_functions_dispose(struct azm_shared_functions *shared);
/* A function that the worker told of, with its trigger's raw binding. Copied. */
void azm_shared_functions_add(struct azm_shared_functions *shared, azm_slice name, azm_slice raw_trigger);
/* The answer is complete: posts the writing, which is done by an errand, into the channel's run folder. The channel is
 * borrowed until that ran. */
void azm_shared_functions_post(struct azm_shared_functions *shared, struct azm_errands *errands,
                               const struct azm_channel *channel);
/* The file's name; false when the host's process cannot be looked at. */
bool azm_shared_functions_name(char out[AZM_HOST_FILE_NAME_MAX]) AZM_MUST_CHECK;
