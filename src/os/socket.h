/* What libuv does not tell about a connection. */
#pragma once

#include <stdbool.h>

struct uv_tcp_s;

/* True when everything written has at least left for the other side: a reset would lose nothing of it. True too when
 * the system does not say. */
bool azm_socket_all_sent(const struct uv_tcp_s *tcp);
