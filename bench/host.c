/* A Functions host for one worker, told on its standard input what to do. It accepts the worker and starts it up
 * (StartStream, WorkerInit, FunctionsMetadata, FunctionLoad), then reads lines:
 *
 *     COUNT CONCURRENCY [together]     makes COUNT invocations, always CONCURRENCY of them under way
 *     COUNT p50 p90 p99 max            its answer: round trips in microseconds
 *
 * A request leaves by itself, at once, as the real host writes it; "together": with all that are due at that moment.
 * Ends at the end of its input.
 *
 * usage: bench_host      prints the port it listens on */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "messages.h"
#include "peer.h"

enum { CONCURRENCY_MAX = 1024, MESSAGE_MAX = 64 * 1024 };

struct host {
    struct bench_peer peer;
    struct azm_buf buf;
    uint32_t next; /* invocation's number */
    bool together;
    double started_ns[CONCURRENCY_MAX];
};

static void die(const char *what)
{
    fprintf(stderr, "bench_host: %s\n", what);
    exit(1);
}

static void write_request(struct host *host, void (*put)(struct azm_buf *out))
{
    azm_buf_clear(&host->buf);
    put(&host->buf);
    bench_peer_write(&host->peer, azm_buf_slice(&host->buf));
    bench_peer_flush(&host->peer);
}

/* Waits for a message of the kind; logs and acknowledgements in between are passed over. */
static void expect(struct host *host, enum bench_arm wanted)
{
    for (;;) {
        azm_slice message, id;
        enum bench_arm arm;
        while (bench_peer_next(&host->peer, &message))
            if (bench_message_read(message, &arm, &id) && arm == wanted)
                return;
        bench_peer_flush(&host->peer);
        if (!bench_peer_read(&host->peer))
            die("the worker went away while it started");
    }
}

static void start_worker(struct host *host)
{
    expect(host, BENCH_START_STREAM);
    write_request(host, bench_put_init_request);
    expect(host, BENCH_INIT_RESPONSE);
    write_request(host, bench_put_metadata_request);
    expect(host, BENCH_METADATA_RESPONSE);
    write_request(host, bench_put_load_request);
    expect(host, BENCH_LOAD_RESPONSE);
}

/* The started_ns of numbers under way differ, as long as none is overtaken by CONCURRENCY_MAX others. */
static void invoke(struct host *host)
{
    azm_buf_clear(&host->buf);
    bench_put_invocation(&host->buf, host->next);
    host->started_ns[host->next++ % CONCURRENCY_MAX] = bench_now_ns();
    bench_peer_write(&host->peer, azm_buf_slice(&host->buf));
    if (!host->together)
        bench_peer_flush(&host->peer);
}

/* The round trip of the invocation that this is the response of; negative when it is another message. */
static double round_trip_us(const struct host *host, azm_slice message)
{
    enum bench_arm arm;
    azm_slice id;
    if (!bench_message_read(message, &arm, &id) || arm != BENCH_INVOCATION_RESPONSE)
        return -1;
    return (bench_now_ns() - host->started_ns[bench_invocation_number(id) % CONCURRENCY_MAX]) / 1e3;
}

static void run(struct host *host, size_t count, size_t concurrency, double *took_us)
{
    size_t asked = 0, done = 0;
    for (; asked < concurrency && asked < count; asked++)
        invoke(host);
    while (done < count) {
        azm_slice message;
        bench_peer_flush(&host->peer);
        if (!bench_peer_read(&host->peer))
            die("the worker went away");
        while (bench_peer_next(&host->peer, &message)) {
            double us = round_trip_us(host, message);
            if (us < 0)
                continue;
            took_us[done++] = us;
            if (asked < count) {
                invoke(host);
                asked++;
            }
        }
    }
}

static void run_and_tell(struct host *host, size_t count, size_t concurrency)
{
    double *took_us = calloc(count, sizeof(*took_us));
    if (!took_us || count == 0 || concurrency == 0 || concurrency > CONCURRENCY_MAX)
        die("expected COUNT CONCURRENCY, from 1");
    run(host, count, concurrency, took_us);
    qsort(took_us, count, sizeof(*took_us), bench_by_value);
    printf("%zu %.2f %.2f %.2f %.2f\n", count, took_us[count / 2], took_us[count * 9 / 10], took_us[count * 99 / 100],
           took_us[count - 1]);
    fflush(stdout);
    free(took_us);
}

static int accept_worker(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        die("cannot listen");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    int fd = accept(listener, NULL, NULL);
    close(listener);
    if (fd < 0)
        die("cannot accept");
    return fd;
}

int main(void)
{
    static struct host host;
    char line[64];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    azm_buf_init(&host.buf, MESSAGE_MAX);
    int fd = accept_worker();
    bench_peer_accept(&host.peer, fd);
    start_worker(&host);
    while (fgets(line, sizeof(line), stdin)) {
        char *end;
        size_t count = strtoul(line, &end, 10), concurrency = strtoul(end, &end, 10);
        host.together = strcmp(end, " together\n") == 0;
        run_and_tell(&host, count, concurrency);
    }
    bench_peer_dispose(&host.peer);
    azm_buf_dispose(&host.buf);
    close(fd);
    return 0;
}
