/* Foreign text of a request: traceparent, tracestate, URL, an owner name. */
#include <stdint.h>
#include <stdlib.h>

#include "trace/functions_metadata.h"
#include "trace/redact.h"
#include "trace/tracestate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is redacted has nothing left to redact. */
static void redact_twice(azm_slice url)
{
    struct azm_buf once, twice;
    azm_buf_init(&once, 1 << 20);
    azm_buf_init(&twice, 1 << 20);
    azm_redact_url(&once, url);
    azm_redact_url(&twice, azm_buf_slice(&once));
    if (!once.failed && !azm_slice_eq(azm_buf_slice(&once), azm_buf_slice(&twice)))
        abort();
    azm_buf_dispose(&once);
    azm_buf_dispose(&twice);
}

/* Whatever came, what is sent on is valid and says our rate. */
static void send_on(struct azm_pairs headers)
{
    struct azm_buf out;
    azm_buf_init(&out, 1 << 20);
    azm_tracestate_write(&out, headers, 0.25);
    struct azm_pair again = {AZM_S("tracestate"), azm_buf_slice(&out)};
    if (!out.failed && azm_tracestate_of_headers((struct azm_pairs){&again, 1}).sample_rate != 0.25)
        abort();
    azm_buf_dispose(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    azm_slice text = azm_slice_of(data, size), line;
    struct azm_pair pairs[4];
    struct azm_trace_context context;
    struct azm_owner_name owner;
    azm_slice rest = text;
    size_t count = 0;
    while (count < 4 && azm_slice_split(&rest, '\n', &line)) {
        pairs[count] = (struct azm_pair){count ? AZM_S("tracestate") : AZM_S("traceparent"), line};
        count++;
    }
    struct azm_pairs headers = {pairs, count};
    if (azm_traceparent_of_headers(headers, &context)) {
        char again[AZM_TRACEPARENT_LEN];
        struct azm_trace_context same;
        azm_traceparent_format(&context, again);
        if (!azm_traceparent_parse((azm_slice){again, sizeof again}, &same) ||
            memcmp(&same.trace_id, &context.trace_id, sizeof same.trace_id) != 0)
            abort();
    }
    if (azm_tracestate_of_headers(headers).sample_rate > 1)
        abort();
    send_on(headers);
    if (azm_owner_name_parse(text, &owner) &&
        (!owner.subscription.len || !owner.resource_group.len || !owner.region.len))
        abort();
    redact_twice(text);
    return 0;
}
