#include "tap/logs.h"

#include <inttypes.h>
#include <stdio.h>

#include "os/clock.h"
#include "tap/request.h"
#include "tap/session.h"
#include "tap/session_state.h"

static const azm_slice level_names[AZM_RPC_LOG_LEVELS] = {AZM_S_INIT("trace"), AZM_S_INIT("debug"),
                                                          AZM_S_INIT("info"),  AZM_S_INIT("warning"),
                                                          AZM_S_INIT("error"), AZM_S_INIT("critical")};

void azm_logs_configure(struct azm_logs *logs, const struct azm_settings *settings)
{
    unsigned from = 0;
    while (from < AZM_RPC_LOG_LEVELS && !azm_slice_eq_nocase(settings->log_sending_level, level_names[from]))
        from++;
    logs->from = (enum azm_rpc_log_level)from;
    logs->wanted =
        settings->log_sending && from < AZM_RPC_LOG_LEVELS && /* else "off" */
        (settings->destination.kind == AZM_DESTINATION_ELASTIC || settings->logs.kind != AZM_DESTINATION_NONE);
}

static bool is_one_too_many(struct azm_logs *logs, int64_t now_us)
{
    if (logs->second != now_us / 1000000) {
        logs->second = now_us / 1000000;
        logs->count = 0;
    }
    if (logs->count < AZM_LOGS_PER_SECOND) {
        logs->count++;
        return false;
    }
    logs->left_out++;
    return true;
}

/* The first invocation logs before its ring is there: it is made out of the relay's way. */
static void keep(struct azm_session *session, const struct azm_log_event *log)
{
    struct azm_buf record;
    azm_buf_init_fixed(&record, session->channel.record, sizeof session->channel.record);
    azm_record_put_log(&record, log);
    if (record.failed || !azm_early_add(&session->early, AZM_RECORD_LOG, azm_buf_slice(&record)))
        session->logs.left_out++;
}

void azm_logs_take(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us)
{
    struct azm_logs *logs = &session->logs;
    if (!logs->wanted || !session->active || session->placeholder || message->log_source != AZM_RPC_LOG_USER ||
        message->log_level < logs->from || message->log_level >= AZM_RPC_LOG_LEVELS)
        return;
    const struct azm_invocation *invocation =
        azm_invocations_find(&session->invocations, message->fields[AZM_RPC_INVOCATION_ID]);
    if (!invocation || invocation->early || invocation->answered || invocation->ignored ||
        is_one_too_many(logs, now_us))
        return;
    struct azm_log_event log = {.timestamp_us = azm_clock_wall_us(),
                                .trace_id = invocation->trace_id,
                                .transaction_id = invocation->span_id,
                                .level = level_names[message->log_level],
                                .logger = message->fields[AZM_RPC_LOG_LOGGER],
                                .message = message->fields[AZM_RPC_LOG_MESSAGE],
                                .exception = {.type = message->fields[AZM_RPC_EXCEPTION_TYPE],
                                              .message = message->fields[AZM_RPC_EXCEPTION_MESSAGE],
                                              .stack = message->fields[AZM_RPC_EXCEPTION_STACK]},
                                .faas_name = azm_request_faas_name(session, invocation),
                                .execution = {invocation->id, invocation->id_len}};
    if (session->channel.state == AZM_CHANNEL_CLOSED) {
        keep(session, &log);
    } else if (session->channel.state == AZM_CHANNEL_OPEN) {
        azm_early_put(session);
        azm_request_source(session);
        azm_channel_put_log(&session->channel, &log);
    }
}

void azm_logs_tick(struct azm_session *session)
{
    char line[160];
    if (session->logs.left_out == 0)
        return;
    int len = snprintf(line, sizeof line,
                       "%" PRIu64 " log records were left out: more than %u in a second, or too many before "
                       "there was a ring",
                       session->logs.left_out, AZM_LOGS_PER_SECOND);
    session->logs.left_out = 0;
    azm_session_note(session, (azm_slice){line, (size_t)len});
}
