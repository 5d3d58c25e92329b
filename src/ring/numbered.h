/* For tests with several threads or processes: records that tell who wrote them, in which order, and whether they are
 * whole. */
#pragma once

#include "base/slice.h"

#define NUMBERED_MAX 2000u

struct numbered {
    uint32_t writer, len;
    uint64_t number;
};

static inline char numbered_byte(uint32_t writer, uint64_t number, size_t at)
{
    return (char)(number * 31 + writer * 7 + at);
}

/* Length and content follow from writer and number. */
static inline azm_slice numbered_make(char storage[NUMBERED_MAX], uint32_t writer, uint64_t number)
{
    struct numbered head = {writer, (uint32_t)(sizeof head + (number * 2654435761u >> 7) % 300), number};
    if (number % 61 == 0)
        head.len = NUMBERED_MAX - (uint32_t)(number % 9);
    memcpy(storage, &head, sizeof head);
    for (size_t i = sizeof head; i < head.len; i++)
        storage[i] = numbered_byte(writer, number, i);
    return (azm_slice){storage, head.len};
}

/* False when a single byte of it is not as numbered_make made it. */
static inline bool numbered_read(azm_slice record, uint32_t *writer, uint64_t *number)
{
    struct numbered head;
    if (record.len < sizeof head)
        return false;
    memcpy(&head, record.ptr, sizeof head);
    for (size_t i = sizeof head; i < record.len; i++)
        if (record.ptr[i] != numbered_byte(head.writer, head.number, i))
            return false;
    *writer = head.writer;
    *number = head.number;
    return head.len == record.len;
}
