/* The yardstick of the tap: a relay that does nothing but relay, straight on epoll. It leaves out what a real one needs
 * (back-pressure, errors, half-close): a chunk that is not taken at once ends the program.
 *
 * usage: bench_relay PORT      connects to 127.0.0.1:PORT for each connection it gets; prints the port it listens on */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>

enum { FDS_MAX = 1024, EVENTS = 64, CHUNK = 64 * 1024 };

static int other[FDS_MAX];
static char chunk[CHUNK];

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(int epoll, int fd)
{
    int on = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (fd >= FDS_MAX || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        die("bench_relay: watch");
}

static void on_connection(int epoll, int listener, int port)
{
    int from = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    int to = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = loopback(port);
    if (from < 0 || to < 0 || connect(to, (struct sockaddr *)&address, sizeof(address)) != 0)
        die("bench_relay: connect");
    watch(epoll, from);
    watch(epoll, to);
    other[from] = to;
    other[to] = from;
}

static void on_bytes(int fd)
{
    ssize_t n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        close(other[fd]);
        close(fd);
    } else if (send(other[fd], chunk, (size_t)n, MSG_NOSIGNAL) != n)
        die("bench_relay: send");
}

int main(int argc, char **argv)
{
    int port = argc == 2 ? (int)strtol(argv[1], NULL, 10) : 0;
    int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0);
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    if (port <= 0) {
        fprintf(stderr, "usage: bench_relay PORT\n");
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        die("bench_relay: listen");
    struct epoll_event events[EVENTS] = {{.events = EPOLLIN, .data.fd = listener}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, events) != 0)
        die("bench_relay: watch");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++)
            if (events[i].data.fd == listener)
                on_connection(epoll, listener, port);
            else
                on_bytes(events[i].data.fd);
    }
}
