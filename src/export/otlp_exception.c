#include "export/otlp.h"
#include "trace/stack.h"

azm_slice azm_otlp_exception_type(const struct azm_exception *exception)
{
    return exception->type.len ? exception->type : azm_stack_type(exception->stack, exception->message);
}

static void put(struct azm_otlp_writer *w, uint32_t list, azm_slice name, azm_slice value)
{
    if (value.len)
        azm_otlp_attribute(w, list, name, value);
}

void azm_otlp_exception(struct azm_otlp_writer *w, uint32_t list, const struct azm_exception *exception)
{
    put(w, list, AZM_S("exception.type"), azm_otlp_exception_type(exception));
    put(w, list, AZM_S("exception.message"), exception->message);
    put(w, list, AZM_S("exception.stacktrace"), exception->stack);
}
