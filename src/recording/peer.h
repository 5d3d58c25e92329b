/* Sockets on a loop, as recorder, player and stand-in use them; part of azm_recording only. */
#pragma once

#include <uv.h>

#include "recording/control.h"
#include "recording/endpoint.h"

/* The first address the system knows for the host. AZM_NETWORK names it when there is none. Blocks for the resolver. */
enum azm_status azm_peer_resolve(uv_loop_t *loop, const struct azm_endpoint *endpoint, struct sockaddr_storage *out,
                                 struct azm_error *err) AZM_MUST_CHECK;
/* Binds, listens, and tells the port that was given. AZM_NETWORK names the endpoint. */
enum azm_status azm_peer_listen(uv_tcp_t *listener, const struct azm_endpoint *endpoint, uv_connection_cb accept,
                                unsigned *port, struct azm_error *err) AZM_MUST_CHECK;
/* Copies the bytes and sends them in order. What cannot be sent is lost without a word: these programs find out on the
 * side where it does not arrive. */
void azm_peer_send(uv_tcp_t *to, azm_slice bytes);
void azm_peer_send_frame(uv_tcp_t *to, enum azm_control_verb verb, uint32_t connection, azm_slice bytes);
/* A peer that is gone is an error of the write, not the end of the process. */
void azm_peer_ignore_sigpipe(void);
