/* Recorded conversations between a Functions host and a language worker: JSON lines, described in
 * tests/recordings/README.md. The first line tells what the file is, each further one an event on a connection. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

#define AZM_RECORDING_CHUNK_MAX   65536u              /* bytes of one event: what a recorder reads at once */
#define AZM_RECORDING_LINE_MAX    ((size_t)128 << 10) /* a line with such a chunk, or the first line */
#define AZM_RECORDING_CONNECTIONS 1024u
#define AZM_RECORDING_FILE_MAX    ((size_t)256 << 20)

enum azm_recording_kind { AZM_RECORDING_OPEN, AZM_RECORDING_CHUNK, AZM_RECORDING_CLOSE };
enum azm_recording_side { AZM_RECORDING_WORKER, AZM_RECORDING_HOST };

struct azm_recording_event {
    int64_t t_us;        /* since the recorder started */
    uint32_t connection; /* 1..AZM_RECORDING_CONNECTIONS */
    enum azm_recording_kind kind;
    enum azm_recording_side side; /* who sent the chunk, or ended its half first; not for OPEN */
    azm_slice bytes;              /* of a CHUNK */
};

struct azm_recording {
    azm_slice worker, scenario; /* what the first line says; ptr NULL when it does not */
    azm_slice pair;             /* of a gRPC leg: the name of the file with its HTTP leg (pair.h) */
    uint64_t invocations;       /* the sum over its phases, 0 when it does not say */
    const struct azm_recording_event *events;
    size_t event_count;
    uint32_t connections; /* highest connection number */
    uint32_t first_http;  /* this connection and those after it are of the HTTP leg; 0: none (pair.h) */
};

/* Everything the result points to lies in the arena. AZM_BAD_INPUT or AZM_TOO_BIG name the line and what was expected
 * there: JSON, a connection opened once before it is used, nothing from a side that has closed. */
enum azm_status azm_recording_parse(azm_slice text, struct azm_arena *arena, struct azm_recording *out,
                                    struct azm_error *err) AZM_MUST_CHECK;
/* The same from a file; errors begin with its path. */
enum azm_status azm_recording_load(const char *path, struct azm_arena *arena, struct azm_recording *out,
                                   struct azm_error *err) AZM_MUST_CHECK;

/* Appends the first line. meta: a JSON object whose members stand in it too, or empty. AZM_BAD_INPUT when it is not. */
enum azm_status azm_recording_put_head(struct azm_buf *out, azm_slice meta, struct azm_error *err) AZM_MUST_CHECK;
/* Appends one event's line; out->failed when it does not fit. */
void azm_recording_put_event(struct azm_buf *out, const struct azm_recording_event *event);
