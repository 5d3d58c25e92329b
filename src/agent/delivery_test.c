#include "agent/delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/file.h"

#define FOREVER_US (INT64_C(60) * 1000000)

/* Answers by a script, notes what it was given. */
struct script {
    struct azm_sender sender;
    const enum azm_verdict *verdicts; /* one after the other, then DELIVERED */
    size_t count, at;
    char bodies[256];
    unsigned status; /* of what is rejected */
    bool blocks;     /* until it is stopped or let go; what it answers when it was let go is the script's */
    _Atomic bool sending, stopped, let_go;
    bool closed;
};

static void send_script(struct azm_sender *self, const struct azm_sending *sending, struct azm_sent *out)
{
    struct script *script = (struct script *)self;
    size_t len = strlen(script->bodies);
    azm_slice_copy(sending->body, script->bodies + len, sizeof script->bodies - len);
    *out = (struct azm_sent){.http_status = 200};
    bool stopped = false;
    script->sending = true;
    while (script->blocks && !script->let_go && !(stopped = script->stopped))
        azm_thread_sleep_us(1000);
    out->reply.verdict = script->at < script->count ? script->verdicts[script->at++] : AZM_VERDICT_DELIVERED;
    if (out->reply.verdict == AZM_VERDICT_REJECTED) {
        out->reply.rejected = 1;
        out->http_status = script->status;
    }
    if (stopped)
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
    char dir[64];
    struct azm_spool *spool;
};

static void lost(void *self, const char *ring, uint64_t events, enum azm_loss loss)
{
    struct scene *scene = self;
    azm_mailbox_tell(&scene->mailbox, ring, AZM_SIGNAL_LOGS, events, AZM_FATE_LOST, loss, NULL);
}

/* "ab" is "a" and "b". */
static bool halve(azm_slice body, struct azm_buf halves[2], uint64_t events[2])
{
    events[0] = body.len / 2;
    events[1] = body.len - events[0];
    azm_buf_add(&halves[0], azm_slice_take(body, (size_t)events[0]));
    azm_buf_add(&halves[1], azm_slice_drop(body, (size_t)events[0]));
    return true;
}

static const struct azm_exporter_kind kind = {.name = "test", .halve = halve};

static void put(struct scene *scene, size_t i, const char *body)
{
    struct azm_bundle *bundle = &scene->bundles[i];
    bundle->feed = (struct azm_feed *)(void *)scene; /* never looked at: the bundles are the scene's */
    bundle->events = strlen(body);
    snprintf(bundle->ring, sizeof bundle->ring, "ring-%zu-1", i);
    azm_buf_init(&bundle->body, 16);
    azm_buf_add_str(&bundle->body, body);
    azm_delivery_put(scene->delivery, bundle);
}

static void open_scene(struct scene *scene, const enum azm_verdict *verdicts, size_t count, bool blocks, bool spools)
{
    *scene = (struct scene){.dir = "/tmp/azm-delivery-XXXXXX",
                            .script = {.sender = {send_script, stop, close_script, .loopback = true},
                                       .verdicts = verdicts,
                                       .count = count,
                                       .status = 400,
                                       .blocks = blocks}};
    struct azm_sender *sender = &scene->script.sender;
    struct azm_spool_line *line = NULL;
    azm_mailbox_init(&scene->mailbox);
    if (spools) {
        assert_non_null(mkdtemp(scene->dir));
        scene->spool = azm_spool_open(scene->dir, 1u << 20, lost, scene, NULL);
        assert_non_null(scene->spool);
        line = azm_spool_line(scene->spool, kind.name, &(struct azm_destination){.timeout_ms = 1});
    }
    scene->delivery = azm_delivery_open(&sender, "test", &kind, &scene->mailbox, line, NULL);
    assert_non_null(scene->delivery);
    assert_null(sender);
}

static void begin(struct scene *scene, const enum azm_verdict *verdicts, size_t count, bool blocks)
{
    static const char *const bodies[] = {"a", "b", "c"};
    open_scene(scene, verdicts, count, blocks, false);
    for (size_t i = 0; i < 3; i++)
        put(scene, i, bodies[i]);
}

static bool remove_one(void *dir, azm_slice name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%.*s", (const char *)dir, AZM_FMT(name));
    azm_file_remove(path, NULL);
    return true;
}

static void remove_spool(struct scene *scene)
{
    char path[100];
    if (!scene->spool)
        return;
    azm_spool_close(scene->spool);
    snprintf(path, sizeof path, "%s/spool", scene->dir);
    assert_int_equal(azm_dir_list(path, remove_one, path, NULL), AZM_OK);
    assert_int_equal(azm_dir_remove(path, NULL), AZM_OK);
    assert_int_equal(azm_dir_remove(scene->dir, NULL), AZM_OK);
}

static void end(struct scene *scene)
{
    azm_delivery_close(scene->delivery);
    assert_true(scene->script.closed);
    for (size_t i = 0; i < 3; i++)
        azm_buf_dispose(&scene->bundles[i].body);
    azm_mailbox_dispose(&scene->mailbox);
    remove_spool(scene);
}

