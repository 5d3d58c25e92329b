#include "tap_program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_anywhere(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 4) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        die("listen");
    *port = ntohs(address.sin_port);
    return fd;
}

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
        execl(places->tap, "azimuth-tap", "--", places->self, "--stand-in", "--host", "127.0.0.1", "--port", number,
              "--workerId", "w", "--requestId", "r", "--grpcMaxMessageLength", "2147483647", "--functions-uri", uri,
              NULL);
    perror(kind == BENCH_RELAY ? places->relay : places->tap);
    _exit(127);
}

static void *map_ring(const struct bench_program *program, const char *run_dir, size_t *size)
{
    char pattern[4200];
    glob_t found;
    struct stat st;
    snprintf(pattern, sizeof(pattern), "%s/ring-%d-*", run_dir, (int)program->pid);
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
static void open_ring(struct bench_program *program)
{
    size_t size = 0;
    void *memory = map_ring(program, program->run_dir, &size);
    program->has_ring = memory != MAP_FAILED && azm_ring_reader_init(&program->ring, memory, size) == AZM_OK;
}

static void empty_ring(struct bench_program *program)
{
    struct azm_ring_record record;
    while (azm_ring_next(&program->ring, &record) == AZM_OK) {
        azm_ring_release(&program->ring, record.end);
        program->records++;
    }
    azm_ring_beat(&program->ring);
}

/* The port that the program, or the worker it started, tells on its standard output. */
static int spawn(struct bench_program *program, enum bench_kind kind, const struct bench_places *places, int host_port)
{
    int out[2], port = 0;
    if (pipe(out) != 0 || (program->pid = fork()) < 0)
        die("fork");
    if (program->pid == 0) {
        close(out[0]);
        become(kind, places, host_port, out[1]);
    }
    close(out[1]);
    FILE *told = fdopen(out[0], "r");
    char line[16];
    if (told && fgets(line, sizeof(line), told))
        port = (int)strtol(line, NULL, 10);
    if (port <= 0) {
        fprintf(stderr, "the relay tells no port\n");
        exit(1);
    }
    fclose(told);
    return port;
}

void bench_program_start(struct bench_program *program, enum bench_kind kind, const struct bench_places *places,
                         size_t hop_max)
{
    int host_port, on = 1;
    int listener = listen_anywhere(&host_port);
    *program = (struct bench_program){.hop_max = hop_max, .hops_ns = calloc(hop_max + 1, sizeof(uint64_t))};
    struct sockaddr_in address = loopback(spawn(program, kind, places, host_port));
    program->run_dir = kind == BENCH_TAP ? places->run_dir : NULL;
    program->worker = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!program->hops_ns || connect(program->worker, (struct sockaddr *)&address, sizeof(address)) != 0)
        die("connect");
    program->host = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    close(listener);
    setsockopt(program->worker, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(program->host, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void bench_program_stop(struct bench_program *program)
{
    if (program->run_dir && !program->has_ring) {
        fprintf(stderr, "%s: the tap made no ring\n", program->run_dir);
        exit(1);
    }
    close(program->worker);
    close(program->host);
    kill(program->pid, SIGTERM);
    waitpid(program->pid, NULL, 0);
    free(program->hops_ns);
}

void bench_program_send(void *self, const struct bench_chunk *chunk)
{
    static char got[BENCH_GROUP * BENCH_PART_MAX];
    struct bench_program *program = self;
    int from = chunk->side == AZM_RECORDING_WORKER ? program->worker : program->host;
    int to = chunk->side == AZM_RECORDING_WORKER ? program->host : program->worker;
    uint64_t start = now_ns();
    if (send(from, chunk->bytes.ptr, chunk->bytes.len, MSG_NOSIGNAL) != (ssize_t)chunk->bytes.len)
        die("send");
    for (size_t len = 0; len < chunk->bytes.len;) {
        ssize_t n = recv(to, got, sizeof(got), 0);
        if (n <= 0)
            die("recv");
        len += (size_t)n;
    }
    if (program->hop_count < program->hop_max)
        program->hops_ns[program->hop_count++] = now_ns() - start;
    if (!program->run_dir || ++program->sent % 64 != 0)
        return;
    if (program->has_ring)
        empty_ring(program);
    else
        open_ring(program);
}

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

uint64_t bench_program_cpu_ns(const struct bench_program *program)
{
    return read_number(program->pid, "schedstat", "");
}

uint64_t bench_program_resident_kib(const struct bench_program *program)
{
    return read_number(program->pid, "status", "VmRSS:");
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

uint64_t bench_program_median_ns(struct bench_program *program)
{
    qsort(program->hops_ns, program->hop_count, sizeof(uint64_t), by_size);
    return program->hops_ns[program->hop_count / 2];
}

int bench_stand_in(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--port") == 0)
            puts(argv[i + 1]);
    fflush(stdout);
    close(STDOUT_FILENO);
    for (;;)
        pause();
}
