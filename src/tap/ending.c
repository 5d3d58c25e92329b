#include "tap/ending.h"

#include <inttypes.h>
#include <stdio.h>

#include "tap/death.h"
#include "tap/session_state.h"

static bool cancelled_at_timeout(const struct azm_ending_facts *facts)
{
    int64_t lag_us = facts->timeout_us / 10 < AZM_TIMEOUT_LAG_US ? facts->timeout_us / 10 : AZM_TIMEOUT_LAG_US;
    return facts->cancelled && facts->timeout_us && facts->cancel_age_us >= facts->timeout_us - lag_us;
}

static enum azm_ending ending_without_answer(const struct azm_ending_facts *facts)
{
    if (cancelled_at_timeout(facts) || (facts->timeout_us && facts->age_us >= (uint64_t)facts->timeout_us))
        return AZM_ENDING_TIMEOUT;
    if (facts->cut == AZM_CUT_EXIT)
        return AZM_ENDING_WORKER_EXIT;
    if (facts->cancelled)
        return AZM_ENDING_CANCELLED;
    if (facts->cut == AZM_CUT_STREAM)
        return AZM_ENDING_STREAM_LOST;
    return facts->other_timed_out ? AZM_ENDING_OTHER_TIMED_OUT : AZM_ENDING_WORKER_STOPPED;
}

enum azm_ending azm_ending_of(const struct azm_ending_facts *facts)
{
    if (facts->cut != AZM_CUT_NONE)
        return ending_without_answer(facts);
    if (facts->status != AZM_RPC_CANCELLED)
        return AZM_ENDING_ANSWER;
    return cancelled_at_timeout(facts) ? AZM_ENDING_TIMEOUT : AZM_ENDING_CANCELLED;
}

azm_slice azm_ending_name(enum azm_ending ending)
{
    switch (ending) {
    case AZM_ENDING_ANSWER: return (azm_slice){NULL, 0};
    case AZM_ENDING_TIMEOUT: return AZM_S("timeout");
    case AZM_ENDING_CANCELLED: return AZM_S("cancelled");
    case AZM_ENDING_WORKER_EXIT: return AZM_S("worker_exit");
    case AZM_ENDING_WORKER_STOPPED: return AZM_S("worker_stopped");
    case AZM_ENDING_OTHER_TIMED_OUT: return AZM_S("other_timed_out");
    case AZM_ENDING_STREAM_LOST: return AZM_S("stream_lost");
    }
    azm_unreachable();
}

static struct azm_exception exception(struct azm_session *session, azm_slice type, azm_slice message)
{
    return (struct azm_exception){
        .error_id = azm_trace_id_new(&session->random), .type = type, .message = message, .handled = AZM_FALSE};
}

/* Called as the host calls it; where the worker says where it was when it was cancelled, that is kept. */
static void tell_timeout(struct azm_session *session, struct azm_ending_parts *parts, struct azm_transaction *t)
{
    azm_slice stack = t->exception.stack;
    int64_t ms = session->timeout_us / 1000;
    snprintf(parts->message, sizeof parts->message,
             "The function did not end within its timeout of %" PRId64
             ".%03d s (functionTimeout), and the host gave up "
             "on it",
             ms / 1000, (int)(ms % 1000));
    t->exception = exception(session, AZM_S("FunctionTimeoutException"), azm_slice_str(parts->message));
    t->exception.stack = stack;
    t->result = AZM_S("timeout");
}

static void tell_ending(struct azm_session *session, enum azm_ending ending, struct azm_ending_parts *parts,
                        struct azm_transaction *t)
{
    switch (ending) {
    case AZM_ENDING_TIMEOUT: tell_timeout(session, parts, t); break;
    case AZM_ENDING_CANCELLED: /* neither a success nor the function's failure */
        t->outcome = AZM_OUTCOME_UNKNOWN;
        t->result = AZM_S("cancelled");
        t->exception = (struct azm_exception){0};
        break;
    case AZM_ENDING_WORKER_EXIT:
        if (session->death.happened)
            t->exception = azm_death_exception(&session->death, &session->random);
        break;
    case AZM_ENDING_OTHER_TIMED_OUT:
        t->exception = exception(session, AZM_S("WorkerStoppedException"),
                                 AZM_S("The host ended the language worker while another invocation was past its "
                                       "timeout, probably because of that"));
        break;
    case AZM_ENDING_STREAM_LOST:
        t->exception =
            exception(session, AZM_S("WorkerStreamException"),
                      session->handler ? AZM_S("The custom handler ended the connection before it had answered, and "
                                               "lives on")
                                       : AZM_S("The connection between host and language worker ended while the worker "
                                               "lives: no answer can come"));
        break;
    case AZM_ENDING_ANSWER:
    case AZM_ENDING_WORKER_STOPPED: break;
    }
}

static void add(struct azm_pair *labels, struct azm_transaction *t, azm_slice key, azm_slice value)
{
    labels[t->labels.count++] = (struct azm_pair){key, value};
    t->labels.items = labels;
}

void azm_ending_tell(struct azm_session *session, const struct azm_invocation *invocation,
                     struct azm_ending_parts *parts, struct azm_pair *labels, struct azm_transaction *transaction)
{
    bool cancelled = invocation->cancel_us != 0;
    if (AZM_LIKELY(!invocation->cut && !cancelled && invocation->status != AZM_RPC_CANCELLED))
        return;
    struct azm_ending_facts facts = {.cut = invocation->cut,
                                     .status = invocation->status,
                                     .age_us = invocation->duration_us,
                                     .cancelled = cancelled,
                                     .cancel_age_us = invocation->cancel_us - invocation->start_us,
                                     .other_timed_out = invocation->other_timed_out,
                                     .timeout_us = session->timeout_us};
    enum azm_ending ending = azm_ending_of(&facts);
    tell_ending(session, ending, parts, transaction);
    if (ending != AZM_ENDING_ANSWER)
        add(labels, transaction, AZM_S("ending"), azm_ending_name(ending));
    if (!cancelled)
        return;
    int len = snprintf(parts->cancel_ms, sizeof parts->cancel_ms, "%" PRId64, facts.cancel_age_us / 1000);
    add(labels, transaction, AZM_S("cancel_requested_ms"), (azm_slice){parts->cancel_ms, (size_t)len});
}
