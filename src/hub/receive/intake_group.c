#include "hub/receive/intake_group.h"

#include "hub/receive/error_group.h"
#include "json/read.h"

enum { CAUSES_DEPTH = 16 };

static void add_types(struct azm_error_group *group, const json_t *exception, int depth)
{
    size_t i;
    json_t *cause;
    azm_error_group_type(group, azm_json_get_slice(exception, "type"));
    if (depth < CAUSES_DEPTH)
        json_array_foreach(azm_json_get(exception, "cause"), i, cause) add_types(group, cause, depth + 1);
}

static void add_frames(struct azm_error_group *group, const json_t *stack)
{
    size_t i;
    json_t *frame;
    json_array_foreach(stack, i, frame)
    {
        azm_error_group_frame(group, azm_json_get_slice(frame, "module"), azm_json_get_slice(frame, "filename"),
                              azm_json_get_slice(frame, "classname"), azm_json_get_slice(frame, "function"));
    }
}

static void add_stacks(struct azm_error_group *group, const json_t *exception, int depth)
{
    size_t i;
    json_t *cause;
    add_frames(group, azm_json_get(exception, "stacktrace"));
    if (depth < CAUSES_DEPTH)
        json_array_foreach(azm_json_get(exception, "cause"), i, cause) add_stacks(group, cause, depth + 1);
}

uint64_t azm_intake_error_group(const json_t *error, azm_slice service)
{
    struct azm_error_group group;
    const json_t *exception = azm_json_get(error, "exception"), *log = azm_json_get(error, "log");
    azm_error_group_begin(&group, service);
    add_types(&group, exception, 0);
    azm_error_group_type(&group, azm_json_get_slice(log, "param_message"));
    add_stacks(&group, exception, 0);
    if (!exception)
        add_frames(&group, azm_json_get(log, "stacktrace"));
    azm_slice message = azm_json_get_slice(exception, "message");
    return azm_error_group_end(&group, message.len ? message : azm_json_get_slice(log, "message"));
}
