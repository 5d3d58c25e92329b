#include "os/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 128 };

static void no_delay(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

azm_socket azm_socket_listen(uint16_t *port, struct azm_error *err)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(*port)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, BACKLOG) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        *port = ntohs(address.sin_port);
        return fd;
    }
    (void)azm_fail(err, errno == EADDRINUSE ? AZM_BUSY : AZM_NETWORK, "cannot listen on 127.0.0.1: %s",
                   strerror(errno));
    if (fd >= 0)
        close(fd);
    return AZM_SOCKET_NONE;
}

azm_socket azm_socket_bind(uint16_t port, struct azm_error *err)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    (void)azm_fail(err, errno == EADDRINUSE ? AZM_BUSY : AZM_NETWORK, "cannot have 127.0.0.1:%u: %s", port,
                   strerror(errno));
    if (fd >= 0)
        close(fd);
    return AZM_SOCKET_NONE;
}

bool azm_socket_listen_bound(azm_socket bound)
{
    return listen((int)bound, BACKLOG) == 0;
}

azm_socket azm_socket_listen_v6(uint16_t port, struct azm_error *err)
{
    struct sockaddr_in6 address = {
        .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons(port)};
    int on = 1, fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0 &&
        bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    (void)azm_fail(err, errno == EADDRINUSE ? AZM_BUSY : AZM_NETWORK, "cannot listen on ::1: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return AZM_SOCKET_NONE;
}

/* Makes room for one descriptor, for as long as it takes to close the newcomer. */
static void turn_away(int listener)
{
    static int spare = -1;
    if (spare >= 0)
        close(spare);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

azm_socket azm_socket_accept(azm_socket listener)
{
    int fd = accept4((int)listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        no_delay(fd);
    else if (errno == EMFILE || errno == ENFILE)
        turn_away((int)listener);
    return fd;
}

static socklen_t read_address(const char *host, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    *out = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof(*v4);
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
        return 0;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    return sizeof(*v6);
}

azm_socket azm_socket_connect(const char *host, uint16_t port)
{
    struct sockaddr_storage address;
    socklen_t size = read_address(host, port, &address);
    int fd = size > 0 ? socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0)
        return AZM_SOCKET_NONE;
    no_delay(fd);
    if (connect(fd, (struct sockaddr *)&address, size) == 0 || errno == EINPROGRESS)
        return fd;
    close(fd);
    return AZM_SOCKET_NONE;
}

bool azm_socket_connected(azm_socket socket)
{
    int failure = 0;
    socklen_t size = sizeof(failure);
    return getsockopt((int)socket, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0;
}

static ptrdiff_t not_done(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS || errno == ENOMEM
               ? AZM_SOCKET_AGAIN
               : AZM_SOCKET_BROKEN;
}

ptrdiff_t azm_socket_receive(azm_socket socket, char *out, size_t size)
{
    ssize_t n = recv((int)socket, out, size, 0);
    return n >= 0 ? n : not_done();
}

bool azm_socket_has_ended(azm_socket socket)
{
    char byte;
    ssize_t n = recv((int)socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && not_done() == AZM_SOCKET_BROKEN);
}

ptrdiff_t azm_socket_send(azm_socket socket, const char *bytes, size_t len)
{
    ssize_t n = send((int)socket, bytes, len, MSG_NOSIGNAL);
    return n > 0 ? n : n == 0 ? AZM_SOCKET_AGAIN : not_done();
}

void azm_socket_end(azm_socket socket)
{
    shutdown((int)socket, SHUT_WR);
}

void azm_socket_shut(azm_socket socket)
{
    shutdown((int)socket, SHUT_RDWR);
}

static bool all_sent(int fd)
{
    int unsent = 0;
    return ioctl(fd, SIOCOUTQNSD, &unsent) != 0 || unsent == 0;
}

void azm_socket_close(azm_socket socket, bool reset)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (reset && all_sent((int)socket))
        setsockopt((int)socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close((int)socket);
}
