/* What `azimuth replay` and its stand-in for a worker say to each other: frames on a loopback connection of their own,
 * beside the connections that are replayed. A frame is verb (1 byte), connection (4, big-endian), length (4), bytes. */
#pragma once

#include "base/buf.h"

#define AZM_CONTROL_BYTES_MAX ((size_t)1 << 20)

enum azm_control_verb {
    /* from replay */
    AZM_CONTROL_OPEN = 1, /* connect to the address the worker was started with */
    AZM_CONTROL_SEND,     /* these bytes */
    AZM_CONTROL_END,      /* close the sending half */
    AZM_CONTROL_QUIT,     /* end, with success */
    AZM_CONTROL_SERVE,    /* listen for HTTP */
    AZM_CONTROL_EXPECT,   /* the next connection that comes there is this one */
    /* from the stand-in */
    AZM_CONTROL_HELLO,    /* first: the --functions-uri it was started with */
    AZM_CONTROL_SERVING,  /* the port that is listened on, in decimal */
    AZM_CONTROL_OPENED,   /* connected, or accepted */
    AZM_CONTROL_RECEIVED, /* these bytes */
    AZM_CONTROL_ENDED,    /* the other side closed its half */
    AZM_CONTROL_FAILED,   /* why, in words */
};

struct azm_control_frame {
    enum azm_control_verb verb;
    uint32_t connection;
    azm_slice bytes;
};

void azm_control_put(struct azm_buf *out, enum azm_control_verb verb, uint32_t connection, azm_slice bytes);
/* Takes one frame off the front of *in; its bytes are borrowed from there. AZM_MORE: nothing taken, come back with
 * more. AZM_BAD_INPUT: an unknown verb. AZM_TOO_BIG: over AZM_CONTROL_BYTES_MAX. */
enum azm_status azm_control_next(azm_slice *in, struct azm_control_frame *out) AZM_MUST_CHECK;
