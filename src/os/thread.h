/* Threads, mutexes and conditions. All lie in the caller's storage, which must not move while they are in use. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct azm_thread {
    void (*run)(void *self);
    void *self;
    uint64_t handle;
};

/* Signals stay with the thread that starts it: the new one has all of them blocked. AZM_NO_MEMORY when the system has
 * no more threads. */
enum azm_status azm_thread_start(struct azm_thread *thread, void (*run)(void *self), void *self,
                                 struct azm_error *err) AZM_MUST_CHECK;
/* Waits for its end. Once per started thread. */
void azm_thread_join(struct azm_thread *thread);

struct azm_mutex {
    uint64_t storage[8];
};
struct azm_cond {
    uint64_t storage[8];
};

void azm_mutex_init(struct azm_mutex *mutex);
void azm_mutex_dispose(struct azm_mutex *mutex);
void azm_mutex_lock(struct azm_mutex *mutex);
void azm_mutex_unlock(struct azm_mutex *mutex);

void azm_cond_init(struct azm_cond *cond);
void azm_cond_dispose(struct azm_cond *cond);
void azm_cond_signal(struct azm_cond *cond);
void azm_cond_broadcast(struct azm_cond *cond);
/* Both wake up without reason, too: wait in a loop that looks at what it waits for. The mutex is held on return. */
void azm_cond_wait(struct azm_cond *cond, struct azm_mutex *mutex);
/* False when deadline_us (azm_clock_mono_us()) has passed. */
bool azm_cond_wait_until(struct azm_cond *cond, struct azm_mutex *mutex, int64_t deadline_us);

/* Sleeps at least so long. Never in a customer's process. */
void azm_thread_sleep_us(int64_t us);
