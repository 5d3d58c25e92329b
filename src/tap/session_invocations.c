#include "tap/session.h"

#include "os/clock.h"
#include "tap/proxied.h"
#include "tap/request.h"
#include "tap/session_parts.h"

/* Not before its function is known and the ring is there: neither takes long, and both are out of the relay's way. */
static bool may_go_out(struct azm_session *session, const struct azm_invocation *invocation, int64_t now_us)
{
    if (session->channel.state == AZM_CHANNEL_CLOSED)
        return false;
    const struct azm_function *function = azm_session_function(session, invocation);
    if ((function && function->described) || !session->files)
        return true;
    if (azm_files_waiting(session->files) && now_us - session->prepared_us <= AZM_PREPARE_WAIT_US)
        return false;
    if (function) { /* its file may have been read since anybody looked */
        azm_files_take(session->files, azm_session_describe, session);
        session->bare |= !function->described && !session->indexed;
    }
    return true;
}

static void send(struct azm_session *session, struct azm_invocation *invocation)
{
    azm_session_renew(session);
    if (session->channel.state == AZM_CHANNEL_OPEN)
        azm_request_report(session, invocation);
    azm_invocations_close(&session->invocations, invocation);
}

void azm_session_look(struct azm_session *session)
{
    if (!session->files)
        return;
    azm_files_take(session->files, azm_session_describe, session);
    azm_session_renew(session);
}

void azm_session_catch_up(struct azm_session *session, int64_t now_us)
{
    if (session->files)
        azm_files_take(session->files, azm_session_describe, session);
    while (session->waiting_first && may_go_out(session, session->waiting_first, now_us)) {
        struct azm_invocation *invocation = session->waiting_first;
        session->waiting_first = invocation->next_waiting;
        send(session, invocation);
    }
}

static void wait_in_line(struct azm_session *session, struct azm_invocation *invocation)
{
    invocation->answered = true;
    if (session->waiting_first)
        session->waiting_last->next_waiting = invocation;
    else
        session->waiting_first = invocation;
    session->waiting_last = invocation;
}

void azm_session_begin(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us)
{
    bool replaced;
    if (!session->active || session->placeholder)
        return;
    azm_session_prepare(session, now_us); /* a worker that skipped its greeting */
    azm_slice id = message->fields[AZM_RPC_INVOCATION_ID];
    struct azm_invocation *invocation = azm_invocations_find(&session->invocations, id);
    if (invocation && invocation->early) {
        invocation->early = false;
        session->early_count--;
    } else if ((invocation = azm_invocations_open(&session->invocations, id, &replaced)) != NULL) {
        invocation->start_us = now_us;
        invocation->wall_us = azm_clock_wall_us();
    } else {
        session->overflow++;
        return;
    }
    azm_request_begin(session, invocation, message);
}

struct azm_invocation *azm_session_expect(struct azm_session *session, azm_slice id, int64_t now_us)
{
    bool replaced;
    if (!session->active || session->placeholder || session->early_count >= AZM_PROXIED_EARLY_MAX)
        return NULL;
    struct azm_invocation *invocation = azm_invocations_open(&session->invocations, id, &replaced);
    if (!invocation)
        return NULL;
    session->early_count++;
    invocation->early = true;
    invocation->start_us = now_us;
    invocation->wall_us = azm_clock_wall_us();
    return invocation;
}

void azm_session_finish(struct azm_session *session, struct azm_invocation *invocation, int64_t now_us)
{
    invocation->duration_us = now_us > invocation->start_us ? (uint64_t)(now_us - invocation->start_us) : 0;
    session->saw_answer = true;
    if (session->waiting_first)
        azm_session_catch_up(session, now_us);
    if (!session->waiting_first && may_go_out(session, invocation, now_us))
        send(session, invocation);
    else
        wait_in_line(session, invocation);
}

void azm_session_end(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us)
{
    struct azm_invocation *invocation =
        azm_invocations_find(&session->invocations, message->fields[AZM_RPC_INVOCATION_ID]);
    if (!invocation || invocation->answered || invocation->early || invocation->replied)
        return;
    azm_request_end(session, invocation, message);
    /* A function that failed may never answer over HTTP (node's streams), and its outcome is known. */
    if (invocation->leg == AZM_LEG_OPEN && invocation->status == AZM_RPC_SUCCESS)
        invocation->replied = true;
    else
        azm_session_finish(session, invocation, now_us);
}

void azm_session_cancel(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us)
{
    struct azm_invocation *invocation =
        azm_invocations_find(&session->invocations, message->fields[AZM_RPC_INVOCATION_ID]);
    if (invocation && azm_invocation_is_open(invocation) && !invocation->cancel_us)
        invocation->cancel_us = now_us;
}

/* Another app's settings are about to come. A host asks for that when nothing runs; what is open all the same belongs
 * to the app before, and cannot be told under the next one's name. */
static void outdate(void *self, struct azm_invocation *invocation)
{
    struct azm_session *session = self;
    if (invocation->answered || invocation->early)
        return;
    if (invocation->replied) {
        azm_session_finish(session, invocation, azm_clock_mono_us());
        return;
    }
    session->blind++;
    azm_invocations_close(&session->invocations, invocation);
}

void azm_session_end_app(struct azm_session *session)
{
    azm_invocations_each(&session->invocations, outdate, session);
    while (session->waiting_first) {
        struct azm_invocation *invocation = session->waiting_first;
        session->waiting_first = invocation->next_waiting;
        session->blind += session->channel.state != AZM_CHANNEL_OPEN;
        send(session, invocation);
    }
}
