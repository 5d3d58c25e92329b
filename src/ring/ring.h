/* The channel from a guest to the agent: records in shared memory, lock-free, surviving the death of its writer.
 * Works on memory it is given (os/map.h makes it); one ring per process. Layout, version rules and proofs: ring.md.
 *
 * Body: records, 8-byte aligned, never split: each begins with one 64-bit word of length, kind and position that is
 * written last (release). Consumed space is zeroed by the reader, so a hole left by a dead writer can be skipped.
 * Full means drop and count, never wait. Neither side trusts what the other one wrote: whatever the memory holds, no
 * call reads or writes outside of it, and none loops without an end. */
#pragma once

#include "base/slice.h"

#define AZM_RING_VERSION    1u
#define AZM_RING_FRONT      32768u                        /* bytes before the body: header, and what a reader keeps */
#define AZM_RING_SIZE       (AZM_RING_FRONT + (1u << 20)) /* bytes of a ring file by default */
#define AZM_RING_SIZE_MIN   (AZM_RING_FRONT + 4096u)
#define AZM_RING_SIZE_MAX   (AZM_RING_FRONT + (1u << 29))
#define AZM_RING_RECORD_MAX 65536u
#define AZM_RING_KEEP_MAX   14328u

enum azm_ring_drop { /* why a writer left something out; counters in the header, order is fixed for ever */
                     AZM_RING_DROP_FULL,      /* no room: the agent is away or too slow */
                     AZM_RING_DROP_TOO_BIG,   /* a record over AZM_RING_RECORD_MAX */
                     AZM_RING_DROP_POOL,      /* more open invocations than the pool holds */
                     AZM_RING_DROP_BLIND,     /* a connection or direction went blind */
                     AZM_RING_DROP_MALFORMED, /* one message could not be understood */
                     AZM_RING_DROP_REASONS = 16
};

/* Prepares zeroed memory, aligned to 64 bytes, for a writer. The body is the largest power of two that fits into size
 * behind the front. AZM_BAD_USAGE when size is not between AZM_RING_SIZE_MIN and _MAX. */
enum azm_status azm_ring_format(void *memory, size_t size, uint32_t pid, uint64_t process_start,
                                int64_t wall_us) AZM_MUST_CHECK;

/* --- writer: allocates nothing, never blocks --- */
struct azm_ring_writer {
    struct azm_ring_header *header;
    char *body;
    uint64_t mask, head, tail; /* mask: of the body; head and tail: what the single producer remembers of them */
};

/* AZM_UNSUPPORTED when the memory holds another version, AZM_BAD_INPUT when no sound ring. A process writes to a ring
 * of its own: after fork() the child formats another one. */
enum azm_status azm_ring_writer_init(struct azm_ring_writer *writer, void *memory, size_t size) AZM_MUST_CHECK;
/* One producer. False: dropped and counted. kind: enum azm_record_kind, 1..255. */
bool azm_ring_put(struct azm_ring_writer *writer, unsigned kind, azm_slice record);
/* Many producers: reserves by compare-and-swap. Do not mix with azm_ring_put on one ring. */
bool azm_ring_put_shared(struct azm_ring_writer *writer, unsigned kind, azm_slice record);
/* Counts n things that were left out. Any thread. */
void azm_ring_count_drop(struct azm_ring_writer *writer, enum azm_ring_drop reason, uint64_t n);

/* Control words, written by the agent, read with a plain load. */
struct azm_ring_control {
    uint64_t heartbeat;        /* counts up while an agent looks after this ring; 0: none ever did */
    bool paused;               /* the agent asks for silence */
    uint32_t sample_per_10000; /* 0..10000, or UINT32_MAX: not set, use the own setting */
};
struct azm_ring_control azm_ring_control(const struct azm_ring_writer *writer);

/* --- reader: one at a time, which is the caller's care (os/map.h, os/lock.h) --- */
struct azm_ring_record {
    unsigned kind;
    azm_slice bytes; /* borrowed from the ring until azm_ring_release. A writer gone mad may change it meanwhile, so
                      * copy it before parsing */
    uint64_t end;    /* position behind it, for azm_ring_release */
};

struct azm_ring_reader {
    struct azm_ring_header *header;
    char *body;
    uint64_t mask, tail, next; /* next: position of the next record to look at; the ring's tail stays until release */
    bool fresh;                /* nothing was read yet */
};

/* Checks everything it will rely on. AZM_MORE: not formatted yet (all zeros at the start). AZM_BAD_INPUT: no sound
 * ring. AZM_UNSUPPORTED: a version newer than AZM_RING_VERSION. Starts at the ring's tail: what an earlier reader did
 * not release is read again. */
enum azm_status azm_ring_reader_init(struct azm_ring_reader *reader, void *memory, size_t size) AZM_MUST_CHECK;
/* AZM_OK: a record. AZM_MORE: nothing (more) at the moment. AZM_BAD_INPUT: the word at `next` is damaged; call _skip.
 */
enum azm_status azm_ring_next(struct azm_ring_reader *reader, struct azm_ring_record *out) AZM_MUST_CHECK;
/* For the ring of a dead writer: steps over the hole at `next`, or over damage to the next good record. Returns the
 * bytes skipped, 0 when nothing follows. With a living writer only after AZM_BAD_INPUT: a hole there is a record that
 * is being written, and would be lost, or later damage another. */
uint64_t azm_ring_skip(struct azm_ring_reader *reader);
/* Events up to `end` are safe: zeroes that space and advances the tail. An end outside of what was read does nothing.
 */
void azm_ring_release(struct azm_ring_reader *reader, uint64_t end);

void azm_ring_beat(struct azm_ring_reader *reader);
void azm_ring_set_control(struct azm_ring_reader *reader, bool paused, uint32_t sample_per_10000);

/* Leaves bytes in the ring for the reader after this one, in place of what was kept before; they survive a crash at any
 * moment. For the source record, which a new agent needs to understand the records after it: keep it before you release
 * it. AZM_TOO_BIG over AZM_RING_KEEP_MAX (what was kept before is then forgotten). */
enum azm_status azm_ring_keep(struct azm_ring_reader *reader, azm_slice bytes) AZM_MUST_CHECK;
/* Borrowed from the ring until the second next azm_ring_keep; ptr NULL when nothing (sound) is kept. */
azm_slice azm_ring_kept(const struct azm_ring_reader *reader);

/* What the header tells, for the agent's status and the doctor. */
struct azm_ring_stats {
    uint32_t version, pid;
    uint64_t process_start;
    int64_t created_us;
    uint64_t capacity, used; /* bytes of the body */
    uint64_t written;        /* records */
    uint64_t dropped[AZM_RING_DROP_REASONS];
};
struct azm_ring_stats azm_ring_stats(const struct azm_ring_reader *reader);
