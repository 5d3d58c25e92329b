#include "os/thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(struct azm_mutex), "storage holds a mutex");
_Static_assert(sizeof(pthread_cond_t) <= sizeof(struct azm_cond), "storage holds a condition");
_Static_assert(sizeof(pthread_t) <= sizeof(uint64_t), "handle holds a thread");

static void *enter(void *arg)
{
    struct azm_thread *thread = arg;
    thread->run(thread->self);
    return NULL;
}

enum azm_status azm_thread_start(struct azm_thread *thread, void (*run)(void *self), void *self, struct azm_error *err)
{
    sigset_t all, before;
    pthread_t id;
    thread->run = run;
    thread->self = self;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&id, NULL, enter, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code)
        return azm_fail(err, AZM_NO_MEMORY, "cannot start a thread (the system says %d)", code);
    thread->handle = (uint64_t)id;
    return AZM_OK;
}

void azm_thread_join(struct azm_thread *thread)
{
    pthread_join((pthread_t)thread->handle, NULL);
}

static pthread_mutex_t *mutex_of(struct azm_mutex *mutex)
{
    return (pthread_mutex_t *)(void *)mutex->storage;
}

static pthread_cond_t *cond_of(struct azm_cond *cond)
{
    return (pthread_cond_t *)(void *)cond->storage;
}

void azm_mutex_init(struct azm_mutex *mutex)
{
    pthread_mutex_init(mutex_of(mutex), NULL);
}

void azm_mutex_dispose(struct azm_mutex *mutex)
{
    pthread_mutex_destroy(mutex_of(mutex));
}

void azm_mutex_lock(struct azm_mutex *mutex)
{
    pthread_mutex_lock(mutex_of(mutex));
}

void azm_mutex_unlock(struct azm_mutex *mutex)
{
    pthread_mutex_unlock(mutex_of(mutex));
}

void azm_cond_init(struct azm_cond *cond)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond_of(cond), &attr);
    pthread_condattr_destroy(&attr);
}

void azm_cond_dispose(struct azm_cond *cond)
{
    pthread_cond_destroy(cond_of(cond));
}

void azm_cond_signal(struct azm_cond *cond)
{
    pthread_cond_signal(cond_of(cond));
}

void azm_cond_broadcast(struct azm_cond *cond)
{
    pthread_cond_broadcast(cond_of(cond));
}

void azm_cond_wait(struct azm_cond *cond, struct azm_mutex *mutex)
{
    pthread_cond_wait(cond_of(cond), mutex_of(mutex));
}

static struct timespec timespec_of(int64_t us)
{
    if (us < 0)
        us = 0;
    return (struct timespec){.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
}

bool azm_cond_wait_until(struct azm_cond *cond, struct azm_mutex *mutex, int64_t deadline_us)
{
    struct timespec deadline = timespec_of(deadline_us);
    return pthread_cond_timedwait(cond_of(cond), mutex_of(mutex), &deadline) != ETIMEDOUT;
}

void azm_thread_sleep_us(int64_t us)
{
    struct timespec left = timespec_of(us);
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}
