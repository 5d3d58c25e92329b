#include "agent/delivery.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "export/backoff.h"
#include "os/clock.h"
#include "os/entropy.h"

#define DISK_RETRY_US 2000000  /* after the spool could not take a bundle */
#define LOOK_US       60000000 /* nothing is due: look again anyway */

struct azm_delivery {
    struct azm_sender *sender;
    const struct azm_exporter_kind *kind;
    enum azm_signal signal;
    struct azm_mailbox *mailbox;
    struct azm_spool_line *line; /* or NULL */
    char name[256];
    struct azm_thread thread, keeper;
    struct azm_mutex mutex;          /* guards what follows */
    struct azm_cond changed, urgent; /* for the sending thread; for the keeper */
    struct azm_bundle *first, *last;
    struct azm_delivery_state state;
    bool hurry, closing;
    uint64_t news; /* changes with everything that the sending thread should look at */
    int64_t wait_until_us;
    struct azm_bundle *flying;  /* is being sent */
    struct azm_bundle *keeping; /* is being written */
    int64_t flying_since_us;
    struct azm_spool_batch *loose; /* what flies was written meanwhile: the bundle is gone, this is left of it */
    struct azm_buf loose_body;
    /* the sending thread's own */
    struct azm_backoff backoff;
    struct azm_random random;
    bool worked; /* once */
};

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

/* --- with the mutex held --- */

static bool is_done(const struct azm_sent *sent)
{
    return sent->reply.verdict == AZM_VERDICT_DELIVERED || sent->reply.verdict == AZM_VERDICT_REJECTED;
}

/* Whether what was sent may be the cause, not only the server's state. */
static bool is_suspect(const struct azm_sent *sent)
{
    return sent->http_status == 0 || (sent->http_status >= 500 && sent->http_status != 503);
}

static void wake(struct azm_delivery *delivery)
{
    delivery->news++;
    azm_cond_broadcast(&delivery->changed);
    azm_cond_signal(&delivery->urgent);
}

static void note(struct azm_delivery *delivery, const struct azm_sent *sent)
{
    delivery->state.http_status = sent->http_status;
    snprintf(delivery->state.problem, sizeof delivery->state.problem, "%s", sent->problem);
    delivery->state.failing = !is_done(sent);
}

static void succeed(struct azm_delivery *delivery, const struct azm_sent *sent)
{
    tell(delivery, sent, 0);
    note(delivery, sent);
    delivery->state.answered_us = azm_clock_wall_us();
    delivery->state.next_us = 0;
    azm_backoff_reset(&delivery->backoff);
    if (delivery->line)
        azm_spool_taken(delivery->line);
}

/* Everybody waits. */
static void fail(struct azm_delivery *delivery, const struct azm_sent *sent)
{
    int64_t wait_us = wait_after(delivery, sent);
    tell(delivery, sent, wait_us);
    note(delivery, sent);
    delivery->state.attempts_failed++;
    delivery->wait_until_us = azm_clock_mono_us() + wait_us;
    delivery->state.next_us = azm_clock_wall_us() + wait_us;
    if (delivery->hurry)
        delivery->closing = true;
    azm_cond_signal(&delivery->urgent);
}

static void remove_bundle(struct azm_delivery *delivery, struct azm_bundle *bundle)
{
    struct azm_bundle **at = &delivery->first, *before = NULL;
    while (*at != bundle) {
        before = *at;
        at = &before->next;
    }
    *at = bundle->next;
    if (delivery->last == bundle)
        delivery->last = before;
    bundle->next = NULL;
    delivery->state.waiting--;
}

static void give_back(struct azm_delivery *delivery, struct azm_bundle *bundle, enum azm_fate fate)
{
    remove_bundle(delivery, bundle);
    bundle->fate = fate;
    azm_mailbox_put(delivery->mailbox, bundle);
}

/* --- the sending thread --- */

/* Too large for the server, and more than one event: both halves go to the spool. Without the mutex. False: it has to
 * stay whole. */
