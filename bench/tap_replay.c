/* What the tap costs: a recorded conversation, its invocation repeated, is sent chunk by chunk through a relay and
 * through the tap, each chunk after the one before has arrived. Runs of all kinds are interleaved; only ratios within a
 * round count. Budgets: design section 12.
 *
 * usage: bench_tap_replay hop      [--rounds N] [--invocations N] RECORDING     latency and CPU against bench_relay
 *        bench_tap_replay memory   [--invocations N] RECORDING                  resident memory after 1,000 and after N
 *        bench_tap_replay start    [--rounds N]                                 azimuth-tap /bin/true against /bin/true
 * Programs are taken from the folder of bench_tap_replay; --tap PATH names another azimuth-tap. */
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap_program.h"

extern char **environ;

struct options {
    unsigned rounds, invocations;
    const char *recording, *tap;
    struct bench_places places;
};

struct result {
    double hop_us, cpu_us;
};

static struct result run_once(const struct options *options, enum bench_kind kind, unsigned concurrency)
{
    static struct bench_stream stream;
    struct bench_program program;
    if (!bench_stream_open(&stream, options->recording))
        exit(1);
    bench_program_start(&program, kind, &options->places, (size_t)options->invocations * stream.parts + 64);
    bench_stream_begin(&stream, bench_program_send, &program);
    bench_stream_run(&stream, 128, concurrency, bench_program_send, &program);
    program.hop_count = 0;
    uint64_t before = bench_middle_cpu_ns(&program.middle);
    bench_stream_run(&stream, options->invocations, concurrency, bench_program_send, &program);
    uint64_t cpu = bench_middle_cpu_ns(&program.middle) - before;
    struct result result = {(double)bench_program_median_ns(&program) / 1e3,
                            (double)cpu / 1e3 / (double)options->invocations};
    bench_program_stop(&program);
    bench_stream_close(&stream);
    return result;
}

enum { ROUNDS_MAX = 200, KINDS = 4 };

/* Ratios of pairs: their geometric mean and its 95 % interval. False when a budget (0: there is none) is missed. */
static bool print_ratio(const char *what, const double *ratios, unsigned count, double budget)
{
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < count; i++)
        sum += log(ratios[i]);
    double mean = sum / count;
    for (unsigned i = 0; i < count; i++)
        squares += (log(ratios[i]) - mean) * (log(ratios[i]) - mean);
    double margin = count > 1 ? 2.0 * sqrt(squares / (count - 1) / count) : 0;
    printf("  %-34s %.3f  [%.3f, %.3f]", what, exp(mean), exp(mean - margin), exp(mean + margin));
    bool met = budget <= 0 || exp(mean - margin) <= budget;
    if (budget > 0)
        printf("  budget %.2f %s", budget, met ? "met" : "MISSED");
    putchar('\n');
    return met;
}

static double median(double *values, unsigned count)
{
    for (unsigned i = 1; i < count; i++)
        for (unsigned j = i; j > 0 && values[j - 1] > values[j]; j--) {
            double swap = values[j];
            values[j] = values[j - 1];
            values[j - 1] = swap;
        }
    return values[count / 2];
}

/* The yardstick runs twice in each round: its ratio to itself is the noise. */
static const enum bench_kind kinds[KINDS] = {BENCH_RELAY, BENCH_TAP, BENCH_TAP_SILENT, BENCH_RELAY};
static const char *const names[KINDS] = {"relay", "tap", "tap, switched off (libuv relay)", "relay again"};
static const double hop_budget[KINDS] = {0, 1.15, 0, 0}, cpu_budget[KINDS] = {0, 1.25, 0, 0};

static int bench_hops(const struct options *options, unsigned concurrency)
{
    static double hop[KINDS][ROUNDS_MAX], cpu[KINDS][ROUNDS_MAX], ratios[ROUNDS_MAX];
    for (unsigned round = 0; round < options->rounds; round++)
        for (unsigned i = 0; i < KINDS; i++) {
            unsigned kind = (round + i) % KINDS; /* so that no kind always follows the same other */
            struct result result = run_once(options, kinds[kind], concurrency);
            hop[kind][round] = result.hop_us;
            cpu[kind][round] = result.cpu_us;
        }
    printf("%s, concurrency %u, %u rounds of %u invocations\n", options->recording, concurrency, options->rounds,
           options->invocations);
    bool met = true;
    for (unsigned kind = 1; kind < KINDS; kind++) {
        char what[80];
        for (unsigned i = 0; i < options->rounds; i++)
            ratios[i] = hop[kind][i] / hop[0][i];
        snprintf(what, sizeof(what), "hop %s", names[kind]);
        met &= print_ratio(what, ratios, options->rounds, hop_budget[kind]);
        for (unsigned i = 0; i < options->rounds; i++)
            ratios[i] = cpu[kind][i] / cpu[0][i];
        snprintf(what, sizeof(what), "CPU %s", names[kind]);
        met &= print_ratio(what, ratios, options->rounds, cpu_budget[kind]);
    }
    for (unsigned kind = 0; kind < KINDS; kind++)
        printf("  median of %-32s hop p50 %.1f us, CPU %.1f us per invocation\n", names[kind],
               median(hop[kind], options->rounds), median(cpu[kind], options->rounds));
    return met ? 0 : 1;
}

