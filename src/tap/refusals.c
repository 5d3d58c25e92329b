#include "tap/refusals.h"

#include "os/clock.h"
#include "tap/request.h"
#include "tap/session.h"
#include "tap/session_state.h"
#include "trace/redact_text.h"

/* What hides a secret may be longer than it. */
#define MESSAGE_MAX 8192u
#define STACK_MAX   24576u

void azm_refusals_clear(struct azm_session *session)
{
    session->health.report.refused = 0;
    session->health.report.refusal = (azm_slice){NULL, 0};
    session->health.changed = true;
}

/* False: it is known. */
static bool is_news(struct azm_session *session, const struct azm_rpc_refusal *refusal, azm_slice *name)
{
    struct azm_function *function = refusal->id.len ? azm_functions_find(&session->functions, refusal->id) : NULL;
    bool known = function && function->refused;
    *name = function && function->name.len ? function->name : refusal->name.len ? refusal->name : refusal->id;
    if (function)
        function->refused = true;
    return !known;
}

static const char *verb_of(const struct azm_rpc_refusal *refusal)
{
    return refusal->by == AZM_RPC_METADATA_RESPONSE ? "indexed" : "loaded";
}

/* "function orders could not be loaded: ImportError: no module named shop". */
static void put_sentence(struct azm_buf *out, const struct azm_rpc_refusal *refusal, azm_slice name)
{
    azm_slice type = azm_slice_take(refusal->type, 80);
    azm_slice line = azm_slice_take(refusal->message, azm_slice_find(refusal->message, '\n'));
    azm_buf_addf(out, name.len ? "function %.*s could not be %s" : "the app%.*s could not be %s",
                 AZM_FMT(azm_slice_take(name, 100)), verb_of(refusal));
    if (type.len)
        azm_buf_addf(out, ": %.*s", AZM_FMT(type));
    if (line.len) {
        azm_buf_add_str(out, ": ");
        azm_redact_text(out, azm_slice_take(line, 160));
    }
}

static void put_error(struct azm_session *session, const struct azm_rpc_refusal *refusal, azm_slice name)
{
    struct azm_buf message, stack, record;
    azm_buf_init(&message, MESSAGE_MAX);
    azm_buf_init(&stack, STACK_MAX);
    azm_buf_addf(&message, name.len ? "Function %.*s could not be %s: " : "The app%.*s could not be %s: ",
                 AZM_FMT(azm_slice_take(name, 100)), verb_of(refusal));
    azm_redact_text(&message, refusal->message);
    azm_redact_text(&stack, refusal->stack);
    struct azm_error_event error = {.timestamp_us = azm_clock_wall_us(),
                                    .function = azm_slice_take(name, 100),
                                    .exception = {.error_id = azm_trace_id_new(&session->random),
                                                  .type = refusal->type,
                                                  .message = azm_buf_slice(&message),
                                                  .stack = stack.failed ? (azm_slice){NULL, 0} : azm_buf_slice(&stack),
                                                  .handled = AZM_FALSE}};
    azm_buf_init_fixed(&record, session->channel.record, sizeof session->channel.record);
    azm_record_put_error(&record, &error);
    if (!record.failed && !message.failed)
        (void)azm_early_add(&session->early, AZM_RECORD_ERROR, azm_buf_slice(&record));
    azm_buf_dispose(&message);
    azm_buf_dispose(&stack);
}

/* The report keeps the first one's sentence. */
static void count(struct azm_session *session, azm_slice sentence)
{
    struct azm_report *report = &session->health.report;
    if (report->refused++ == 0) {
        azm_slice_copy(sentence, session->refusals.first, sizeof session->refusals.first);
        report->refusal = azm_slice_str(session->refusals.first);
    }
    session->health.changed = true;
}

bool azm_refusals_take(struct azm_session *session, const struct azm_rpc_refusal *refusal)
{
    char text[400];
    struct azm_buf sentence;
    azm_slice name;
    if (!session->active || session->placeholder || !is_news(session, refusal, &name))
        return false;
    azm_buf_init_fixed(&sentence, text, sizeof text);
    put_sentence(&sentence, refusal, name);
    count(session, azm_buf_slice(&sentence));
    if (session->health.report.refused > AZM_REFUSALS_TOLD)
        return false;
    azm_session_note(session, azm_buf_slice(&sentence));
    put_error(session, refusal, name);
    session->saw_answer = true; /* an agent is wanted, though there may never be an invocation */
    return true;
}