static bool halve(struct azm_delivery *delivery, const struct azm_spool_item *whole)
{
    struct azm_buf halves[2];
    uint64_t events[2];
    struct azm_spool_batch *written[2] = {NULL, NULL};
    if (!delivery->line || !delivery->kind || !delivery->kind->halve || whole->events < 2)
        return false;
    for (size_t i = 0; i < 2; i++)
        azm_buf_init(&halves[i], whole->body.len + 64);
    bool ok = delivery->kind->halve(whole->body, halves, events) && events[0] + events[1] == whole->events;
    for (size_t i = 0; ok && i < 2; i++) {
        struct azm_spool_item half = *whole;
        half.body = azm_buf_slice(&halves[i]);
        half.events = events[i];
        ok = azm_spool_put(delivery->line, &half, &written[i], NULL) == AZM_OK;
    }
    for (size_t i = 0; i < 2; i++) {
        azm_buf_dispose(&halves[i]);
        if (written[i] && ok)
            azm_spool_return(delivery->line, written[i], false, 0);
        else if (written[i])
            azm_spool_done(delivery->line, written[i]);
    }
    if (ok)
        azm_log(INFO, EXPORT, "%s: a request of %zu bytes is too large, it is sent in two", delivery->name,
                whole->body.len);
    return ok;
}

/* With the mutex held, but not while it sends. True: it was too large and lies in the spool as two. */
static bool send_item(struct azm_delivery *delivery, const struct azm_spool_item *item, const char *user_agent,
                      struct azm_sent *sent)
{
    struct azm_sending sending = {item->body, item->events, user_agent};
    azm_mutex_unlock(&delivery->mutex);
    delivery->sender->send(delivery->sender, &sending, sent);
    bool halved = sent->http_status == 413 && halve(delivery, item);
    azm_mutex_lock(&delivery->mutex);
    return halved;
}

/* A batch of the spool was sent. */
static void settle_batch(struct azm_delivery *delivery, struct azm_spool_batch *batch, const char *ring,
                         uint64_t events, const struct azm_sent *sent, bool halved)
{
    if (halved || is_done(sent)) {
        azm_mutex_unlock(&delivery->mutex);
        azm_spool_done(delivery->line, batch);
        azm_mutex_lock(&delivery->mutex);
        if (halved)
            return;
        succeed(delivery, sent);
        azm_mailbox_tell(delivery->mailbox, ring, delivery->signal, events, AZM_FATE_ANSWERED, 0, sent);
        return;
    }
    bool suspect = is_suspect(sent) && !delivery->closing;
    azm_mutex_unlock(&delivery->mutex); /* it may remove a file */
    bool aside = azm_spool_return(delivery->line, batch, suspect, azm_clock_mono_us());
    azm_mutex_lock(&delivery->mutex);
    if (aside && !delivery->hurry) {
        delivery->state.attempts_failed++;
        azm_log(WARN, EXPORT, "%s fails on a batch of %llu events and takes others; it is set aside: %s",
                delivery->name, (unsigned long long)events, sent->problem);
    } else {
        fail(delivery, sent);
    }
}

static void settle_bundle(struct azm_delivery *delivery, struct azm_bundle *bundle, const struct azm_sent *sent,
                          bool halved)
{
    if (halved) {
        give_back(delivery, bundle, AZM_FATE_KEPT);
    } else if (is_done(sent)) {
        succeed(delivery, sent);
        bundle->sent = *sent;
        give_back(delivery, bundle, AZM_FATE_ANSWERED);
    } else {
        bundle->failures++;
        fail(delivery, sent);
    }
}

/* What lies in memory, if the keeper has not got it. With the mutex held, as all that follow. */
static bool send_first(struct azm_delivery *delivery)
{
    struct azm_bundle *bundle = delivery->first;
    struct azm_sent sent;
    if (bundle && bundle == delivery->keeping)
        bundle = bundle->next;
    if (!bundle)
        return false;
    struct azm_arena arena; /* the bundle may go while it is sent; its body does not */
    azm_arena_init(&arena, 0);
    const char *user_agent = azm_arena_str(&arena, azm_slice_str(bundle->user_agent));
    const char *ring = azm_arena_str(&arena, azm_slice_str(bundle->ring));
    const struct azm_spool_item item = {.ring = azm_slice_str(ring),
                                        .user_agent = azm_slice_str(user_agent),
                                        .source = azm_arena_copy(&arena, azm_buf_slice(&bundle->source)),
                                        .body = azm_buf_slice(&bundle->body),
                                        .events = bundle->events,
                                        .failures = bundle->failures};
    delivery->flying = bundle;
    delivery->flying_since_us = azm_clock_mono_us();
    azm_cond_signal(&delivery->urgent);
    bool halved = send_item(delivery, &item, user_agent, &sent);
    while (delivery->flying && delivery->keeping == delivery->flying)
        azm_cond_wait(&delivery->changed, &delivery->mutex);
    delivery->flying = NULL;
    if (delivery->loose) {
        struct azm_spool_batch *batch = delivery->loose;
        delivery->loose = NULL;
        azm_buf_dispose(&delivery->loose_body);
        settle_batch(delivery, batch, ring, item.events, &sent, halved);
    } else {
        settle_bundle(delivery, bundle, &sent, halved);
    }
    azm_arena_dispose(&arena);
    return true;
}

