/* What the tap costs between peers that speak real HTTP/2: bench_host, azimuth-tap or bench_relay, bench_worker. Runs
 * of all kinds are interleaved; only ratios within a round count. Budgets: design section 12.
 *
 * usage: bench_peers hop      [--rounds N] [--invocations N]     round trip and CPU per invocation against bench_relay
 *        bench_peers memory   [--invocations N]                  resident memory after 1,000 and after N
 * Programs are taken from the folder of bench_peers; --tap PATH names another azimuth-tap. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "middle.h"

enum {
    ROUNDS_MAX = 200,
    WARM_UP = 500,
    PORTION =
        1000, /* invocations whose records the ring holds: it is emptied after them, however busy the machine is */
};

struct options {
    unsigned rounds, invocations;
    const char *tap;
    struct bench_places places;
};

struct result {
    double p50_us, cpu_us;
};

/* What the host is told. Requests written together have no budget, since the real host writes each by itself: they show
 * what observing costs where no system call hides it, and where a slower relay is not paid with larger reads. */
struct load {
    unsigned concurrency;
    bool together;
};

static const struct load loads[] = {{1, false}, {16, false}, {16, true}};

/* --- one conversation --- */

struct conversation {
    struct bench_middle middle;
    pid_t host, worker; /* worker 0: the tap's child */
    FILE *ask, *answer;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static pid_t spawn(char *const *argv, int in, int out)
{
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if ((in < 0 || dup2(in, STDIN_FILENO) >= 0) && (out < 0 || dup2(out, STDOUT_FILENO) >= 0))
        execv(argv[0], argv);
    perror(argv[0]);
    _exit(127);
}

static int start_host(struct conversation *talk, const struct bench_places *places)
{
    char *argv[] = {(char *)(uintptr_t)places->host, NULL}, line[16];
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        die("pipe");
    talk->host = spawn(argv, in[0], out[1]);
    close(in[0]);
    close(out[1]);
    talk->ask = fdopen(in[1], "w");
    talk->answer = fdopen(out[0], "r");
    if (!talk->ask || !talk->answer || !fgets(line, sizeof(line), talk->answer))
        die("bench_host tells no port");
    return (int)strtol(line, NULL, 10);
}

static pid_t start_worker(const struct bench_places *places, int port)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", port);
    char *argv[] = {(char *)(uintptr_t)places->worker,
                    (char *)"--host",
                    (char *)"127.0.0.1",
                    (char *)"--port",
                    number,
                    (char *)"--workerId",
                    (char *)"w",
                    NULL};
    return spawn(argv, -1, -1);
}

static void start(struct conversation *talk, enum bench_kind kind, const struct bench_places *places)
{
    *talk = (struct conversation){0};
    bench_middle_start(&talk->middle, kind, places, start_host(talk, places));
    if (kind == BENCH_RELAY)
        talk->worker = start_worker(places, bench_middle_port(&talk->middle));
}

/* The median round trip in microseconds. */
static double invoke_portion(struct conversation *talk, unsigned count, struct load load)
{
    char line[128], *end;
    fprintf(talk->ask, "%u %u%s\n", count, load.concurrency, load.together ? " together" : "");
    fflush(talk->ask);
    if (!fgets(line, sizeof(line), talk->answer) || strtoul(line, &end, 10) != count) {
        fprintf(stderr, "bench_host did not make its invocations\n");
        exit(1);
    }
    bench_middle_empty_ring(&talk->middle);
    return strtod(end, NULL);
}

/* The mean of its portions' medians. */
static double invoke(struct conversation *talk, unsigned count, struct load load)
{
    double sum = 0;
    for (unsigned done = 0; done < count; done += PORTION) {
        unsigned portion = count - done < PORTION ? count - done : PORTION;
        sum += invoke_portion(talk, portion, load) * portion;
    }
    return sum / count;
}

static void stop(struct conversation *talk)
{
    fclose(talk->ask);
    waitpid(talk->host, NULL, 0);
    if (talk->worker)
        waitpid(talk->worker, NULL, 0);
    bench_middle_stop(&talk->middle);
    fclose(talk->answer);
}

/* --- measurements --- */

static struct result run_once(const struct options *options, enum bench_kind kind, struct load load)
{
    struct conversation talk;
    start(&talk, kind, &options->places);
    invoke(&talk, WARM_UP, load);
    uint64_t before = bench_middle_cpu_ns(&talk.middle);
    struct result result = {.p50_us = invoke(&talk, options->invocations, load)};
    result.cpu_us = (double)(bench_middle_cpu_ns(&talk.middle) - before) / 1e3 / (double)options->invocations;
    stop(&talk);
    return result;
}

