#include "trace/decision.h"

#include "trace/sampling.h"
#include "trace/tracestate.h"

/* Where nobody before us has decided: at the head, once, by chance. */
static void sample_here(double rate, struct azm_random *random, struct azm_trace_decision *out)
{
    out->sampled = azm_sample(rate, random);
    out->sample_rate = out->sampled ? rate : 0;
}

/* A span of the host's own in our trace: not one that it merely hands on. */
static bool has_own_span(const struct azm_trace_context *host, const struct azm_trace_decision *out)
{
    return memcmp(&host->trace_id, &out->trace_id, sizeof out->trace_id) == 0 &&
           memcmp(&host->parent_id, &out->parent_id, sizeof out->parent_id) != 0;
}

/* Its context, of another trace, is about to be overwritten. */
static bool is_cut_off(const struct azm_trace_inputs *inputs, const struct azm_trace_context *host,
                       const struct azm_trace_decision *out)
{
    return inputs->mode == AZM_TRACE_CONTEXT_REWRITE && azm_trace_id_is_none(out->link.trace_id) &&
           memcmp(&host->trace_id, &out->trace_id, sizeof out->trace_id) != 0;
}

/* The host's span id becomes ours, unless that would name two spans alike. */
static void choose_id(const struct azm_trace_inputs *inputs, const struct azm_trace_context *host,
                      struct azm_random *random, struct azm_trace_decision *out)
{
    out->span_id = azm_span_id_new(random);
    if (!host || !(has_own_span(host, out) || is_cut_off(inputs, host, out)))
        return;
    if (inputs->host_exports || host->flags & 1)
        out->link = (struct azm_span_link){host->trace_id, host->parent_id};
    else if (inputs->mode == AZM_TRACE_CONTEXT_ADOPT)
        out->span_id = host->parent_id;
}

static bool is_continued(enum azm_trace_continuation continuation, const struct azm_tracestate *state)
{
    switch (continuation) {
    case AZM_TRACE_CONTINUE: return true;
    case AZM_TRACE_RESTART: return false;
    case AZM_TRACE_RESTART_EXTERNAL: return state->elastic;
    }
    azm_unreachable();
}

static void follow_caller(const struct azm_trace_inputs *inputs, const struct azm_trace_context *caller,
                          struct azm_random *random, struct azm_trace_decision *out)
{
    struct azm_tracestate state = azm_tracestate_of_headers(inputs->caller_headers);
    if (!is_continued(inputs->continuation, &state)) {
        out->trace_id = azm_trace_id_new(random);
        out->link = (struct azm_span_link){caller->trace_id, caller->parent_id};
        sample_here(inputs->sample_rate, random, out);
        return;
    }
    out->trace_id = caller->trace_id;
    out->parent_id = caller->parent_id;
    out->sampled = caller->flags & 1;
    out->sample_rate = out->sampled ? state.sample_rate : 0;
}

static void keep_to(const struct azm_trace_decision *told, struct azm_trace_decision *out)
{
    if (memcmp(&told->trace_id, &out->trace_id, sizeof out->trace_id) != 0 || told->sampled != out->sampled)
        *out = *told;
    else
        out->span_id = told->span_id;
}

void azm_trace_decide(const struct azm_trace_inputs *inputs, struct azm_random *random, struct azm_trace_decision *out)
{
    struct azm_trace_context caller, host;
    bool has_host = azm_traceparent_parse(inputs->host_traceparent, &host);
    *out = (struct azm_trace_decision){.sample_rate = -1};
    if (azm_traceparent_of_headers(inputs->caller_headers, &caller)) {
        follow_caller(inputs, &caller, random, out);
    } else {
        out->trace_id = has_host ? host.trace_id : azm_trace_id_new(random);
        sample_here(inputs->sample_rate, random, out);
    }
    choose_id(inputs, has_host ? &host : NULL, random, out);
    if (inputs->told)
        keep_to(inputs->told, out);
}
