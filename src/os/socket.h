/* Sockets that never wait, for a relay that watches them itself (uv_poll): libuv's own streams read and write with
 * read() and write(), which cost a relay some 7 % more than recv() and send(). Any thread; a socket belongs to one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef intptr_t azm_socket; /* a descriptor, on Windows a SOCKET */

#define AZM_SOCKET_NONE ((azm_socket)-1)

/* Instead of a count of bytes. */
#define AZM_SOCKET_AGAIN  ((ptrdiff_t)-1) /* not now */
#define AZM_SOCKET_BROKEN ((ptrdiff_t)-2) /* reset, or otherwise beyond use */

/* On 127.0.0.1, on *port, or, when that is 0, on a port that the system chooses: *port then says which. */
azm_socket azm_socket_listen(uint16_t *port, struct azm_error *err);
/* Keeps 127.0.0.1's port without listening yet: whoever connects is refused. AZM_BUSY: it is taken. */
azm_socket azm_socket_bind(uint16_t port, struct azm_error *err);
/* From now on connections are accepted. */
bool azm_socket_listen_bound(azm_socket bound);
/* On ::1 alone. AZM_BUSY: the port is taken; AZM_NETWORK: there is no IPv6 here, or another failure. */
azm_socket azm_socket_listen_v6(uint16_t port, struct azm_error *err);
/* The next connection, without Nagle's delay; AZM_SOCKET_NONE when there is none. When there are no descriptors left
 * the newcomer is closed, because it would else be offered again and again. */
azm_socket azm_socket_accept(azm_socket listener);
/* Begins to connect to a numeric address (IPv4 or IPv6, no brackets). Wait until it is writable, then ask
 * azm_socket_connected. AZM_SOCKET_NONE when it cannot even begin. */
azm_socket azm_socket_connect(const char *host, uint16_t port);
bool azm_socket_connected(azm_socket socket);

/* 0: the other side has ended its half. */
ptrdiff_t azm_socket_receive(azm_socket socket, char *out, size_t size);
/* The other side has ended its half, or the connection is broken. Takes nothing of what is there to be received. */
bool azm_socket_has_ended(azm_socket socket);
/* How many bytes were taken, at least 1. */
ptrdiff_t azm_socket_send(azm_socket socket, const char *bytes, size_t len);
/* Ends our half. */
void azm_socket_end(azm_socket socket);
/* Ends both halves; the socket stays, to be closed by whom it belongs to. From any thread. */
void azm_socket_shut(azm_socket socket);
/* reset: the other side shall see a connection that broke off. What has not left yet is then lost, so that is only done
 * when all has. */
void azm_socket_close(azm_socket socket, bool reset);
