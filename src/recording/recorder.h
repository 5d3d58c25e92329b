/* A relay that understands nothing and writes down everything: the worker connects to it, it connects to the host, and
 * each piece of bytes becomes a line of a recording before it is passed on. A side is read again when the other has
 * taken what came. Runs its own loop on the caller's thread. */
#pragma once

#include <stdio.h>

#include "recording/endpoint.h"

struct azm_recorder_options {
    struct azm_endpoint listen; /* port 0: any */
    struct azm_endpoint to;
    FILE *out; /* the caller's; flushed after every line */
    azm_slice meta;
    /* Once, when connections are accepted. */
    void (*listening)(void *self, const char *host, unsigned port);
    void *self;
};

/* Until SIGINT or SIGTERM: then AZM_OK. AZM_NETWORK when it cannot listen, AZM_BAD_INPUT for meta that is no JSON
 * object. AZM_IO when the recording could not be written: the relay goes on without it until it is told to end. */
enum azm_status azm_recorder_run(const struct azm_recorder_options *options, struct azm_error *err) AZM_MUST_CHECK;
