#include "tap/errands.h"

#include <stdlib.h>

#include "os/clock.h"
#include "os/thread.h"

#define ERRANDS_MAX 16u

struct azm_errands {
    struct azm_mutex mutex;
    struct azm_cond changed;
    struct azm_thread thread;
    bool started, ending, ended;
    unsigned first, count;
    struct {
        azm_errand *run;
        void *self;
    } queue[ERRANDS_MAX];
};

struct azm_errands *azm_errands_open(void)
{
    struct azm_errands *errands = calloc(1, sizeof *errands);
    if (errands) {
        azm_mutex_init(&errands->mutex);
        azm_cond_init(&errands->changed);
    }
    return errands;
}

static void work(void *self)
{
    struct azm_errands *errands = self;
    azm_mutex_lock(&errands->mutex);
    for (;;) {
        while (!errands->count && !errands->ending)
            azm_cond_wait(&errands->changed, &errands->mutex);
        if (!errands->count)
            break;
        azm_errand *run = errands->queue[errands->first].run;
        void *whom = errands->queue[errands->first].self;
        errands->first = (errands->first + 1) % ERRANDS_MAX;
        errands->count--;
        azm_mutex_unlock(&errands->mutex);
        run(whom);
        azm_mutex_lock(&errands->mutex);
    }
    errands->ended = true;
    azm_cond_broadcast(&errands->changed);
    azm_mutex_unlock(&errands->mutex);
}

bool azm_errands_post(struct azm_errands *errands, azm_errand *run, void *self)
{
    bool posted = false;
    azm_mutex_lock(&errands->mutex);
    if (!errands->started)
        errands->started = azm_thread_start(&errands->thread, work, errands, NULL) == AZM_OK;
    if (errands->started && errands->count < ERRANDS_MAX) {
        unsigned at = (errands->first + errands->count++) % ERRANDS_MAX;
        errands->queue[at].run = run;
        errands->queue[at].self = self;
        azm_cond_signal(&errands->changed);
        posted = true;
    }
    azm_mutex_unlock(&errands->mutex);
    return posted;
}

bool azm_errands_close(struct azm_errands *errands, unsigned wait_ms)
{
    if (!errands)
        return true;
    int64_t deadline_us = azm_clock_mono_us() + (int64_t)wait_ms * 1000;
    azm_mutex_lock(&errands->mutex);
    errands->ending = true;
    azm_cond_broadcast(&errands->changed);
    bool ended = !errands->started || errands->ended;
    while (!ended && azm_cond_wait_until(&errands->changed, &errands->mutex, deadline_us))
        ended = errands->ended;
    azm_mutex_unlock(&errands->mutex);
    if (!ended)
        return false;
    if (errands->started)
        azm_thread_join(&errands->thread);
    azm_cond_dispose(&errands->changed);
    azm_mutex_dispose(&errands->mutex);
    free(errands);
    return true;
}
