#include "ring/layout.h"

enum azm_status azm_ring_writer_init(struct azm_ring_writer *writer, void *memory, size_t size)
{
    uint64_t capacity;
    enum azm_status status = azm_ring_check(memory, size, &capacity);
    if (status != AZM_OK)
        return status == AZM_MORE ? AZM_BAD_INPUT : status;
    *writer = (struct azm_ring_writer){.header = memory, .body = (char *)memory + AZM_RING_FRONT, .mask = capacity - 1};
    writer->head = atomic_load_explicit(&writer->header->head, memory_order_relaxed);
    writer->tail = atomic_load_explicit(&writer->header->tail, memory_order_acquire);
    return writer->head % RING_WORD == 0 && writer->head - writer->tail <= capacity ? AZM_OK : AZM_BAD_INPUT;
}

/* One record's place: where it begins, how much padding comes before it (a record is never split), and where it ends.
 */
struct place {
    uint64_t begin, padding, end;
};

static struct place place_at(const struct azm_ring_writer *writer, uint64_t position, size_t len)
{
    uint64_t need = RING_WORD + ring_padded(len), left = writer->mask + 1 - (position & writer->mask);
    uint64_t padding = need > left ? left : 0;
    return (struct place){position, padding, position + padding + need};
}

static void put_word(struct azm_ring_writer *writer, uint64_t position, enum ring_state state, unsigned kind,
                     uint64_t len, memory_order order)
{
    atomic_store_explicit(ring_word_at(writer->body, position & writer->mask),
                          ring_word(writer->header->key, position, state, kind, len), order);
}

static void fill(struct azm_ring_writer *writer, struct place place, unsigned kind, azm_slice record)
{
    uint64_t at = place.begin + place.padding;
    if (place.padding)
        put_word(writer, place.begin, RING_PADDING, 0, place.padding - RING_WORD, memory_order_release);
    if (record.len)
        memcpy(writer->body + (at & writer->mask) + RING_WORD, record.ptr, record.len);
    put_word(writer, at, RING_RECORD, kind, record.len, memory_order_release);
}

static bool dropped(struct azm_ring_writer *writer, enum azm_ring_drop reason)
{
    azm_ring_count_drop(writer, reason, 1);
    return false;
}

bool azm_ring_put(struct azm_ring_writer *writer, unsigned kind, azm_slice record)
{
    struct azm_ring_header *header = writer->header;
    if (record.len > AZM_RING_RECORD_MAX)
        return dropped(writer, AZM_RING_DROP_TOO_BIG);
    struct place place = place_at(writer, writer->head, record.len);
    if (place.end - writer->tail > writer->mask + 1) { /* full, as far as we remember */
        writer->tail = atomic_load_explicit(&header->tail, memory_order_acquire);
        if (place.end - writer->tail > writer->mask + 1)
            return dropped(writer, AZM_RING_DROP_FULL);
    }
    fill(writer, place, kind, record);
    writer->head = place.end;
    /* Nobody else writes these two, so no locked instructions are needed. */
    atomic_store_explicit(&header->head, place.end, memory_order_release);
    atomic_store_explicit(&header->written, atomic_load_explicit(&header->written, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    return true;
}

/* Head before tail: a tail that is newer than the head only makes the ring look emptier than it was, and then the
 * exchange fails; the other way round it would look full when it is not. */
static enum azm_status reserve(struct azm_ring_writer *writer, size_t len, struct place *out)
{
    struct azm_ring_header *header = writer->header;
    uint64_t head = atomic_load_explicit(&header->head, memory_order_acquire);
    for (;;) {
        uint64_t tail = atomic_load_explicit(&header->tail, memory_order_acquire);
        *out = place_at(writer, head, len);
        if (head % RING_WORD != 0)
            return AZM_BAD_INPUT;
        if (out->end - tail > writer->mask + 1) {
            uint64_t now = atomic_load_explicit(&header->head, memory_order_acquire);
            if (now == head)
                return AZM_FULL;
            head = now; /* others went on, and perhaps the reader with them */
        } else if (atomic_compare_exchange_weak_explicit(&header->head, &head, out->end, memory_order_acq_rel,
                                                         memory_order_acquire)) {
            return AZM_OK;
        }
    }
}

bool azm_ring_put_shared(struct azm_ring_writer *writer, unsigned kind, azm_slice record)
{
    struct place place;
    if (record.len > AZM_RING_RECORD_MAX)
        return dropped(writer, AZM_RING_DROP_TOO_BIG);
    enum azm_status status = reserve(writer, record.len, &place);
    if (status != AZM_OK)
        return dropped(writer, status == AZM_FULL ? AZM_RING_DROP_FULL : AZM_RING_DROP_BLIND);
    /* Before any other byte of it, so that a reader can step over a record whose writer died in the middle. */
    put_word(writer, place.begin + place.padding, RING_BUSY, kind, record.len, memory_order_relaxed);
    atomic_signal_fence(
        memory_order_seq_cst); /* death is the only thing to be safe from here, so the compiler is enough */
    fill(writer, place, kind, record);
    atomic_fetch_add_explicit(&writer->header->written, 1, memory_order_relaxed);
    return true;
}

void azm_ring_count_drop(struct azm_ring_writer *writer, enum azm_ring_drop reason, uint64_t n)
{
    if ((unsigned)reason < AZM_RING_DROP_REASONS)
        atomic_fetch_add_explicit(&writer->header->dropped[reason], n, memory_order_relaxed);
}

struct azm_ring_control azm_ring_control(const struct azm_ring_writer *writer)
{
    const struct azm_ring_header *header = writer->header;
    return (struct azm_ring_control){
        .heartbeat = atomic_load_explicit(&header->heartbeat, memory_order_relaxed),
        .paused = atomic_load_explicit(&header->paused, memory_order_relaxed) != 0,
        .sample_per_10000 = atomic_load_explicit(&header->sample_per_10000, memory_order_relaxed),
    };
}