/* What the mailbox told: bundles by their bodies' rings as k(ept) or a(nswered), and news of the spool as A or L(ost)
 * with the number of events. */
static void listen(struct scene *scene, char *told, size_t size, const char *until)
{
    static const char fates[] = {'?', 'a', 'k', 'l'}, news[] = {'?', 'A', '?', 'L'};
    int64_t deadline_us = azm_clock_mono_us() + FOREVER_US;
    while (!strstr(told, until)) {
        struct azm_bundle *next, *bundle = azm_mailbox_take(&scene->mailbox, deadline_us);
        assert_true(azm_clock_mono_us() < deadline_us);
        for (; bundle; bundle = next) {
            next = bundle->next;
            size_t len = strlen(told);
            char fate = (bundle->feed ? fates : news)[bundle->fate];
            snprintf(told + len, size - len, "%c%c%u ", fate, bundle->ring[5], (unsigned)bundle->events);
            if (!bundle->feed)
                azm_bundle_free(bundle);
        }
    }
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

static void what_fails_is_kept_and_sent_from_there(void **state)
{
    static const enum azm_verdict verdicts[] = {AZM_VERDICT_RETRY};
    struct scene scene;
    char told[100] = "";
    (void)state;
    open_scene(&scene, verdicts, 1, false, true);
    put(&scene, 0, "abc");
    listen(&scene, told, sizeof told, "A03");
    assert_string_equal(told, "k03 A03 ");
    assert_string_equal(scene.script.bodies, "abcabc");
    assert_int_equal(azm_spool_state(scene.spool).batches, 0);
    put(&scene, 1, "d"); /* well again: straight from memory */
    listen(&scene, told, sizeof told, "a11");
    assert_string_equal(told, "k03 A03 a11 ");
    end(&scene);
}

static void a_slow_answer_counts_for_what_was_kept_meanwhile(void **state)
{
    struct scene scene;
    char told[100] = "";
    (void)state;
    open_scene(&scene, NULL, 0, true, true);
    put(&scene, 0, "abc");
    listen(&scene, told, sizeof told, "k03");
    put(&scene, 1, "d"); /* another, while the first is still under way */
    listen(&scene, told, sizeof told, "k11");
    assert_int_equal(azm_spool_state(scene.spool).batches, 2);
    scene.script.let_go = true;
    listen(&scene, told, sizeof told, "A11");
    assert_string_equal(told, "k03 k11 A03 A11 ");
    assert_string_equal(scene.script.bodies, "abcd"); /* nothing twice */
    assert_int_equal(azm_spool_state(scene.spool).batches, 0);
    end(&scene);
}

static void closing_leaves_what_was_kept(void **state)
{
    struct scene scene;
    char told[100] = "";
    (void)state;
    open_scene(&scene, NULL, 0, true, true);
    put(&scene, 0, "abc");
    listen(&scene, told, sizeof told, "k03");
    azm_delivery_close(scene.delivery);
    scene.delivery = NULL;
    assert_int_equal(azm_spool_state(scene.spool).events, 3);
    end(&scene);
}

static void too_large_becomes_two(void **state)
{
    static const enum azm_verdict verdicts[] = {AZM_VERDICT_REJECTED, AZM_VERDICT_DELIVERED, AZM_VERDICT_REJECTED,
                                                AZM_VERDICT_DELIVERED, AZM_VERDICT_REJECTED};
    struct scene scene;
    char told[100] = "";
    (void)state;
    open_scene(&scene, verdicts, AZM_COUNT(verdicts), false, true);
    scene.script.status = 413;
    put(&scene, 0, "abcd");
    listen(&scene, told, sizeof told, "A01 A01");
    assert_string_equal(told, "k04 A02 A01 A01 "); /* the last was rejected: one event cannot be halved */
    assert_string_equal(scene.script.bodies, "abcdabcdcd");
    end(&scene);
}

static void without_a_disk_it_stays_in_memory(void **state)
{
    static const enum azm_verdict verdicts[] = {AZM_VERDICT_RETRY, AZM_VERDICT_RETRY};
    struct scene scene;
    char told[100] = "", path[100], other[100];
    (void)state;
    open_scene(&scene, verdicts, AZM_COUNT(verdicts), false, true);
    snprintf(path, sizeof path, "%s/spool", scene.dir);
    snprintf(other, sizeof other, "%s/other", scene.dir);
    assert_int_equal(azm_file_rename(path, other, NULL), AZM_OK);
    put(&scene, 0, "abc");
    listen(&scene, told, sizeof told, "a03");
    assert_string_equal(told, "a03 ");
    assert_string_equal(scene.script.bodies, "abcabcabc");
    assert_int_equal(azm_file_rename(other, path, NULL), AZM_OK);
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
        cmocka_unit_test(what_fails_is_kept_and_sent_from_there),
        cmocka_unit_test(a_slow_answer_counts_for_what_was_kept_meanwhile),
        cmocka_unit_test(closing_leaves_what_was_kept),
        cmocka_unit_test(too_large_becomes_two),
        cmocka_unit_test(without_a_disk_it_stays_in_memory),
    };
    azm_log_setup(AZM_LOG_OFF, quiet, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
