#include "tap/lost.h"

#include "tap/session_state.h"

#define EXIT_WAIT_US    2000000 /* from the end of the streams to that of the worker, which the tap may have to kill */
#define GOODBYE_WAIT_US 3000000 /* from WorkerTerminate; after 5 s the host kills the tap */
#define OVERDUE_WAIT_US 500000  /* from the timeout; not before 2 s after it the host kills the tap */

struct sweep {
    struct azm_session *session;
    int64_t now_us;
    enum azm_cut cut;
    int64_t oldest_us; /* start of the oldest that is left open */
    bool timed_out;    /* one is past its timeout */
};

static void lose(void *self, struct azm_invocation *invocation)
{
    const struct sweep *sweep = self;
    if (!azm_invocation_is_open(invocation))
        return;
    if (sweep->session->malformed_answers) { /* it may have been answered by what could not be read */
        sweep->session->blind++;
        azm_invocations_close(&sweep->session->invocations, invocation);
        return;
    }
    invocation->cut = sweep->cut;
    invocation->other_timed_out = sweep->timed_out;
    invocation->status = AZM_RPC_FAILURE;
    azm_session_finish(sweep->session, invocation, invocation->broken_us ? invocation->broken_us : sweep->now_us);
}

static bool is_past_timeout(const struct azm_session *session, const struct azm_invocation *invocation, int64_t now_us)
{
    return session->timeout_us && now_us - invocation->start_us >= session->timeout_us;
}

static void find_timed_out(void *self, struct azm_invocation *invocation)
{
    struct sweep *sweep = self;
    sweep->timed_out |=
        azm_invocation_is_open(invocation) && is_past_timeout(sweep->session, invocation, sweep->now_us);
}

void azm_lost_open(struct azm_session *session, enum azm_cut cut, int64_t now_us)
{
    struct sweep sweep = {session, session->streams_end_us ? session->streams_end_us : now_us,
                          session->terminating ? AZM_CUT_STOPPED : cut, 0, false};
    session->streams_end_us = session->terminate_us = 0;
    azm_session_renew(session);
    if (sweep.cut == AZM_CUT_STOPPED)
        azm_invocations_each(&session->invocations, find_timed_out, &sweep);
    azm_invocations_each(&session->invocations, lose, &sweep);
}

static void lose_overdue(void *self, struct azm_invocation *invocation)
{
    struct sweep *sweep = self;
    if (!azm_invocation_is_open(invocation))
        return;
    if (is_past_timeout(sweep->session, invocation, sweep->now_us - OVERDUE_WAIT_US))
        lose(sweep, invocation);
    else if (invocation->start_us < sweep->oldest_us)
        sweep->oldest_us = invocation->start_us;
}

/* The host will kill us with the worker, without a word: what it has given up is told before. */
static void look_for_overdue(struct azm_session *session, int64_t now_us)
{
    if (!session->active || session->says_goodbye || !session->invocations.open)
        return;
    azm_session_renew(session);
    if (!session->timeout_us || now_us < session->overdue_us)
        return;
    struct sweep sweep = {session, now_us, AZM_CUT_OVERDUE, now_us, false};
    azm_invocations_each(&session->invocations, lose_overdue, &sweep);
    session->overdue_us = sweep.oldest_us + session->timeout_us + OVERDUE_WAIT_US;
}

void azm_lost_tick(struct azm_session *session, int64_t now_us)
{
    if (session->streams_end_us && now_us - session->streams_end_us >= EXIT_WAIT_US)
        azm_lost_open(session, AZM_CUT_STREAM, now_us);
    if (session->terminate_us && now_us - session->terminate_us >= GOODBYE_WAIT_US)
        azm_lost_open(session, AZM_CUT_STOPPED, now_us);
    look_for_overdue(session, now_us);
}
