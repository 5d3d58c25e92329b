/* The end of a worker that nobody asked for: what it tells of those it was working for, and of itself. */
#pragma once

#include "base/buf.h"
#include "base/random.h"
#include "trace/transaction.h"

/* How a worker's process ended. */
struct azm_worker_end {
    int exit_code;         /* as the host sees it: 128 + n for signal n */
    bool asked;            /* somebody asked it to end: a signal passed on, a host that is gone */
    azm_slice stderr_tail; /* the last that it wrote, borrowed; at most AZM_STDERR_TAIL bytes */
};

struct azm_death {
    bool happened;
    bool told; /* with its last lines, once */
    int64_t wall_us;
    char message[96];
    struct azm_buf tail; /* whole lines, without secrets */
};

/* Somebody asked for it: by way of us, or with a signal of their own. */
bool azm_worker_end_was_asked(const struct azm_worker_end *end);

/* False: it ended as it should, by itself or because it was asked to; nothing is kept. */
bool azm_death_of(struct azm_death *death, const struct azm_worker_end *end, int64_t wall_us);
void azm_death_dispose(struct azm_death *death);

/* What failed because of it; the first one gets the last lines, too. Borrowed from death. */
struct azm_exception azm_death_exception(struct azm_death *death, struct azm_random *random);
