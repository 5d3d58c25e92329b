/* What a writer tells of itself, now and then, for the status and the doctor: what it sees, and what it cannot see. A
 * plain value of borrowed slices; zeros and ptr NULL mean "nothing to tell". */
#pragma once

#include "base/slice.h"

/* One direction of the wire. */
struct azm_report_side {
    uint32_t blind;         /* connections that could not be followed any more */
    int64_t blind_since_us; /* wall clock, of the first of them */
    azm_slice blind_reason; /* of the last one */
    uint64_t malformed;     /* single messages that made no sense */
};

struct azm_report {
    uint32_t worker_pid;   /* 0: not known */
    azm_slice mode;        /* "grpc": a language worker's wire; other writers name theirs */
    uint32_t functions;    /* of the app, as far as the wire and its files have told */
    uint32_t bad_bindings; /* of functions, or files of the app, that are no JSON */
    uint32_t refused;      /* functions, or the app, that the worker could not load or index */
    azm_slice refusal;     /* the first of them, as a sentence */
    bool functions_full;   /* there were more than are kept */
    bool http_proxied;     /* HTTP goes to the worker on a connection of its own, and that is seen, too */
    struct azm_report_side host, worker;
    uint32_t clock_jumps;                   /* of the wall clock, by more than AZM_CLOCK_JUMP_US between two looks */
    int64_t clock_jump_us, clock_jumped_us; /* the last one: how far (negative: back), and when, by the new clock */
};
