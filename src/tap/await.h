/* Waits until somebody listens on a port of this machine, and keeps the connection that found it out: to the server it
 * is its first one, not a probe. Refused attempts are seen by nobody. One thread: the loop's. */
#pragma once

#include "os/socket.h"

struct uv_loop_s;
struct azm_await;

/* Asks at once, then every 5 ms, after 2 s every 25 ms, for as long as it takes. there(): once; the socket is the
 * callee's. host: a numeric address, borrowed. NULL: no memory. */
struct azm_await *azm_await_begin(struct uv_loop_s *loop, const char *host, uint16_t port,
                                  void (*there)(void *self, azm_socket socket), void *self);
/* Not asked any more; the loop must run once more. Also after there() was called. NULL is fine. */
void azm_await_end(struct azm_await *await);
