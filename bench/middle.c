#include "middle.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* --- places --- */

void bench_places_open(struct bench_places *places, const char *worker, const char *tap)
{
    char command[2 * sizeof(places->tap)];
    ssize_t len = readlink("/proc/self/exe", places->folder, sizeof(places->folder) - 1);
    if (len <= 0)
        die("/proc/self/exe");
    places->folder[len] = 0;
    *strrchr(places->folder, '/') = 0;
    snprintf(places->run_dir, sizeof(places->run_dir), "/tmp/bench-tap-XXXXXX");
    if (!mkdtemp(places->run_dir))
        die(places->run_dir);
    snprintf(places->tap, sizeof(places->tap), "%s/azimuth-tap", places->run_dir);
    snprintf(places->relay, sizeof(places->relay), "%s/bench_relay", places->folder);
    snprintf(places->host, sizeof(places->host), "%s/bench_host", places->folder);
    snprintf(places->worker, sizeof(places->worker), "%s/%s", places->folder, worker);
    snprintf(command, sizeof(command), "cp '%s%s' %s", tap ? tap : places->folder, tap ? "" : "/azimuth-tap",
             places->tap);
    if (system(command) != 0)
        exit(1);
}

void bench_places_close(struct bench_places *places)
{
    char command[sizeof(places->run_dir) + 16];
    snprintf(command, sizeof(command), "rm -rf %s", places->run_dir);
    if (system(command) != 0)
        die(places->run_dir);
}

/* --- the process --- */

static void become(enum bench_kind kind, const struct bench_places *places, int port, int out)
{
    char number[16], uri[48];
    snprintf(number, sizeof(number), "%d", port);
    snprintf(uri, sizeof(uri), "http://127.0.0.1:%d/", port);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, STDOUT_FILENO);
    setenv("AZIMUTH_ENABLED", kind == BENCH_TAP ? "true" : "false", 1);
    setenv("AZIMUTH_RUN_DIR", places->run_dir, 1);
    setenv("ELASTIC_APM_SERVER_URL", "http://127.0.0.1:9", 1);
    setenv("FUNCTIONS_WORKER_RUNTIME", "node", 1);
    if (kind == BENCH_RELAY)
        execl(places->relay, places->relay, number, NULL);
    else
        execl(places->tap, "azimuth-tap", "--", places->worker, "--host", "127.0.0.1", "--port", number, "--workerId",
              "w", "--requestId", "r", "--grpcMaxMessageLength", "2147483647", "--functions-uri", uri, NULL);
    perror(kind == BENCH_RELAY ? places->relay : places->tap);
    _exit(127);
}

void bench_middle_start(struct bench_middle *middle, enum bench_kind kind, const struct bench_places *places,
                        int host_port)
{
    int out[2];
    *middle = (struct bench_middle){.run_dir = kind == BENCH_TAP ? places->run_dir : NULL};
    if (pipe2(out, O_CLOEXEC) != 0 || (middle->pid = fork()) < 0)
        die("fork");
    if (middle->pid == 0)
        become(kind, places, host_port, out[1]);
    close(out[1]);
    middle->told = fdopen(out[0], "r");
}

int bench_middle_port(struct bench_middle *middle)
{
    char line[16];
    int port = 0;
    if (middle->told && fgets(line, sizeof(line), middle->told))
        port = (int)strtol(line, NULL, 10);
    if (port <= 0) {
        fprintf(stderr, "the relay tells no port\n");
        exit(1);
    }
    return port;
}

void bench_middle_stop(struct bench_middle *middle)
{
    if (middle->run_dir && !middle->has_ring) {
        fprintf(stderr, "%s: the tap made no ring\n", middle->run_dir);
        exit(1);
    }
    if (middle->has_ring && azm_ring_stats(&middle->ring).dropped[AZM_RING_DROP_FULL]) {
        fprintf(stderr, "the ring ran full: dropping is cheaper than writing, the figures would flatter\n");
        exit(1);
    }
    kill(middle->pid, SIGTERM);
    waitpid(middle->pid, NULL, 0);
    fclose(middle->told);
}

/* --- its ring --- */

static void *map_ring(const struct bench_middle *middle, size_t *size)
{
    char pattern[128];
    glob_t found;
    struct stat st;
    snprintf(pattern, sizeof(pattern), "%s/ring-%d-*", middle->run_dir, (int)middle->pid);
    if (glob(pattern, 0, NULL, &found) != 0)
        return MAP_FAILED;
    int fd = open(found.gl_pathv[0], O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        die(found.gl_pathv[0]);
    *size = (size_t)st.st_size;
    void *memory = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    globfree(&found);
    return memory;
}

/* The tap makes its ring when it has seen something. */
static void open_ring(struct bench_middle *middle)
{
    size_t size = 0;
    void *memory = map_ring(middle, &size);
    middle->has_ring = memory != MAP_FAILED && azm_ring_reader_init(&middle->ring, memory, size) == AZM_OK;
}

void bench_middle_empty_ring(struct bench_middle *middle)
{
    struct azm_ring_record record;
    if (middle->run_dir && !middle->has_ring)
        open_ring(middle);
    if (!middle->has_ring)
        return;
    while (azm_ring_next(&middle->ring, &record) == AZM_OK) {
        azm_ring_release(&middle->ring, record.end);
        middle->records++;
    }
    azm_ring_beat(&middle->ring);
}

/* --- what it costs --- */

/* The number that follows name in the file, or begins it when name is empty. */
static uint64_t read_number(pid_t pid, const char *file, const char *name)
{
    char path[64], line[256];
    uint64_t value = 0;
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    FILE *in = fopen(path, "r");
    if (!in)
        die(path);
    while (fgets(line, sizeof(line), in))
        if (strncmp(line, name, strlen(name)) == 0) {
            value = strtoull(line + strlen(name), NULL, 10);
            break;
        }
    fclose(in);
    return value;
}

uint64_t bench_middle_cpu_ns(const struct bench_middle *middle)
{
    return read_number(middle->pid, "schedstat", "");
}

uint64_t bench_middle_resident_kib(const struct bench_middle *middle)
{
    return read_number(middle->pid, "smaps_rollup", "Rss:"); /* exact; VmRSS of "status" may lag behind */
}