static int bench_memory(const struct options *options)
{
    static struct bench_stream stream;
    struct bench_program program;
    if (!bench_stream_open(&stream, options->recording))
        return 1;
    bench_program_start(&program, BENCH_TAP, &options->places, 0);
    bench_stream_begin(&stream, bench_program_send, &program);
    bench_stream_run(&stream, 1008, 16, bench_program_send, &program);
    uint64_t early = bench_middle_resident_kib(&program.middle);
    bench_stream_run(&stream, options->invocations, 16, bench_program_send, &program);
    uint64_t late = bench_middle_resident_kib(&program.middle);
    bool met = late <= early + 64 && late < 6144;
    printf("%lu records\n", program.middle.records);
    printf("resident after 1,008 invocations %lu KiB, after %u more %lu KiB (budget + 64 KiB, under 6,144 KiB: %s)\n",
           early, options->invocations, late, met ? "met" : "MISSED");
    bench_program_stop(&program);
    bench_stream_close(&stream);
    return met ? 0 : 1;
}

static double start_ms(char *const *argv)
{
    struct timespec from, to;
    pid_t pid;
    clock_gettime(CLOCK_MONOTONIC, &from);
    if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0) {
        perror(argv[0]);
        exit(1);
    }
    waitpid(pid, NULL, 0);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

/* From its start until the worker it started has ended: listening, and the worker's own start, are in it. */
static int bench_start(const struct options *options)
{
    static double plain[ROUNDS_MAX], tapped[ROUNDS_MAX], differences[ROUNDS_MAX];
    char *worker[] = {(char *)"/bin/true", NULL};
    char *tap[] = {(char *)(uintptr_t)options->places.tap,
                   (char *)"--",
                   (char *)"/bin/true",
                   (char *)"--workerId",
                   (char *)"w",
                   (char *)"--port",
                   (char *)"9",
                   NULL};
    setenv("AZIMUTH_RUN_DIR", options->places.run_dir, 1);
    setenv("ELASTIC_APM_SERVER_URL", "http://127.0.0.1:9", 1);
    for (unsigned i = 0; i < options->rounds; i++) {
        plain[i] = start_ms(worker);
        tapped[i] = start_ms(tap);
        differences[i] = tapped[i] - plain[i];
    }
    printf("start to end: /bin/true %.2f ms, azimuth-tap /bin/true %.2f ms, median of differences %.2f ms (budget 3)\n",
           median(plain, options->rounds), median(tapped, options->rounds), median(differences, options->rounds));
    return 0;
}

static int usage(void)
{
    fputs("usage: bench_tap_replay hop|memory|start [--rounds N] [--invocations N] [--tap PATH] [RECORDING]\n", stderr);
    return 2;
}

static bool read_options(int argc, char **argv, struct options *options)
{
    for (int i = 2; i < argc; i++) {
        bool more = i + 1 < argc;
        if (more && strcmp(argv[i], "--rounds") == 0)
            options->rounds = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--invocations") == 0)
            options->invocations = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--tap") == 0)
            options->tap = argv[++i];
        else if (argv[i][0] == '-' || options->recording)
            return false;
        else
            options->recording = argv[i];
    }
    return options->rounds > 0 && options->rounds <= ROUNDS_MAX;
}

static int measure(const char *what, const struct options *options)
{
    if (strcmp(what, "start") == 0)
        return bench_start(options);
    if (!options->recording)
        return usage();
    if (strcmp(what, "memory") == 0)
        return bench_memory(options);
    if (strcmp(what, "hop") != 0)
        return usage();
    return bench_hops(options, 1) | bench_hops(options, 16);
}

int main(int argc, char **argv)
{
    static struct options options = {.rounds = 20, .invocations = 1600};
    if (argc > 1 && strcmp(argv[1], "--host") == 0)
        return bench_stand_in(argc, argv);
    if (argc < 2 || !read_options(argc, argv, &options))
        return usage();
    bench_places_open(&options.places, "bench_tap_replay", options.tap);
    int code = measure(argv[1], &options);
    bench_places_close(&options.places);
    return code;
}
