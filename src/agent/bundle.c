#include "agent/bundle.h"

#include <stdio.h>
#include <stdlib.h>

void azm_bundle_free(struct azm_bundle *bundle)
{
    if (!bundle)
        return;
    azm_buf_dispose(&bundle->body);
    azm_buf_dispose(&bundle->source);
    azm_buf_dispose(&bundle->metadata);
    free(bundle);
}

void azm_mailbox_init(struct azm_mailbox *mailbox)
{
    *mailbox = (struct azm_mailbox){.first = NULL};
    azm_mutex_init(&mailbox->mutex);
    azm_cond_init(&mailbox->changed);
}

void azm_mailbox_dispose(struct azm_mailbox *mailbox)
{
    struct azm_bundle *next;
    for (struct azm_bundle *bundle = mailbox->first; bundle; bundle = next) {
        next = bundle->next;
        if (!bundle->feed)
            azm_bundle_free(bundle);
    }
    azm_cond_dispose(&mailbox->changed);
    azm_mutex_dispose(&mailbox->mutex);
}

void azm_mailbox_put(struct azm_mailbox *mailbox, struct azm_bundle *bundle)
{
    azm_mutex_lock(&mailbox->mutex);
    if (bundle) {
        bundle->next = NULL;
        if (mailbox->first)
            mailbox->last->next = bundle;
        else
            mailbox->first = bundle;
        mailbox->last = bundle;
    }
    mailbox->touched = true;
    azm_cond_signal(&mailbox->changed);
    azm_mutex_unlock(&mailbox->mutex);
}

void azm_mailbox_tell(struct azm_mailbox *mailbox, const char *ring, enum azm_signal signal, uint64_t events,
                      enum azm_fate fate, enum azm_loss loss, const struct azm_sent *sent)
{
    struct azm_bundle *bundle = calloc(1, sizeof *bundle);
    if (!bundle)
        abort();
    snprintf(bundle->ring, sizeof bundle->ring, "%s", ring);
    bundle->signal = signal;
    bundle->events = events;
    bundle->fate = fate;
    bundle->loss = loss;
    if (sent)
        bundle->sent = *sent;
    azm_mailbox_put(mailbox, bundle);
}

struct azm_bundle *azm_mailbox_take(struct azm_mailbox *mailbox, int64_t deadline_us)
{
    azm_mutex_lock(&mailbox->mutex);
    while (!mailbox->touched && azm_cond_wait_until(&mailbox->changed, &mailbox->mutex, deadline_us))
        ;
    struct azm_bundle *first = mailbox->first;
    mailbox->first = mailbox->last = NULL;
    mailbox->touched = false;
    azm_mutex_unlock(&mailbox->mutex);
    return first;
}
