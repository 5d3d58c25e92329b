#include "tap/errands.h"

#include <stdlib.h>

#include "os/thread.h"

#define ERRANDS_MAX 16u

struct azm_errands {
    struct azm_mutex *mutex;
    struct azm_cond *changed;
    struct azm_thread *thread;
    bool ending, running;
    unsigned first, count;
    struct {
        azm_errand *run;
        void *self;
    } queue[ERRANDS_MAX];
};
