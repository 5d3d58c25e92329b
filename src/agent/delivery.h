/* One destination, and what waits for it. Two threads: one sends, one after the other, and keeps each until it is
 * answered; the other, the keeper, puts into the spool (spool.h) what cannot go at once. So neither a slow server nor a
 * slow disk stops anybody else, and the rings are free while a server is away.
 *
 * While the server is well, bundles go from memory, and the disk is not touched. A bundle is written to the spool when
 * an attempt has failed, when something older of the same destination lies there already, or after it has waited for
 * AZM_DELIVERY_PATIENCE_US, also while its own attempt is still under way. When the spool cannot take it, it stays in
 * memory and in its ring, and the feeds stop reading while enough of theirs is unanswered.
 *
 * A batch that fails while others of its destination are taken is set aside and costs the others nothing (spool.h). One
 * that is too large for the server (413) is halved. */
#pragma once

#include "agent/bundle.h"
#include "export/exporter.h"

#define AZM_DELIVERY_PATIENCE_US 1000000

/* What a destination looks like at the moment, for the status and the doctor. */
struct azm_delivery_state {
    bool failing;         /* the last attempt failed; problem says how */
    bool ended;           /* after azm_delivery_hurry an attempt failed */
    unsigned http_status; /* of the last answer; 0: none yet */
    size_t waiting;       /* bundles in memory that are neither answered nor kept */
    uint64_t attempts_failed;
    int64_t answered_us, next_us; /* wall clock: the last good answer; the next attempt, when failing. 0: none */
    char problem[256];
};

struct azm_delivery;

/* Takes the sender, also when it fails. name: for log lines, without secrets; copied. kind: whose bodies these are.
 * line: of the spool; NULL: nothing is kept on disk. */
struct azm_delivery *azm_delivery_open(struct azm_sender **sender, const char *name,
                                       const struct azm_exporter_kind *kind, struct azm_mailbox *mailbox,
                                       struct azm_spool_line *line, struct azm_error *err);
/* The bundle comes back through the mailbox, answered or kept. */
void azm_delivery_put(struct azm_delivery *delivery, struct azm_bundle *bundle);
/* Its line has got something new by another way. */
void azm_delivery_wake(struct azm_delivery *delivery);
struct azm_delivery_state azm_delivery_state(struct azm_delivery *delivery);
/* The agent ends: what is in memory goes first, no more waiting between attempts, the first failure is the last. */
void azm_delivery_hurry(struct azm_delivery *delivery);
/* Interrupts a request and waits for the threads. NULL is fine. */
void azm_delivery_close(struct azm_delivery *delivery);
