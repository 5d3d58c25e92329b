/* The inside of a session, shared by session.c (lifecycle) and request.c (one invocation). */
#pragma once

#include "tap/channel.h"
#include "tap/death.h"
#include "tap/early.h"
#include "tap/environment.h"
#include "tap/errands.h"
#include "tap/files.h"
#include "tap/functions.h"
#include "tap/header_names.h"
#include "tap/health.h"
#include "tap/invocations.h"
#include "tap/logs.h"
#include "tap/observe.h"
#include "tap/patch.h"
#include "tap/refusals.h"
#include "tap/shared_functions.h"
#include "trace/settings.h"

struct azm_session {
    struct azm_environment environment;
    struct azm_settings settings;
    bool active;      /* configured and switched on */
    bool placeholder; /* waits for its app: nothing is told before that */
    bool reloading;   /* between a reload message's first variable and its end */

    struct azm_random random;
    struct azm_errands *errands;
    struct azm_files *files;
    struct azm_functions functions;
    struct azm_shared_functions shared; /* what this worker tells of its functions, for others */
    bool indexed;                       /* it was asked for them */
    bool bare;                          /* an invocation's function is known by its load request alone */
    unsigned shared_asked;              /* how often what another worker told was looked for */
    struct azm_invocations invocations;
    struct azm_header_names header_names;
    struct azm_channel channel;

    uint64_t unwritten, unwritten_noted; /* those that were left as they were; as the agent's log has it */
    bool rewrites;                       /* trace contexts on their way to the worker */
    bool armed;                          /* the worker may yet tell its HttpUri, and it can be patched */
    unsigned early_count;                /* HTTP requests whose invocation is not asked for yet */
    struct azm_patch *patch; /* of the connection whose bytes are being read; NULL: they cannot be changed */
    struct azm_forward forward;

    bool handler, broken;               /* a custom handler's session (handler_leg.h); an exchange was broken off */
    bool handler_forwards, http_worker; /* what its host.json says */
    unsigned handler_readers;

    unsigned streams;
    bool says_goodbye;      /* the host asks this worker to end before it kills it */
    bool terminating;       /* it has done so, */
    int64_t terminate_us;   /* then; 0: it has not, or what was open then is told */
    int64_t timeout_us;     /* of invocations (timeout.h) */
    int64_t overdue_us;     /* none that is open is past it before then */
    int64_t streams_end_us; /* when the last one ended; 0: one is there, or what was open is over */
    struct azm_death death;
    struct azm_logs logs;
    struct azm_refusals refusals;
    struct azm_early early;
    struct azm_invocation *waiting_first, *waiting_last; /* answered; wait for the channel or for their function */
    int64_t prepared_us;                                 /* when the errands were posted; 0: not yet */
    struct azm_function *asked; /* for last, by a request that was being read; NULL: not known */
    bool source_written, settings_told, saw_answer;
    bool cold_decided;      /* this process has had its first invocation */
    bool malformed_answers; /* an answer may have been missed */

    struct azm_arena facts; /* what the start-up messages told */
    azm_slice app_directory, runtime_name, runtime_version, worker_version;

    /* Read once, not for each invocation. */
    bool host_exports;              /* its spans: design, "Which trace" */
    azm_slice route_prefix;         /* "api", or what host.json says */
    uint32_t files_version, labels; /* labels: counts the changes that a function's names depend on; never 0 */

    uint64_t overflow, blind, malformed; /* not yet reported to the ring */
    struct azm_buf notes;                /* lines for the agent's log, not yet reported */
    struct azm_health health;
};

/* The invocation's function; NULL when it is not known, or was that of a placeholder. */
static inline struct azm_function *azm_session_function(const struct azm_session *session,
                                                        const struct azm_invocation *invocation)
{
    return invocation->function_generation == session->functions.generation ? invocation->function : NULL;
}

/* What is derived from the app's files, after they were read. */
void azm_session_renew(struct azm_session *session);
/* What errands have read since the last call is known now. */
void azm_session_look(struct azm_session *session);
/* A place for an invocation of which only an HTTP request was seen so far. Anybody can send such a request, so these
 * are few (AZM_PROXIED_EARLY_MAX). NULL: there is none. */
struct azm_invocation *azm_session_expect(struct azm_session *session, azm_slice id, int64_t now_us);
/* Everything that the invocation's transaction needs is known but perhaps its function. */
void azm_session_finish(struct azm_session *session, struct azm_invocation *invocation, int64_t now_us);
