#include "trace/id.h"

azm_trace_id azm_trace_id_new(struct azm_random *random)
{
    azm_trace_id id;
    do
        azm_random_bytes(random, &id, sizeof id);
    while (azm_trace_id_is_none(id));
    return id;
}

azm_span_id azm_span_id_new(struct azm_random *random)
{
    azm_span_id id;
    do
        azm_random_bytes(random, &id, sizeof id);
    while (azm_span_id_is_none(id));
    return id;
}
