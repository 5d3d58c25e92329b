/* An address to listen on, from text. */
#pragma once

#include "base/slice.h"

struct sockaddr_storage;

enum { AZM_LISTEN_TEXT = 80 };

struct azm_listen {
    union {
        uint64_t align;
        char bytes[128]; /* a struct sockaddr_storage */
    } address;
    bool ipv6, loopback;
    char host[AZM_LISTEN_TEXT]; /* as given, without brackets */
    unsigned port;
};

/* HOST:PORT: an IPv4 address, an IPv6 address in brackets, or localhost (127.0.0.1). AZM_BAD_CONFIG names what is
 * wrong. */
enum azm_status azm_listen_parse(azm_slice text, struct azm_listen *out, struct azm_error *err) AZM_MUST_CHECK;
/* AZM_BUSY: somebody listens there; AZM_DENIED, AZM_IO: it cannot be listened on at all. */
enum azm_status azm_listen_probe(const struct azm_listen *listen, struct azm_error *err) AZM_MUST_CHECK;
/* Closes a listening socket that the HTTP server gave back. */
void azm_listen_close(intptr_t handle);
