/* Where bodies go: a server over HTTP (http.h), or a file (file.h). A sender lives on one thread, its delivery's, but
 * for stop, which any thread may call. */
#pragma once

#include "export/reply.h"

/* A body as it stands there, before any compression. Borrowed. */
struct azm_sending {
    azm_slice body;
    uint64_t events;
    const char *user_agent; /* see azm_http_user_agent */
};

struct azm_sent {
    struct azm_reply reply;
    unsigned http_status;   /* 0: there was no answer */
    int64_t retry_after_us; /* the server's wish; 0: none */
    uint64_t bytes_out;     /* of the body, as it went over the wire */
    char problem[256];      /* one sentence when reply.verdict is not DELIVERED, or the server warns; never a secret */
};

struct azm_sender {
    /* Blocks until there is an answer or a timeout. */
    void (*send)(struct azm_sender *self, const struct azm_sending *sending, struct azm_sent *out);
    /* A send that waits gives up soon, and later ones at once. */
    void (*stop)(struct azm_sender *self);
    void (*close)(struct azm_sender *self);
    bool loopback; /* on this machine: waits between attempts are short */
};
