#include "agent/delivery.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "export/backoff.h"
#include "os/clock.h"
#include "os/entropy.h"

struct azm_delivery {
    struct azm_sender *sender;
    struct azm_mailbox *mailbox;
    char name[256];
    struct azm_thread thread;
    struct azm_mutex mutex; /* guards what follows */
    struct azm_cond changed;
    struct azm_bundle *first, *last;
    struct azm_delivery_state state;
    bool hurry, closing;
    int64_t wait_until_us;
    /* the thread's own */
    struct azm_backoff backoff;
    struct azm_random random;
    bool worked; /* once */
};

void azm_bundle_free(struct azm_bundle *bundle)
{
    if (!bundle)
        return;
    azm_buf_dispose(&bundle->body);
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
    azm_cond_dispose(&mailbox->changed);
    azm_mutex_dispose(&mailbox->mutex);
}

/* bundle NULL: only a sign that something happened. */
static void post(struct azm_mailbox *mailbox, struct azm_bundle *bundle)
{
    azm_mutex_lock(&mailbox->mutex);
    struct azm_bundle **at = &mailbox->first;
    while (*at)
        at = &(*at)->next;
    *at = bundle;
    mailbox->touched = true;
    azm_cond_signal(&mailbox->changed);
    azm_mutex_unlock(&mailbox->mutex);
}

struct azm_bundle *azm_mailbox_take(struct azm_mailbox *mailbox, int64_t deadline_us)
{
    azm_mutex_lock(&mailbox->mutex);
    while (!mailbox->touched && azm_cond_wait_until(&mailbox->changed, &mailbox->mutex, deadline_us))
        ;
    struct azm_bundle *first = mailbox->first;
    mailbox->first = NULL;
    mailbox->touched = false;
    azm_mutex_unlock(&mailbox->mutex);
    return first;
}

/* Once per change, not once per attempt. */
static void tell(struct azm_delivery *delivery, const struct azm_sent *sent, int64_t wait_us)
{
    bool failing = sent->reply.verdict == AZM_VERDICT_REFUSED || sent->reply.verdict == AZM_VERDICT_RETRY;
    bool news = failing != delivery->state.failing || (failing && sent->http_status != delivery->state.http_status);
    if (sent->reply.verdict == AZM_VERDICT_REJECTED)
        azm_log(WARN, EXPORT, "doctor: %s rejected %llu events, they are lost: %s", delivery->name,
                (unsigned long long)sent->reply.rejected, sent->problem);
    else if (failing && news)
        azm_log(WARN, EXPORT, "doctor: %s does not take events, they are kept; next attempt in %lld ms: %s",
                delivery->name, (long long)(wait_us / 1000), sent->problem);
    else if (sent->problem[0] && !failing && strcmp(sent->problem, delivery->state.problem) != 0)
        azm_log(WARN, EXPORT, "doctor: %s took all events: %s", delivery->name, sent->problem);
    else if (!failing && (news || !delivery->worked))
        azm_log(INFO, EXPORT, "%s takes events", delivery->name);
    delivery->worked = delivery->worked || !failing;
}

static int64_t wait_after(struct azm_delivery *delivery, const struct azm_sent *sent)
{
    int64_t wait_us = azm_backoff_next(&delivery->backoff, delivery->sender->loopback, &delivery->random);
    if (sent->reply.verdict == AZM_VERDICT_REFUSED)
        wait_us = AZM_BACKOFF_REFUSED_US;
    int64_t wish_us =
        sent->retry_after_us < AZM_BACKOFF_RETRY_AFTER_US ? sent->retry_after_us : AZM_BACKOFF_RETRY_AFTER_US;
    return wait_us > wish_us ? wait_us : wish_us;
}

/* With the mutex held. True: the bundle is done with, and no longer the delivery's. */
static bool settle(struct azm_delivery *delivery, struct azm_bundle *bundle, const struct azm_sent *sent)
{
    bool done = sent->reply.verdict == AZM_VERDICT_DELIVERED || sent->reply.verdict == AZM_VERDICT_REJECTED;
    int64_t wait_us = done ? 0 : wait_after(delivery, sent);
    tell(delivery, sent, wait_us);
    delivery->state.failing = !done;
    delivery->state.http_status = sent->http_status;
    snprintf(delivery->state.problem, sizeof delivery->state.problem, "%s", sent->problem);
    if (!done) {
        delivery->state.attempts_failed++;
        delivery->wait_until_us = azm_clock_mono_us() + wait_us;
        return false;
    }
    azm_backoff_reset(&delivery->backoff);
    bundle->sent = *sent;
    delivery->first = bundle->next;
    if (!delivery->first)
        delivery->last = NULL;
    bundle->next = NULL;
    delivery->state.waiting--;
    return true;
}

