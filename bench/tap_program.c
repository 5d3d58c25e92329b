#include "tap_program.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
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

void bench_program_start(struct bench_program *program, enum bench_kind kind, const struct bench_places *places,
                         size_t hop_max)
{
    int host_port, on = 1;
    int listener = listen_anywhere(&host_port);
    *program = (struct bench_program){.hop_max = hop_max, .hops_ns = calloc(hop_max + 1, sizeof(uint64_t))};
    bench_middle_start(&program->middle, kind, places, host_port);
    struct sockaddr_in address = loopback(bench_middle_port(&program->middle));
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
    close(program->worker);
    close(program->host);
    bench_middle_stop(&program->middle);
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
    if (++program->sent % 64 == 0)
        bench_middle_empty_ring(&program->middle);
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
