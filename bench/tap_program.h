/* A relay under measurement, between a worker and a host that are both played by the benchmark. */
#pragma once

#include <stdint.h>

#include "middle.h"
#include "tap_stream.h"

struct bench_program {
    struct bench_middle middle;
    int worker, host; /* sockets */
    uint64_t sent;
    uint64_t *hops_ns;
    size_t hop_count, hop_max;
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
