#include "agent/delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/log.h"
#include "os/clock.h"

#define FOREVER_US (INT64_C(60) * 1000000)

/* Answers by a script, notes what it was given. */
struct script {
    struct azm_sender sender;
    const enum azm_verdict *verdicts; /* one after the other, then DELIVERED */
    size_t count, at;
    char bodies[256];
    bool blocks; /* until it is stopped */
    _Atomic bool sending, stopped;
    bool closed;
};

static void send_script(struct azm_sender *self, const struct azm_sending *sending, struct azm_sent *out)
{
    struct script *script = (struct script *)self;
    size_t len = strlen(script->bodies);
    azm_slice_copy(sending->body, script->bodies + len, sizeof script->bodies - len);
    *out = (struct azm_sent){.http_status = 200};
    out->reply.verdict = script->at < script->count ? script->verdicts[script->at++] : AZM_VERDICT_DELIVERED;
    out->reply.rejected = out->reply.verdict == AZM_VERDICT_REJECTED ? 1 : 0;
    script->sending = true;
    while (script->blocks && !script->stopped)
        azm_thread_sleep_us(1000);
    if (script->blocks)
        out->reply.verdict = AZM_VERDICT_RETRY;
}

static void stop(struct azm_sender *self)
{
    ((struct script *)self)->stopped = true;
}

static void close_script(struct azm_sender *self)
{
    ((struct script *)self)->closed = true;
}

struct scene {
    struct script script;
    struct azm_mailbox mailbox;
    struct azm_delivery *delivery;
    struct azm_bundle bundles[3];
};

static void begin(struct scene *scene, const enum azm_verdict *verdicts, size_t count, bool blocks)
{
    static const char *const bodies[] = {"a", "b", "c"};
    *scene = (struct scene){.script = {.sender = {send_script, stop, close_script, .loopback = true},
                                       .verdicts = verdicts,
                                       .count = count,
                                       .blocks = blocks}};
    struct azm_sender *sender = &scene->script.sender;
    azm_mailbox_init(&scene->mailbox);
    scene->delivery = azm_delivery_open(&sender, "test", NULL, &scene->mailbox, NULL, NULL);
    assert_non_null(scene->delivery);
    assert_null(sender);
    for (size_t i = 0; i < 3; i++) {
        azm_buf_init(&scene->bundles[i].body, 16);
        azm_buf_add_str(&scene->bundles[i].body, bodies[i]);
        azm_delivery_put(scene->delivery, &scene->bundles[i]);
    }
}

static void end(struct scene *scene)
{
    azm_delivery_close(scene->delivery);
    assert_true(scene->script.closed);
    for (size_t i = 0; i < 3; i++)
        azm_buf_dispose(&scene->bundles[i].body);
    azm_mailbox_dispose(&scene->mailbox);
}

/* The next n answered bundles must be these, in this order. */
static void expect(struct scene *scene, size_t first, size_t n)
{
    int64_t deadline_us = azm_clock_mono_us() + FOREVER_US;
    for (size_t i = first; i < first + n;) {
        struct azm_bundle *bundle = azm_mailbox_take(&scene->mailbox, deadline_us);
        assert_true(azm_clock_mono_us() < deadline_us);
        for (; bundle; bundle = bundle->next)
            assert_ptr_equal(bundle, &scene->bundles[i++]);
    }
}

static void in_order(void **state)
{
    static const enum azm_verdict verdicts[] = {AZM_VERDICT_DELIVERED, AZM_VERDICT_REJECTED};
    struct scene scene;
    (void)state;
    begin(&scene, verdicts, 2, false);
    expect(&scene, 0, 3);
    assert_string_equal(scene.script.bodies, "abc");
    assert_int_equal(scene.bundles[0].sent.reply.rejected, 0);
    assert_int_equal(scene.bundles[1].sent.reply.rejected, 1);
    assert_int_equal(azm_delivery_state(scene.delivery).waiting, 0);
    end(&scene);
}

static void what_is_not_answered_is_sent_again(void **state)
{
    static const enum azm_verdict verdicts[] = {AZM_VERDICT_RETRY};
    struct scene scene;
    (void)state;
    begin(&scene, verdicts, 1, false);
    expect(&scene, 0, 3);
    assert_string_equal(scene.script.bodies, "aabc");
    struct azm_delivery_state now = azm_delivery_state(scene.delivery);
    assert_false(now.failing);
    assert_int_equal(now.attempts_failed, 1);
    end(&scene);
}

static void in_a_hurry_the_first_failure_is_the_last(void **state)
{
    static const enum azm_verdict verdicts[] = {AZM_VERDICT_REFUSED, AZM_VERDICT_REFUSED, AZM_VERDICT_REFUSED};
    struct scene scene;
    (void)state;
    begin(&scene, verdicts, 3, false);
    azm_delivery_hurry(scene.delivery);
    while (!azm_delivery_state(scene.delivery).ended)
        assert_null(azm_mailbox_take(&scene.mailbox, azm_clock_mono_us() + FOREVER_US));
    struct azm_delivery_state now = azm_delivery_state(scene.delivery);
    assert_int_equal(now.waiting, 3);
    assert_true(now.failing);
    assert_true(now.attempts_failed <= 2); /* one may have been made before */
    end(&scene);
}

static void closing_interrupts(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene, NULL, 0, true);
    while (!scene.script.sending)
        azm_thread_sleep_us(1000);
    end(&scene);
    assert_string_equal(scene.script.bodies, "a");
}

static void quiet(void *self, enum azm_log_level level, const char *line)
{
    (void)self, (void)level, (void)line;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(what_is_not_answered_is_sent_again),
        cmocka_unit_test(in_a_hurry_the_first_failure_is_the_last),
        cmocka_unit_test(closing_interrupts),
    };
    azm_log_setup(AZM_LOG_OFF, quiet, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
