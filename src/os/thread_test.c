#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <pthread.h>
#include <signal.h>

#include <cmocka.h>

#include "os/clock.h"
#include "os/thread.h"

struct shared {
    struct azm_mutex mutex;
    struct azm_cond cond;
    int count, waiting;
    bool go, blocked;
};

static void shared_init(struct shared *shared)
{
    *shared = (struct shared){.count = 0};
    azm_mutex_init(&shared->mutex);
    azm_cond_init(&shared->cond);
}

static void shared_dispose(struct shared *shared)
{
    azm_cond_dispose(&shared->cond);
    azm_mutex_dispose(&shared->mutex);
}

static void add_many(void *self)
{
    struct shared *shared = self;
    for (int i = 0; i < 20000; i++) {
        azm_mutex_lock(&shared->mutex);
        shared->count++;
        azm_mutex_unlock(&shared->mutex);
    }
}

static void a_mutex_lets_one_in(void **state)
{
    (void)state;
    struct shared shared;
    struct azm_thread threads[4];
    shared_init(&shared);
    for (int i = 0; i < 4; i++)
        assert_int_equal(azm_thread_start(&threads[i], add_many, &shared, NULL), AZM_OK);
    for (int i = 0; i < 4; i++)
        azm_thread_join(&threads[i]);
    assert_int_equal(shared.count, 80000);
    shared_dispose(&shared);
}

static void wait_for_go(void *self)
{
    struct shared *shared = self;
    azm_mutex_lock(&shared->mutex);
    shared->waiting++;
    azm_cond_broadcast(&shared->cond);
    while (!shared->go)
        azm_cond_wait(&shared->cond, &shared->mutex);
    shared->count++;
    azm_mutex_unlock(&shared->mutex);
}

static void a_broadcast_wakes_all(void **state)
{
    (void)state;
    struct shared shared;
    struct azm_thread threads[3];
    shared_init(&shared);
    for (int i = 0; i < 3; i++)
        assert_int_equal(azm_thread_start(&threads[i], wait_for_go, &shared, NULL), AZM_OK);
    azm_mutex_lock(&shared.mutex);
    while (shared.waiting < 3)
        azm_cond_wait(&shared.cond, &shared.mutex);
    assert_int_equal(shared.count, 0);
    shared.go = true;
    azm_cond_broadcast(&shared.cond);
    azm_mutex_unlock(&shared.mutex);
    for (int i = 0; i < 3; i++)
        azm_thread_join(&threads[i]);
    assert_int_equal(shared.count, 3);
    shared_dispose(&shared);
}

static void a_deadline_passes(void **state)
{
    (void)state;
    struct shared shared;
    shared_init(&shared);
    azm_mutex_lock(&shared.mutex);
    assert_false(azm_cond_wait_until(&shared.cond, &shared.mutex, 0));
    assert_false(azm_cond_wait_until(&shared.cond, &shared.mutex, -5));
    int64_t deadline = azm_clock_mono_us() + 20000;
    while (azm_cond_wait_until(&shared.cond, &shared.mutex, deadline))
        ;
    assert_true(azm_clock_mono_us() >= deadline); /* the same clock, in the same unit */
    azm_mutex_unlock(&shared.mutex);
    shared_dispose(&shared);
    int64_t before = azm_clock_mono_us();
    azm_thread_sleep_us(2000);
    assert_true(azm_clock_mono_us() - before >= 2000);
    azm_thread_sleep_us(-1);
}

static void look_at_mask(void *self)
{
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    ((struct shared *)self)->blocked = sigismember(&mask, SIGTERM) == 1;
}

static void signals_stay_with_their_thread(void **state)
{
    (void)state;
    sigset_t mask;
    struct shared shared;
    struct azm_thread thread;
    shared_init(&shared);
    assert_int_equal(azm_thread_start(&thread, look_at_mask, &shared, NULL), AZM_OK);
    azm_thread_join(&thread);
    assert_true(shared.blocked);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGTERM), 0);
    shared_dispose(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mutex_lets_one_in),
        cmocka_unit_test(a_broadcast_wakes_all),
        cmocka_unit_test(a_deadline_passes),
        cmocka_unit_test(signals_stay_with_their_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
