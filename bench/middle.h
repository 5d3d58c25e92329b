/* The process under measurement, between a worker and a host. */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "ring/ring.h"

enum bench_kind {
    BENCH_RELAY,      /* bench_relay, the yardstick */
    BENCH_TAP,        /* azimuth-tap, observing into a ring */
    BENCH_TAP_SILENT, /* azimuth-tap, switched off: a do-nothing relay on libuv */
};

/* Programs, and a folder for rings. The tap lies alone in a folder, else it would start the agent beside it. */
struct bench_places {
    char folder[4096]; /* of the benchmark itself */
    char tap[4200], relay[4200], worker[4200], host[4200];
    char run_dir[64];
};

/* The programs beside this one; worker: its name there. tap: another azimuth-tap, or NULL. Ends the benchmark when the
 * run folder cannot be made. */
void bench_places_open(struct bench_places *places, const char *worker, const char *tap);
void bench_places_close(struct bench_places *places); /* removes the run folder */

struct bench_middle {
    pid_t pid;
    FILE *told;          /* its standard output, which with a tap is its worker's too */
    const char *run_dir; /* NULL: makes no ring */
    bool has_ring;
    struct azm_ring_reader ring;
    uint64_t records;
};

/* Starts the relay, or the tap with places->worker as a host starts it, towards a host on 127.0.0.1. Ends the benchmark
 * when that does not work, like all of these. */
void bench_middle_start(struct bench_middle *middle, enum bench_kind kind, const struct bench_places *places,
                        int host_port);
/* The first line that it, or its worker, tells: a port. */
int bench_middle_port(struct bench_middle *middle);
/* Empties the ring, as an agent would, so that the tap never finds it full. Nothing for the other kinds. */
void bench_middle_empty_ring(struct bench_middle *middle);
uint64_t bench_middle_cpu_ns(const struct bench_middle *middle);
uint64_t bench_middle_resident_kib(const struct bench_middle *middle);
/* Ends the process. It is an error when a tap that observes made no ring, or found it full. */
void bench_middle_stop(struct bench_middle *middle);
