/* A relay under measurement, between a worker and a host that are both played by the benchmark. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "ring/ring.h"
#include "tap_stream.h"

enum bench_kind {
    BENCH_RELAY,      /* bench_relay, the yardstick */
    BENCH_TAP,        /* azimuth-tap, observing into a ring */
    BENCH_TAP_SILENT, /* azimuth-tap, switched off: a do-nothing relay on libuv */
};

struct bench_program {
    pid_t pid;
    int worker, host;    /* sockets */
    const char *run_dir; /* NULL: makes no ring */
    bool has_ring;
    struct azm_ring_reader ring; /* emptied as an agent would, so that the tap never finds it full */
    uint64_t records, sent;
    uint64_t *hops_ns;
    size_t hop_count, hop_max;
};

/* Programs, and a folder for rings. The tap should lie alone in its folder, else it starts the agent beside it. */
struct bench_places {
    const char *self, *tap, *relay, *run_dir;
};

/* hop_max: how many hop latencies to keep. Ends the benchmark when something does not work. */
void bench_program_start(struct bench_program *program, enum bench_kind kind, const struct bench_places *places,
                         size_t hop_max);
void bench_program_stop(struct bench_program *program);
/* A bench_send, self a struct bench_program: sends the chunk in at one end, waits for it at the other, and keeps the
 * time it took. */
void bench_program_send(void *self, const struct bench_chunk *chunk);

uint64_t bench_program_cpu_ns(const struct bench_program *program);
uint64_t bench_program_resident_kib(const struct bench_program *program);
uint64_t bench_program_median_ns(struct bench_program *program);

/* The worker that the tap starts: tells its --port and sleeps. */
int bench_stand_in(int argc, char **argv);