/* With the mutex held, but not while it sends. */
static void send_first(struct azm_delivery *delivery)
{
    struct azm_bundle *bundle = delivery->first;
    struct azm_sending sending = {azm_buf_slice(&bundle->body), bundle->events, bundle->user_agent};
    struct azm_sent sent;
    azm_mutex_unlock(&delivery->mutex);
    delivery->sender->send(delivery->sender, &sending, &sent);
    azm_mutex_lock(&delivery->mutex);
    if (settle(delivery, bundle, &sent))
        post(delivery->mailbox, bundle);
    else if (delivery->hurry)
        delivery->closing = true;
}

static void run(void *self)
{
    struct azm_delivery *delivery = self;
    azm_mutex_lock(&delivery->mutex);
    while (!delivery->closing) {
        if (!delivery->first)
            azm_cond_wait(&delivery->changed, &delivery->mutex);
        else if (delivery->hurry || azm_clock_mono_us() >= delivery->wait_until_us)
            send_first(delivery);
        else
            azm_cond_wait_until(&delivery->changed, &delivery->mutex, delivery->wait_until_us);
    }
    delivery->state.ended = true;
    azm_mutex_unlock(&delivery->mutex);
    post(delivery->mailbox, NULL);
}

static void dispose(struct azm_delivery *delivery)
{
    delivery->sender->close(delivery->sender);
    azm_cond_dispose(&delivery->changed);
    azm_mutex_dispose(&delivery->mutex);
    free(delivery);
}

struct azm_delivery *azm_delivery_open(struct azm_sender **sender, const char *name, struct azm_mailbox *mailbox,
                                       struct azm_error *err)
{
    uint64_t seed[4];
    struct azm_delivery *delivery = calloc(1, sizeof *delivery);
    struct azm_sender *taken = *sender;
    *sender = NULL;
    if (!delivery) {
        taken->close(taken);
        azm_fail(err, AZM_NO_MEMORY, "no memory to send to %s", name);
        return NULL;
    }
    if (azm_entropy(seed, sizeof seed) != AZM_OK)
        seed[0] = (uint64_t)azm_clock_mono_us();
    delivery->sender = taken;
    delivery->mailbox = mailbox;
    snprintf(delivery->name, sizeof delivery->name, "%s", name);
    azm_random_init(&delivery->random, seed);
    azm_mutex_init(&delivery->mutex);
    azm_cond_init(&delivery->changed);
    if (azm_thread_start(&delivery->thread, run, delivery, err) == AZM_OK)
        return delivery;
    dispose(delivery);
    return NULL;
}

void azm_delivery_put(struct azm_delivery *delivery, struct azm_bundle *bundle)
{
    azm_mutex_lock(&delivery->mutex);
    bundle->next = NULL;
    if (delivery->last)
        delivery->last->next = bundle;
    else
        delivery->first = bundle;
    delivery->last = bundle;
    delivery->state.waiting++;
    azm_cond_signal(&delivery->changed);
    azm_mutex_unlock(&delivery->mutex);
}

struct azm_delivery_state azm_delivery_state(struct azm_delivery *delivery)
{
    azm_mutex_lock(&delivery->mutex);
    struct azm_delivery_state state = delivery->state;
    azm_mutex_unlock(&delivery->mutex);
    return state;
}

void azm_delivery_hurry(struct azm_delivery *delivery)
{
    azm_mutex_lock(&delivery->mutex);
    delivery->hurry = true;
    azm_cond_signal(&delivery->changed);
    azm_mutex_unlock(&delivery->mutex);
}

void azm_delivery_close(struct azm_delivery *delivery)
{
    if (!delivery)
        return;
    azm_mutex_lock(&delivery->mutex);
    delivery->closing = true;
    azm_cond_signal(&delivery->changed);
    azm_mutex_unlock(&delivery->mutex);
    delivery->sender->stop(delivery->sender);
    azm_thread_join(&delivery->thread);
    dispose(delivery);
}
