/* A long conversation between host and worker made from a recorded one: its beginning as it was, then its first
 * invocation again and again, each time under an id of its own. */
#pragma once

#include "recording/format.h"

enum { BENCH_GROUP = 2, BENCH_PARTS_MAX = 8, BENCH_PART_MAX = 16 * 1024 };

struct bench_chunk {
    enum azm_recording_side side;
    azm_slice bytes; /* borrowed until the next chunk */
};

struct bench_stream {
    struct azm_arena arena;
    struct azm_recording recording;
    size_t beginning; /* events before the first invocation */
    size_t parts;     /* chunks of that invocation, the request first */
    struct bench_chunk part[BENCH_PARTS_MAX];
    char id[36];
    unsigned serial; /* invocations so far */
    char buffer[BENCH_GROUP * BENCH_PART_MAX];
};

/* False, with a sentence on stderr, when the recording has no such invocation. */
bool bench_stream_open(struct bench_stream *stream, const char *path);
void bench_stream_close(struct bench_stream *stream);

/* Called for each chunk, in order. */
typedef void bench_send(void *self, const struct bench_chunk *chunk);
void bench_stream_begin(const struct bench_stream *stream, bench_send *send, void *self);
/* concurrency 1: one at a time, chunks as recorded. 16: sixteen at a time, two of them sharing each chunk (recordings
 * at concurrency 4 have 1 to 1.75 chunks an invocation, this has 1.5); invocations is rounded up to a multiple of 16.
 */
void bench_stream_run(struct bench_stream *stream, unsigned invocations, unsigned concurrency, bench_send *send,
                      void *self);
