/* A conversation with HTTP proxying is recorded in two files with one clock: its gRPC leg, whose first line names the
 * other, and its HTTP leg, in which the host is the side that opens connections. */
#pragma once

#include "recording/format.h"

/* Both as one recording, in the order of their times: the HTTP leg's connections follow those of the gRPC leg, from
 * out->first_http on, and their sides are named by who they are, not by who opened. AZM_TOO_BIG: more than
 * AZM_RECORDING_CONNECTIONS. */
enum azm_status azm_recording_join(const struct azm_recording *grpc, const struct azm_recording *http,
                                   struct azm_arena *arena, struct azm_recording *out,
                                   struct azm_error *err) AZM_MUST_CHECK;

/* The address that the worker gave the host for HTTP, where it stands in the worker's bytes of a connection. */
struct azm_recorded_uri {
    uint32_t connection;
    uint64_t at; /* offset of "http://" */
    size_t len;
    char *port; /* its digits, in the recording's own memory: they may be overwritten */
    uint64_t port_at;
    size_t digits;
};

/* False: there is none, or it does not lie in one piece. */
bool azm_recording_find_uri(const struct azm_recording *recording, struct azm_recorded_uri *out);