static bool send_batch(struct azm_delivery *delivery, int64_t now_us, int64_t *next_us)
{
    struct azm_spool_letter letter;
    struct azm_sent sent;
    if (!delivery->line)
        return false;
    azm_mutex_unlock(&delivery->mutex);
    bool any = azm_spool_take(delivery->line, now_us, next_us, &letter);
    azm_mutex_lock(&delivery->mutex);
    if (!any)
        return false;
    struct azm_spool_item item = {azm_slice_str(letter.ring),
                                  azm_slice_str(letter.user_agent),
                                  letter.source,
                                  azm_buf_slice(&letter.body),
                                  letter.events,
                                  0};
    bool halved = send_item(delivery, &item, letter.user_agent, &sent);
    settle_batch(delivery, letter.batch, letter.ring, letter.events, &sent, halved);
    azm_buf_dispose(&letter.file);
    azm_buf_dispose(&letter.body);
    return true;
}

static void send_something(struct azm_delivery *delivery)
{
    int64_t now_us = azm_clock_mono_us(), next_us = now_us + LOOK_US;
    uint64_t news = delivery->news;
    if (!delivery->hurry && now_us < delivery->wait_until_us) {
        azm_cond_wait_until(&delivery->changed, &delivery->mutex, delivery->wait_until_us);
        return;
    }
    if (delivery->hurry && send_first(delivery))
        return;
    if (send_batch(delivery, now_us, &next_us) || send_first(delivery))
        return;
    if (news == delivery->news)
        azm_cond_wait_until(&delivery->changed, &delivery->mutex, next_us);
}

static void run(void *self)
{
    struct azm_delivery *delivery = self;
    azm_mutex_lock(&delivery->mutex);
    while (!delivery->closing)
        send_something(delivery);
    delivery->state.ended = true;
    wake(delivery);
    azm_mutex_unlock(&delivery->mutex);
    azm_mailbox_put(delivery->mailbox, NULL);
}

/* --- the keeper --- */

/* The first bundle that should go to the spool now; NULL: none before *next_us. */
static struct azm_bundle *due(struct azm_delivery *delivery, int64_t now_us, int64_t *next_us)
{
    bool at_once = delivery->state.failing || azm_spool_has_backlog(delivery->line);
    *next_us = now_us + LOOK_US;
    for (struct azm_bundle *bundle = delivery->first; bundle; bundle = bundle->next) {
        int64_t when_us = bundle->put_us + AZM_DELIVERY_PATIENCE_US;
        if (bundle == delivery->flying)
            when_us = delivery->flying_since_us + AZM_DELIVERY_PATIENCE_US;
        else if (at_once)
            when_us = now_us;
        if (when_us < bundle->not_before_us)
            when_us = bundle->not_before_us;
        if (when_us <= now_us)
            return bundle;
        *next_us = when_us < *next_us ? when_us : *next_us;
    }
    return NULL;
}

static void kept(struct azm_delivery *delivery, struct azm_bundle *bundle, struct azm_spool_batch *batch)
{
    if (bundle == delivery->flying) { /* its body is being read by the sender */
        delivery->loose = batch;
        delivery->loose_body = bundle->body;
        delivery->flying = NULL; /* the bundle will be freed, and another may get its address */
        azm_buf_init(&bundle->body, 0);
    }
    give_back(delivery, bundle, AZM_FATE_KEPT);
}

