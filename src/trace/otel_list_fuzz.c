#include "trace/otel_list.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    azm_slice list = azm_slice_of(data, size);
    struct azm_arena arena;
    azm_arena_init(&arena, 1 << 20);
    struct azm_pairs pairs = azm_otel_list_read(list, &arena);
    if (pairs.count > AZM_OTEL_LIST_MAX || (pairs.count && !azm_otel_list_is_valid(list)))
        abort();
    for (size_t i = 0; i < pairs.count; i++) {
        struct azm_pair pair = pairs.items[i];
        if (!pair.key.len || !azm_slice_eq(azm_pairs_get(pairs, pair.key), pair.value))
            abort();
        for (size_t at = 0; azm_otel_headers_are_valid(list) && at < pair.value.len; at++)
            if ((unsigned char)pair.value.ptr[at] < ' ' && pair.value.ptr[at] != '\t')
                abort();
    }
    azm_arena_dispose(&arena);
    return 0;
}
