/* How an invocation ended, where the worker did not simply answer: what the wire and the worker's process tell, weighed
 * into one word (docs/ENDINGS.md). Pure but for azm_ending_tell. */
#pragma once

#include "tap/rpc.h"
#include "trace/transaction.h"

/* Why no answer can come any more. */
enum azm_cut {
    AZM_CUT_NONE,    /* it was answered */
    AZM_CUT_EXIT,    /* the worker's process ended by itself */
    AZM_CUT_STOPPED, /* somebody had asked it to end */
    AZM_CUT_STREAM,  /* its connection ended, and the process lives */
    AZM_CUT_OVERDUE, /* none of these yet: it is past the timeout, and the host will kill the worker without a word */
};

enum azm_ending {
    AZM_ENDING_ANSWER,
    AZM_ENDING_TIMEOUT,
    AZM_ENDING_CANCELLED,
    AZM_ENDING_WORKER_EXIT,
    AZM_ENDING_WORKER_STOPPED,
    AZM_ENDING_OTHER_TIMED_OUT, /* the worker was stopped, probably because another of its invocations had timed out */
    AZM_ENDING_STREAM_LOST,
};

/* The host's clock for an invocation starts before its request is on the wire. */
#define AZM_TIMEOUT_LAG_US 1000000

struct azm_ending_facts {
    enum azm_cut cut;
    enum azm_rpc_status status; /* of the answer */
    uint64_t age_us;            /* at the end */
    bool cancelled;             /* the host sent an InvocationCancel, */
    int64_t cancel_age_us;      /* when it was so old */
    bool other_timed_out;       /* another one was past its timeout when the worker was stopped */
    int64_t timeout_us;         /* timeout.h */
};

/* Who is older than the timeout was given up by the host, whatever came then; but the answer that a worker gave all the
 * same decides, unless it says no more than that it was cancelled. */
enum azm_ending azm_ending_of(const struct azm_ending_facts *facts);
/* "timeout", the label's value; ptr NULL for an answer. */
azm_slice azm_ending_name(enum azm_ending ending);

struct azm_session;
struct azm_invocation;
struct azm_ending_parts {
    char message[200], cancel_ms[24];
};
#define AZM_ENDING_LABELS 2u

/* Outcome, result, exception and labels of an invocation that was lost or cancelled; nothing for any other. labels:
 * those of the transaction, with room for AZM_ENDING_LABELS more. */
void azm_ending_tell(struct azm_session *session, const struct azm_invocation *invocation,
                     struct azm_ending_parts *parts, struct azm_pair *labels, struct azm_transaction *transaction);
