/* A language worker that does no work: every message of the host is answered at once, an invocation with two logs and a
 * response. The answers to all that one read brought leave together, as node's do.
 *
 * usage: bench_worker --host IP --port PORT --workerId ID ...      as the Functions host starts workers */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "messages.h"
#include "peer.h"

enum { MESSAGE_MAX = 64 * 1024 };

typedef void put_answer(struct azm_buf *out, azm_slice invocation_id);

static void write_one(struct bench_peer *peer, struct azm_buf *buf, put_answer *put, azm_slice invocation_id)
{
    azm_buf_clear(buf);
    put(buf, invocation_id);
    bench_peer_write(peer, azm_buf_slice(buf));
}

static void put_init(struct azm_buf *out, azm_slice none)
{
    (void)none;
    bench_put_init_response(out);
}

static void put_metadata(struct azm_buf *out, azm_slice none)
{
    (void)none;
    bench_put_metadata_response(out);
}

static void put_load(struct azm_buf *out, azm_slice none)
{
    (void)none;
    bench_put_load_response(out);
}

static const struct {
    enum bench_arm arm;
    put_answer *put[3];
} answers[] = {
    {BENCH_INVOCATION_REQUEST, {bench_put_system_log, bench_put_user_log, bench_put_response}},
    {BENCH_INIT_REQUEST, {put_init}},
    {BENCH_METADATA_REQUEST, {put_metadata}},
    {BENCH_LOAD_REQUEST, {put_load}},
};

static void answer(struct bench_peer *peer, struct azm_buf *buf, azm_slice message)
{
    enum bench_arm arm;
    azm_slice id;
    if (!bench_message_read(message, &arm, &id))
        return;
    for (size_t i = 0; i < AZM_COUNT(answers); i++)
        for (size_t j = 0; answers[i].arm == arm && j < AZM_COUNT(answers[i].put) && answers[i].put[j]; j++)
            write_one(peer, buf, answers[i].put[j], id);
}

static const char *option(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    fprintf(stderr, "usage: bench_worker --host IP --port PORT --workerId ID\n");
    exit(2);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    azm_slice message;
    struct azm_buf buf;
    struct bench_peer peer;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    address.sin_port = htons((uint16_t)strtoul(option(argc, argv, "--port"), NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, option(argc, argv, "--host"), &address.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        perror("bench_worker: connect");
        return 1;
    }
    azm_buf_init(&buf, MESSAGE_MAX);
    bench_peer_connect(&peer, fd);
    write_one(&peer, &buf, bench_put_start_stream, azm_slice_str(option(argc, argv, "--workerId")));
    do {
        while (bench_peer_next(&peer, &message))
            answer(&peer, &buf, message);
        bench_peer_flush(&peer);
    } while (bench_peer_read(&peer));
    bench_peer_dispose(&peer);
    azm_buf_dispose(&buf);
    close(fd);
    return 0;
}
