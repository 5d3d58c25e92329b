/* How a ring lies in memory; drawn in ring.md. Both sides' files include this, nobody else does. */
#pragma once

#include <stdatomic.h>

#include "ring/ring.h"

#define RING_MAGIC     0x474e49524d5a4101u /* bytes 01 "AZMRING" */
#define RING_KEEP_SIZE 14336u              /* of one slot: length and guard, then the bytes */

struct azm_ring_header {
    /* Written once by the writer; magic last. */
    _Atomic uint64_t magic;
    uint32_t version, pid;
    _Atomic uint64_t capacity;
    uint64_t process_start;
    int64_t created_us;
    uint64_t key, spare[2];
    /* Written by the reader, rarely. */
    _Atomic uint64_t heartbeat;
    _Atomic uint32_t paused, sample_per_10000, kept; /* kept: 1 + the slot that holds, 0: none */
    uint32_t spare_control[11];
    /* Written by the writer with every record. */
    _Atomic uint64_t head, written;
    uint64_t spare_head[6];
    _Atomic uint64_t dropped[AZM_RING_DROP_REASONS];
    /* Written by the reader with every release. */
    _Atomic uint64_t tail, released; /* released: ahead of the tail while a release is under way */
    uint64_t spare_tail[6];
};
_Static_assert(offsetof(struct azm_ring_header, heartbeat) == 64, "layout is fixed");
_Static_assert(offsetof(struct azm_ring_header, head) == 128, "layout is fixed");
_Static_assert(offsetof(struct azm_ring_header, dropped) == 192, "layout is fixed");
_Static_assert(offsetof(struct azm_ring_header, tail) == 320, "layout is fixed");
_Static_assert(sizeof(struct azm_ring_header) == 384, "layout is fixed");
_Static_assert(4096 + 2 * RING_KEEP_SIZE == AZM_RING_FRONT, "layout is fixed");
_Static_assert(RING_KEEP_SIZE - 8 == AZM_RING_KEEP_MAX, "layout is fixed");

/* A record's first word: 63..32 guard, 31..24 kind, 23..20 state, 19..0 length of what follows the word. */
enum ring_state { RING_BUSY = 1, RING_RECORD = 2, RING_PADDING = 3 };
#define RING_WORD 8u

static inline uint64_t ring_word(uint64_t key, uint64_t position, enum ring_state state, unsigned kind, uint64_t len)
{
    return (position >> 3 ^ key) << 32 | (uint64_t)(kind & 0xff) << 24 | (uint64_t)state << 20 | len;
}

static inline uint64_t ring_padded(uint64_t len)
{
    return (len + 7) & ~(uint64_t)7;
}

static inline _Atomic uint64_t *ring_word_at(char *body, uint64_t offset)
{
    return (_Atomic uint64_t *)(void *)(body + offset);
}

/* What both sides check before they rely on a header. The capacity is read once, so that nobody changes it after the
 * check. */
enum azm_status azm_ring_check(const struct azm_ring_header *header, size_t size, uint64_t *capacity);
