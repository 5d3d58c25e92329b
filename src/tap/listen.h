/* A listening port on this machine, with a number of as many digits as another: it is to be written over that one. */
#pragma once

#include "os/socket.h"

#define AZM_LISTENERS_MAX 2u

/* Listens on 127.0.0.1, and with `localhost` on ::1 under the same number too (where there is no IPv6, without it).
 * digits 0: any port. The system chooses; where it never chooses as many digits, chance does, among those that need no
 * privilege if there are any. Returns the port and its sockets (AZM_SOCKET_NONE for none), or 0: err says why. */
uint16_t azm_listen(unsigned digits, bool localhost, azm_socket sockets[AZM_LISTENERS_MAX], struct azm_error *err);