/* The yardstick runs twice in each round: its ratio to itself is the noise. */
enum { TAP = 1, KINDS = 4 };
static const enum bench_kind kinds[KINDS] = {BENCH_RELAY, BENCH_TAP, BENCH_TAP_SILENT, BENCH_RELAY};
static const char *const names[KINDS] = {"relay", "tap", "tap, switched off (libuv relay)", "relay again"};

static struct bench_interval print_ratio(const char *what, const char *name, const double *subject,
                                         const double *yardstick, unsigned count)
{
    static double s[ROUNDS_MAX], y[ROUNDS_MAX], ratio[ROUNDS_MAX];
    for (unsigned i = 0; i < count; i++) {
        s[i] = subject[i];
        y[i] = yardstick[i];
        ratio[i] = s[i] / y[i];
    }
    struct bench_interval cost = bench_interval_of(s, count), against = bench_interval_of(y, count);
    struct bench_interval result = bench_interval_of(ratio, count);
    printf("  %-10s %-34s %8.2f us against %.2f  ratio %.3f [%.3f, %.3f]\n", what, name, cost.median, against.median,
           result.median, result.low, result.high);
    return result;
}

static int bench_hop(const struct options *options, struct load load)
{
    static double p50[KINDS][ROUNDS_MAX], cpu[KINDS][ROUNDS_MAX];
    for (unsigned round = 0; round < options->rounds; round++)
        for (unsigned i = 0; i < KINDS; i++) {
            unsigned kind = (round + i) % KINDS; /* so that no kind always follows the same other */
            struct result result = run_once(options, kinds[kind], load);
            p50[kind][round] = result.p50_us;
            cpu[kind][round] = result.cpu_us;
        }
    printf("host and worker over nghttp2, concurrency %u%s, %u rounds of %u invocations\n", load.concurrency,
           load.together ? ", requests written together" : "", options->rounds, options->invocations);
    struct bench_interval hop[KINDS], work[KINDS];
    for (unsigned kind = 1; kind < KINDS; kind++) {
        hop[kind] = print_ratio("round trip", names[kind], p50[kind], p50[0], options->rounds);
        work[kind] = print_ratio("CPU", names[kind], cpu[kind], cpu[0], options->rounds);
    }
    if (load.together)
        return 0;
    return bench_budget("tap: latency p50", hop[TAP], 1.15) | bench_budget("tap: CPU per invocation", work[TAP], 1.25);
}

static int bench_hops(const struct options *options)
{
    int code = 0;
    for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
        code |= bench_hop(options, loads[i]);
    return code;
}

static int bench_memory(const struct options *options)
{
    const struct load load = {16, false};
    struct conversation talk;
    start(&talk, BENCH_TAP, &options->places);
    invoke(&talk, 1000, load);
    uint64_t early = bench_middle_resident_kib(&talk.middle);
    invoke(&talk, options->invocations, load);
    uint64_t late = bench_middle_resident_kib(&talk.middle);
    bool met = late <= early + 64 && late < 6144;
    printf("%lu records\n", (unsigned long)talk.middle.records);
    printf("resident after 1,000 invocations %lu KiB, after %u more %lu KiB (budget + 64 KiB, under 6,144 KiB: %s)\n",
           (unsigned long)early, options->invocations, (unsigned long)late, met ? "met" : "MISSED");
    stop(&talk);
    return met ? 0 : 1;
}

static int usage(void)
{
    fputs("usage: bench_peers hop|memory [--rounds N] [--invocations N] [--tap PATH]\n", stderr);
    return 2;
}

static bool read_options(int argc, char **argv, struct options *options)
{
    for (int i = 2; i < argc; i += 2)
        if (i + 1 == argc)
            return false;
        else if (strcmp(argv[i], "--rounds") == 0)
            options->rounds = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--invocations") == 0)
            options->invocations = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--tap") == 0)
            options->tap = argv[i + 1];
        else
            return false;
    return options->rounds > 0 && options->rounds <= ROUNDS_MAX && options->invocations > 0;
}

int main(int argc, char **argv)
{
    static struct options options = {.rounds = 20, .invocations = 4000};
    bool memory = argc > 1 && strcmp(argv[1], "memory") == 0;
    if (memory)
        options.invocations = 1000000;
    if (argc < 2 || (!memory && strcmp(argv[1], "hop") != 0) || !read_options(argc, argv, &options))
        return usage();
    bench_places_open(&options.places, "bench_worker", options.tap);
    int code = memory ? bench_memory(&options) : bench_hops(&options);
    bench_places_close(&options.places);
    return code;
}
