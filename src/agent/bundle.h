/* One request body on its way, and the mailbox in which the agent learns what became of it. */
#pragma once

#include "agent/spool.h"
#include "export/exporter.h"
#include "export/sender.h"
#include "os/thread.h"

struct azm_feed;

enum azm_fate {
    AZM_FATE_WAITS,
    AZM_FATE_ANSWERED, /* `sent` says how: DELIVERED or REJECTED */
    AZM_FATE_KEPT,     /* it is safe in the spool: the ring need not hold it any more */
    AZM_FATE_LOST,     /* `loss` says why */
};

/* Made by a feed; from azm_delivery_put until it lies in the mailbox, or the delivery is closed, it is the delivery's,
 * and the feed leaves it alone. What became of a batch in the spool comes as a bundle too: without feed, with the name
 * of the ring. */
struct azm_bundle {
    struct azm_bundle *next;  /* of the delivery or mailbox it lies in */
    struct azm_bundle *later; /* the feed's: the next in the order of its ring */
    struct azm_feed *feed;
    char ring[64];
    struct azm_buf body;
    struct azm_buf source; /* the record that was in force */
    enum azm_signal signal;
    uint64_t events;
    uint64_t begin; /* position in the ring before what it holds */
    int64_t begun_us;
    char user_agent[256];
    bool sealed, answered; /* answered: its part of the ring may go */
    enum azm_fate fate;
    enum azm_loss loss;
    struct azm_sent sent;
    struct azm_buf metadata; /* not a body but a source record that is in force from here on (feed.c) */
    /* the delivery's: */
    int64_t put_us;        /* when it came */
    int64_t not_before_us; /* the spool could not take it: when to try again */
    unsigned failures;
};

void azm_bundle_free(struct azm_bundle *bundle); /* NULL is fine */

/* Where deliveries leave what was answered or kept. Any thread. */
struct azm_mailbox {
    struct azm_mutex mutex;
    struct azm_cond changed;
    struct azm_bundle *first, *last;
    bool touched;
};

void azm_mailbox_init(struct azm_mailbox *mailbox);
/* Frees what lies there and has no feed. */
void azm_mailbox_dispose(struct azm_mailbox *mailbox);
/* bundle NULL: only a sign that something happened. */
void azm_mailbox_put(struct azm_mailbox *mailbox, struct azm_bundle *bundle);
/* News of a batch in the spool. */
void azm_mailbox_tell(struct azm_mailbox *mailbox, const char *ring, enum azm_signal signal, uint64_t events,
                      enum azm_fate fate, enum azm_loss loss, const struct azm_sent *sent);
/* Everything that lies there, oldest first, linked by `next`; waits up to the deadline for something to come, or for a
 * delivery to end. NULL: nothing came. */
struct azm_bundle *azm_mailbox_take(struct azm_mailbox *mailbox, int64_t deadline_us);
