#include "ring/layout.h"

/* In this order, so that a reader that dies in the middle leaves word of it, and no zeros that look like a record still
 * to come. */
static void release(struct azm_ring_reader *reader, uint64_t end)
{
    uint64_t len = end - reader->tail, offset = reader->tail & reader->mask, left = reader->mask + 1 - offset;
    atomic_store_explicit(&reader->header->released, end, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    memset(reader->body + offset, 0, (size_t)(len < left ? len : left));
    if (len > left)
        memset(reader->body, 0, (size_t)(len - left));
    reader->tail = end;
    atomic_store_explicit(&reader->header->tail, end, memory_order_release);
}

enum azm_status azm_ring_reader_init(struct azm_ring_reader *reader, void *memory, size_t size)
{
    uint64_t capacity;
    enum azm_status status = azm_ring_check(memory, size, &capacity);
    if (status != AZM_OK)
        return status;
    *reader = (struct azm_ring_reader){
        .header = memory, .body = (char *)memory + AZM_RING_FRONT, .mask = capacity - 1, .fresh = true};
    reader->tail = atomic_load_explicit(&reader->header->tail, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&reader->header->head, memory_order_relaxed);
    /* A single producer that died between a record's word and the head leaves a head behind the tail. */
    bool near = head - reader->tail <= capacity || reader->tail - head <= capacity;
    if (reader->tail % RING_WORD != 0 || !near)
        return AZM_BAD_INPUT;
    uint64_t released = atomic_load_explicit(&reader->header->released, memory_order_relaxed);
    bool begun = released - reader->tail <= capacity && released % RING_WORD == 0;
    reader->next = begun ? released : reader->tail;
    return AZM_OK;
}

/* A word, taken apart. All zeros (state 0): nothing there. */
struct word {
    enum ring_state state;
    unsigned kind;
    uint64_t len, whole; /* whole: with the word itself and what pads it to 8 bytes */
};

/* AZM_MORE: empty. AZM_BAD_INPUT: not a word that belongs here, or a length that nothing here can have. */
static enum azm_status look(const struct azm_ring_reader *reader, uint64_t position, struct word *out)
{
    uint64_t offset = position & reader->mask;
    uint64_t word = atomic_load_explicit(ring_word_at(reader->body, offset), memory_order_acquire);
    if (word == 0)
        return AZM_MORE;
    uint64_t len = word & 0xfffff;
    *out = (struct word){(enum ring_state)(word >> 20 & 0xf), word >> 24 & 0xff, len, RING_WORD + ring_padded(len)};
    if (word != ring_word(reader->header->key, position, out->state, out->kind, len))
        return AZM_BAD_INPUT;
    if (offset + out->whole > reader->mask + 1 || position + out->whole - reader->tail > reader->mask + 1)
        return AZM_BAD_INPUT;
    switch (out->state) {
    case RING_PADDING: return offset + out->whole == reader->mask + 1 ? AZM_OK : AZM_BAD_INPUT;
    case RING_BUSY:
    case RING_RECORD: return out->kind && len <= AZM_RING_RECORD_MAX ? AZM_OK : AZM_BAD_INPUT;
    }
    return AZM_BAD_INPUT;
}

/* Everything up to a lap ahead of the tail is read: there is no word to look at until some of it is released. */
static bool lapped(const struct azm_ring_reader *reader)
{
    return reader->next - reader->tail > reader->mask;
}

/* What an earlier reader began. Not done by azm_ring_reader_init, which may be called only to look. */
static void finish_release(struct azm_ring_reader *reader)
{
    if (reader->fresh && reader->next != reader->tail)
        release(reader, reader->next);
    reader->fresh = false;
}

enum azm_status azm_ring_next(struct azm_ring_reader *reader, struct azm_ring_record *out)
{
    struct word word;
    finish_release(reader);
    while (!lapped(reader)) { /* padding ends a lap, so this is at most two steps */
        enum azm_status status = look(reader, reader->next, &word);
        if (status != AZM_OK)
            return status;
        if (word.state == RING_BUSY)
            return AZM_MORE;
        uint64_t at = (reader->next & reader->mask) + RING_WORD;
        reader->next += word.whole;
        if (word.state == RING_RECORD) {
            *out = (struct azm_ring_record){word.kind, {reader->body + at, (size_t)word.len}, reader->next};
            return AZM_OK;
        }
    }
    return AZM_MORE;
}

/* Nothing was ever reserved from here on; at most a lap ahead of the tail, whatever the header says. */
static uint64_t scan_end(const struct azm_ring_reader *reader)
{
    uint64_t head = atomic_load_explicit(&reader->header->head, memory_order_acquire);
    uint64_t room = reader->mask + 1 - (reader->next - reader->tail), ahead = head - reader->next;
    if (ahead > reader->mask + 1) /* a head behind us */
        return reader->next;
    return reader->next + (ahead < room ? ahead & ~(uint64_t)7 : room);
}

uint64_t azm_ring_skip(struct azm_ring_reader *reader)
{
    struct word word;
    uint64_t begin = reader->next, end = scan_end(reader);
    for (uint64_t at = begin; at != end; at += RING_WORD) {
        if (look(reader, at, &word) != AZM_OK)
            continue;
        /* A record begun and never finished tells its length; anything else is for azm_ring_next. */
        reader->next = at == begin && word.state == RING_BUSY ? at + word.whole : at;
        return reader->next - begin;
    }
    return 0;
}

void azm_ring_release(struct azm_ring_reader *reader, uint64_t end)
{
    if (end - reader->tail <= reader->next - reader->tail && end % RING_WORD == 0)
        release(reader, end);
}

void azm_ring_beat(struct azm_ring_reader *reader)
{
    _Atomic uint64_t *beat = &reader->header->heartbeat;
    uint64_t next = atomic_load_explicit(beat, memory_order_relaxed) + 1;
    atomic_store_explicit(beat, next ? next : 1, memory_order_relaxed);
}

void azm_ring_set_control(struct azm_ring_reader *reader, bool paused, uint32_t sample_per_10000)
{
    atomic_store_explicit(&reader->header->paused, paused, memory_order_relaxed);
    atomic_store_explicit(&reader->header->sample_per_10000, sample_per_10000, memory_order_relaxed);
}

static char *slot_of(const struct azm_ring_reader *reader, unsigned slot)
{
    return (char *)reader->header + 4096 + (size_t)slot * RING_KEEP_SIZE;
}

/* Two slots, used in turn: the one that holds is left alone until the other one is whole. */
enum azm_status azm_ring_keep(struct azm_ring_reader *reader, azm_slice bytes)
{
    _Atomic uint32_t *kept = &reader->header->kept;
    unsigned slot = atomic_load_explicit(kept, memory_order_relaxed) == 1 ? 1 : 0;
    if (bytes.len > AZM_RING_KEEP_MAX) {
        atomic_store_explicit(kept, 0, memory_order_release);
        return AZM_TOO_BIG;
    }
    uint64_t len = bytes.len;
    memcpy(slot_of(reader, slot), &len, sizeof len);
    if (len)
        memcpy(slot_of(reader, slot) + sizeof len, bytes.ptr, bytes.len);
    atomic_store_explicit(kept, slot + 1, memory_order_release);
    return AZM_OK;
}

azm_slice azm_ring_kept(const struct azm_ring_reader *reader)
{
    uint32_t kept = atomic_load_explicit(&reader->header->kept, memory_order_acquire);
    uint64_t len;
    if (kept != 1 && kept != 2)
        return (azm_slice){0};
    memcpy(&len, slot_of(reader, kept - 1), sizeof len);
    return len <= AZM_RING_KEEP_MAX ? (azm_slice){slot_of(reader, kept - 1) + sizeof len, (size_t)len} : (azm_slice){0};
}

struct azm_ring_stats azm_ring_stats(const struct azm_ring_reader *reader)
{
    const struct azm_ring_header *header = reader->header;
    uint64_t used = atomic_load_explicit(&header->head, memory_order_relaxed) - reader->tail;
    struct azm_ring_stats stats = {
        .version = header->version,
        .pid = header->pid,
        .process_start = header->process_start,
        .created_us = header->created_us,
        .capacity = reader->mask + 1,
        .used = used <= reader->mask + 1 ? used : 0,
        .written = atomic_load_explicit(&header->written, memory_order_relaxed),
    };
    for (int i = 0; i < AZM_RING_DROP_REASONS; i++)
        stats.dropped[i] = atomic_load_explicit(&header->dropped[i], memory_order_relaxed);
    return stats;
}
