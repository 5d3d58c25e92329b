#include <stdlib.h>

#include "ring/ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes as a ring file: 512 of the header, 16 of each kept slot, then the body; the first byte picks the calls. */
static void lay(char *memory, size_t size, azm_slice in)
{
    static const struct {
        size_t at, len;
    } parts[] = {{0, 512}, {4096, 16}, {4096 + 14336, 16}, {AZM_RING_FRONT, SIZE_MAX}};
    for (size_t i = 0; i < AZM_COUNT(parts); i++) {
        azm_slice part = azm_slice_take(azm_slice_take(in, parts[i].len), size - parts[i].at);
        if (part.len)
            memcpy(memory + parts[i].at, part.ptr, part.len);
        in = azm_slice_drop(in, part.len);
    }
}

static volatile unsigned touched;

static void touch(azm_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        touched += (unsigned char)bytes.ptr[i];
}

static void drain(struct azm_ring_reader *reader, unsigned how, uint64_t capacity)
{
    struct azm_ring_record record;
    for (uint64_t step = 0; step <= capacity / 8; step++) { /* more steps than words: somebody runs in circles */
        enum azm_status status = azm_ring_next(reader, &record);
        if (status == AZM_OK) {
            touch(record.bytes);
            if (how & 1)
                azm_ring_release(reader, record.end);
        } else if (azm_ring_skip(reader) == 0) {
            return;
        }
        if (how & 1 && step % 4 == 3)
            azm_ring_release(reader, reader->next);
    }
    __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_ring_reader reader;
    struct azm_ring_writer writer;
    size_t bytes = AZM_RING_SIZE_MIN + (size && data[0] & 8 ? 4096 : 0);
    char *memory = aligned_alloc(64, bytes);
    if (!memory || size == 0)
        return free(memory), 0;
    memset(memory, 0, bytes);
    if (data[0] & 2 && azm_ring_format(memory, bytes, 1, 2, 3) != AZM_OK)
        __builtin_trap();
    if (data[0] & 2) /* a sound ring with a damaged body */
        memcpy(memory + AZM_RING_FRONT, data + 1, size - 1 < 4096 ? size - 1 : 4096);
    else
        lay(memory, bytes, azm_slice_of(data + 1, size - 1));
    if (azm_ring_writer_init(&writer, memory, bytes) == AZM_OK)
        for (int i = 0; i < 8; i++)
            (data[0] & 4 ? azm_ring_put_shared : azm_ring_put)(&writer, 1, azm_slice_of(data, size < 900 ? size : 900));
    if (azm_ring_reader_init(&reader, memory, bytes) == AZM_OK) {
        struct azm_ring_stats stats = azm_ring_stats(&reader);
        touch(azm_ring_kept(&reader));
        drain(&reader, data[0], stats.capacity);
        if (azm_ring_keep(&reader, azm_slice_of(data, size < 100 ? size : 100)) != AZM_OK)
            __builtin_trap();
        touch(azm_ring_kept(&reader));
        azm_ring_beat(&reader);
        azm_ring_set_control(&reader, true, 1);
    }
    free(memory);
    return 0;
}
