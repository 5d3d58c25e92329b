/* The same traces as requests of both protocols, for bench_hub: a transaction with faas and four spans each. */
#pragma once

#include "base/buf.h"
#include "hub/store/batch.h"

enum { TRACES = 50, SPANS = 4, EVENTS = TRACES * (SPANS + 1) };

struct protocol {
    const char *name, *path, *content_type;
    long accepted; /* status */
    void (*build)(struct azm_buf *body, unsigned sender, unsigned request);
    /* What the hub makes of it, packed: one batch, to be disposed of. Ends the program on failure. */
    void (*decode)(struct azm_batch *batch, azm_slice body);
};

extern const struct protocol intake_protocol, otlp_protocol;

_Noreturn void die(const char *what);
