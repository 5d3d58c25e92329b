/* One destination: a thread that sends bodies one after the other and keeps each until it is answered. So a slow or
 * dead server stops nobody but itself. Nothing is dropped here: how much waits is bounded by the feeds, which stop
 * reading their rings while enough of theirs is unanswered. */
#pragma once

#include "base/buf.h"
#include "export/sender.h"
#include "os/thread.h"

struct azm_feed;

/* One request body on its way. Made and owned by a feed; a delivery borrows it until it is answered and lies in the
 * mailbox, or until the delivery is closed. Meanwhile the feed leaves it alone. */
struct azm_bundle {
    struct azm_bundle *next;  /* of the delivery or mailbox it lies in */
    struct azm_bundle *later; /* the feed's: the next in the order of its ring */
    struct azm_feed *feed;
    struct azm_buf body;
    uint64_t events;
    uint64_t end; /* position in the ring behind what it holds */
    int64_t begun_us;
    char user_agent[256];
    bool sealed, answered;
    struct azm_sent sent;    /* when answered: DELIVERED or REJECTED */
    struct azm_buf metadata; /* not a body but a source record that is in force behind `end` (feed.c) */
};

void azm_bundle_free(struct azm_bundle *bundle); /* NULL is fine */

/* Where deliveries leave what was answered. Any thread. */
struct azm_mailbox {
    struct azm_mutex mutex;
    struct azm_cond changed;
    struct azm_bundle *first;
    bool touched;
};

void azm_mailbox_init(struct azm_mailbox *mailbox);
void azm_mailbox_dispose(struct azm_mailbox *mailbox);
/* Everything that lies there, oldest first, linked by `next`; waits up to the deadline for something to come, or for a
 * delivery to end. NULL: nothing came. */
struct azm_bundle *azm_mailbox_take(struct azm_mailbox *mailbox, int64_t deadline_us);

/* What a destination looks like at the moment, for the status and the doctor. */
struct azm_delivery_state {
    bool failing;         /* the last attempt failed; problem says how */
    bool ended;           /* after azm_delivery_hurry an attempt failed */
    unsigned http_status; /* of the last answer; 0: none yet */
    size_t waiting;       /* bundles that are not answered */
    uint64_t attempts_failed;
    char problem[256];
};

struct azm_delivery;

/* Takes the sender, also when it fails. name: for log lines, without secrets; copied. */
struct azm_delivery *azm_delivery_open(struct azm_sender **sender, const char *name, struct azm_mailbox *mailbox,
                                       struct azm_error *err);
/* The bundle comes back through the mailbox. */
void azm_delivery_put(struct azm_delivery *delivery, struct azm_bundle *bundle);
struct azm_delivery_state azm_delivery_state(struct azm_delivery *delivery);
/* The agent ends: no more waiting between attempts, the first failure is the last. */
void azm_delivery_hurry(struct azm_delivery *delivery);
/* Interrupts a request and waits for the thread. NULL is fine. */
void azm_delivery_close(struct azm_delivery *delivery);
