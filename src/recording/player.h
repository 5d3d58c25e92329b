/* Plays a recording against a real tap, over real sockets: listens as the host, starts the tap with a stand-in for the
 * worker behind it (stand_in.h), and sends each piece from the side it came from, in the recorded order, after the one
 * before has arrived on the other side. What arrives must be what was sent.
 *
 * One thing may differ, because a tap may change it: the digits of the port in the worker's HttpUri. A recording with
 * an HTTP leg (pair.h) is then played over that port: the stand-in serves HTTP, and the host's connections go where the
 * host was told. */
#pragma once

#include "recording/format.h"

struct azm_player_options {
    const char *tap;        /* path of azimuth-tap */
    const char *program;    /* path of azimuth, which is the stand-in too */
    const char *const *env; /* "NAME=VALUE", added to our own environment for the tap; ended by NULL */
    double speed;           /* 0: as fast as possible; 1: as it was; 10: ten times as fast */
    /* How pieces are cut before they are sent: 0 not at all, 1 into single bytes, n into 1 to n bytes at random. */
    uint32_t cut_max;
    uint64_t seed;       /* of the random cuts */
    uint32_t timeout_ms; /* the longest wait for anything to arrive */
};

struct azm_player_result {
    uint64_t worker_bytes, host_bytes; /* that arrived, from each side */
    uint32_t connections;
    bool patched; /* the port in HttpUri arrived as another one */
};

/* AZM_OK: equal. AZM_BAD_INPUT: the first difference, in err; AZM_TIMEOUT: something did not arrive; other states: the
 * replay itself could not be done. */
enum azm_status azm_player_run(const struct azm_recording *recording, const struct azm_player_options *options,
                               struct azm_player_result *result, struct azm_error *err) AZM_MUST_CHECK;