static void keep(struct azm_delivery *delivery, struct azm_bundle *bundle)
{
    struct azm_spool_batch *batch = NULL;
    bool flies = bundle == delivery->flying;
    const struct azm_spool_item item = {azm_slice_str(bundle->ring),
                                        azm_slice_str(bundle->user_agent),
                                        azm_buf_slice(&bundle->source),
                                        azm_buf_slice(&bundle->body),
                                        bundle->events,
                                        bundle->failures};
    delivery->keeping = bundle;
    azm_mutex_unlock(&delivery->mutex);
    enum azm_status status = azm_spool_put(delivery->line, &item, flies ? &batch : NULL, NULL);
    azm_mutex_lock(&delivery->mutex);
    delivery->keeping = NULL;
    if (status == AZM_OK)
        kept(delivery, bundle, batch);
    else
        bundle->not_before_us = azm_clock_mono_us() + DISK_RETRY_US;
    delivery->news++;
    azm_cond_broadcast(&delivery->changed);
}

static void run_keeper(void *self)
{
    struct azm_delivery *delivery = self;
    int64_t next_us;
    azm_mutex_lock(&delivery->mutex);
    while (!delivery->closing) {
        struct azm_bundle *bundle = due(delivery, azm_clock_mono_us(), &next_us);
        if (bundle)
            keep(delivery, bundle);
        else
            azm_cond_wait_until(&delivery->urgent, &delivery->mutex, next_us);
    }
    azm_mutex_unlock(&delivery->mutex);
}

/* --- life --- */

static void dispose(struct azm_delivery *delivery)
{
    delivery->sender->close(delivery->sender);
    azm_cond_dispose(&delivery->changed);
    azm_cond_dispose(&delivery->urgent);
    azm_mutex_dispose(&delivery->mutex);
    free(delivery);
}

static void end(struct azm_delivery *delivery)
{
    azm_mutex_lock(&delivery->mutex);
    delivery->closing = true;
    wake(delivery);
    azm_mutex_unlock(&delivery->mutex);
}

static enum azm_status start(struct azm_delivery *delivery, struct azm_error *err)
{
    if (delivery->line && azm_thread_start(&delivery->keeper, run_keeper, delivery, err) != AZM_OK)
        return AZM_NO_MEMORY;
    if (azm_thread_start(&delivery->thread, run, delivery, err) == AZM_OK)
        return AZM_OK;
    end(delivery);
    if (delivery->line)
        azm_thread_join(&delivery->keeper);
    return AZM_NO_MEMORY;
}

struct azm_delivery *azm_delivery_open(struct azm_sender **sender, const char *name,
                                       const struct azm_exporter_kind *kind, struct azm_mailbox *mailbox,
                                       struct azm_spool_line *line, struct azm_error *err)
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
    delivery->kind = kind;
    delivery->signal = kind ? kind->signal : AZM_SIGNAL_TRACES;
    delivery->mailbox = mailbox;
    delivery->line = line;
    snprintf(delivery->name, sizeof delivery->name, "%s", name);
    azm_random_init(&delivery->random, seed);
    azm_mutex_init(&delivery->mutex);
    azm_cond_init(&delivery->changed);
    azm_cond_init(&delivery->urgent);
    if (start(delivery, err) == AZM_OK)
        return delivery;
    dispose(delivery);
    return NULL;
}

void azm_delivery_put(struct azm_delivery *delivery, struct azm_bundle *bundle)
{
    azm_mutex_lock(&delivery->mutex);
    bundle->next = NULL;
    bundle->put_us = azm_clock_mono_us();
    if (delivery->last)
        delivery->last->next = bundle;
    else
        delivery->first = bundle;
    delivery->last = bundle;
    delivery->state.waiting++;
    wake(delivery);
    azm_mutex_unlock(&delivery->mutex);
}

void azm_delivery_wake(struct azm_delivery *delivery)
{
    azm_mutex_lock(&delivery->mutex);
    wake(delivery);
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
    wake(delivery);
    azm_mutex_unlock(&delivery->mutex);
}

void azm_delivery_close(struct azm_delivery *delivery)
{
    if (!delivery)
        return;
    end(delivery);
    delivery->sender->stop(delivery->sender);
    azm_thread_join(&delivery->thread);
    if (delivery->line)
        azm_thread_join(&delivery->keeper);
    dispose(delivery);
}
