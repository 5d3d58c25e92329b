#include "ring/layout.h"

static bool is_power_of_two(uint64_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* Splitmix64's mixer: a key that a stranger whose text travels in records can't guess, so that no text passes for a
 * record when a reader looks for the next good one behind damage. */
static uint64_t mix(uint64_t n)
{
    n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
    n = (n ^ n >> 27) * 0x94d049bb133111ebu;
    return n ^ n >> 31;
}

enum azm_status azm_ring_format(void *memory, size_t size, uint32_t pid, uint64_t process_start, int64_t wall_us)
{
    struct azm_ring_header *header = memory;
    if (size < AZM_RING_SIZE_MIN || size > AZM_RING_SIZE_MAX)
        return AZM_BAD_USAGE;
    uint64_t capacity = 4096;
    while (capacity * 2 <= size - AZM_RING_FRONT)
        capacity *= 2;
    header->version = AZM_RING_VERSION;
    header->pid = pid;
    atomic_store_explicit(&header->capacity, capacity, memory_order_relaxed);
    header->process_start = process_start;
    header->created_us = wall_us;
    header->key = mix(mix(mix(pid) + process_start) + (uint64_t)wall_us);
    atomic_store_explicit(&header->sample_per_10000, UINT32_MAX, memory_order_relaxed);
    atomic_store_explicit(&header->magic, RING_MAGIC, memory_order_release);
    return AZM_OK;
}

enum azm_status azm_ring_check(const struct azm_ring_header *header, size_t size, uint64_t *capacity)
{
    if (size < AZM_RING_SIZE_MIN || size > AZM_RING_SIZE_MAX)
        return AZM_BAD_INPUT;
    uint64_t magic = atomic_load_explicit(&header->magic, memory_order_acquire);
    if (magic != RING_MAGIC)
        return magic == 0 ? AZM_MORE : AZM_BAD_INPUT;
    if (header->version != AZM_RING_VERSION)
        return header->version > AZM_RING_VERSION ? AZM_UNSUPPORTED : AZM_BAD_INPUT;
    *capacity = atomic_load_explicit(&header->capacity, memory_order_relaxed);
    if (!is_power_of_two(*capacity) || *capacity < 4096 || *capacity > size - AZM_RING_FRONT)
        return AZM_BAD_INPUT;
    return AZM_OK;
}
