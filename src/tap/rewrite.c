#include "tap/rewrite.h"

bool azm_rewrite_is_traceparent(azm_slice text)
{
    struct azm_trace_context context;
    return text.len == AZM_TRACEPARENT_LEN && azm_slice_starts(text, AZM_S("00-")) &&
           azm_traceparent_parse(text, &context);
}

void azm_rewrite_text(const struct azm_trace_decision *trace, char out[AZM_TRACEPARENT_LEN])
{
    struct azm_trace_context ours = {trace->trace_id, trace->span_id, trace->sampled};
    azm_traceparent_format(&ours, out);
}

bool azm_rewrite_begin(struct azm_rewrite *rewrite, uint64_t len)
{
    if (rewrite->watching || len == 0)
        return false;
    rewrite->watching = len == AZM_TRACEPARENT_LEN && rewrite->count < AZM_REWRITES_MAX;
    rewrite->missed += !rewrite->watching;
    if (rewrite->watching)
        rewrite->values[rewrite->count].open = rewrite->values[rewrite->count].given_up = false;
    return rewrite->watching;
}

void azm_rewrite_piece(struct azm_rewrite *rewrite, azm_slice piece)
{
    if (rewrite->watching)
        azm_patch_add(&rewrite->values[rewrite->count], piece);
}

void azm_rewrite_end(struct azm_rewrite *rewrite)
{
    char text[AZM_PATCH_MAX];
    if (!rewrite->watching)
        return;
    rewrite->watching = false;
    if (azm_rewrite_is_traceparent(azm_patch_end(&rewrite->values[rewrite->count], text)))
        rewrite->count++;
    else
        rewrite->missed++;
}

const char *azm_rewrite_held(const struct azm_rewrite *rewrite)
{
    const struct azm_patch *value = &rewrite->values[rewrite->count];
    return rewrite->watching && value->open && value->len ? value->at[0] : NULL;
}

void azm_rewrite_let_go(struct azm_rewrite *rewrite)
{
    if (rewrite->watching)
        azm_patch_give_up(&rewrite->values[rewrite->count]);
}

void azm_rewrite_write(struct azm_rewrite *rewrite, const struct azm_trace_decision *trace)
{
    char text[AZM_TRACEPARENT_LEN];
    bool wanted = trace && !azm_trace_id_is_none(trace->trace_id);
    if (wanted)
        azm_rewrite_text(trace, text);
    else
        rewrite->missed += trace ? 0 : rewrite->count;
    for (unsigned i = 0; wanted && i < rewrite->count; i++)
        azm_patch_write(&rewrite->values[i], 0, (azm_slice){text, sizeof text});
    if (rewrite->watching && rewrite->count)
        rewrite->values[0] = rewrite->values[rewrite->count]; /* goes on as the first of those that are left */
    rewrite->count = 0;
}

void azm_rewrite_drop(struct azm_rewrite *rewrite)
{
    azm_rewrite_write(rewrite, NULL);
    rewrite->missed += rewrite->watching;
    rewrite->watching = false;
}
