/* Which errors are the same: as the APM Server groups them (apm-data, "grouping key"), by the types of the whole chain
 * of causes and by where the stacks go; by the message only when there is nothing else. Groups are a service's own. */
#pragma once

#include "base/slice.h"

struct azm_error_group {
    uint64_t hash;
    bool any;
};

void azm_error_group_begin(struct azm_error_group *group, azm_slice service);
/* The exception's type, then those of its causes, in order; and of a log the message's template ("param_message"). */
void azm_error_group_type(struct azm_error_group *group, azm_slice type);
/* A frame of a stack: the first of module, filename and classname that is there, and its function. */
void azm_error_group_frame(struct azm_error_group *group, azm_slice module, azm_slice filename, azm_slice classname,
                           azm_slice function);
/* message counts only when nothing came before. Never 0. */
uint64_t azm_error_group_end(const struct azm_error_group *group, azm_slice message);
