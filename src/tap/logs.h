/* What functions log (RpcLog), on its way to the ring: which of it, and how much. */
#pragma once

#include "tap/rpc.h"
#include "trace/settings.h"

#define AZM_LOGS_PER_SECOND 500u /* more are left out, and counted */

struct azm_logs {
    bool wanted;
    enum azm_rpc_log_level from;
    int64_t second; /* of the count */
    unsigned count;
    uint64_t left_out; /* not yet told */
};

struct azm_session;

void azm_logs_configure(struct azm_logs *logs, const struct azm_settings *settings);
/* One that the worker sent: of an invocation that is open, by the function itself and not by the worker, and not below
 * the level that is asked for. */
void azm_logs_take(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us);
/* How many were left out. */
void azm_logs_tick(struct azm_session *session);
