/* Any text is a stack trace of some kind; every frame lies inside it. */
#include "trace/stack.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(azm_slice part, azm_slice whole)
{
    if (part.ptr && (part.ptr < whole.ptr || part.ptr + part.len > whole.ptr + whole.len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_frame frames[AZM_FRAMES_MAX];
    char *copy = malloc(size ? size : 1); /* exact, so that a read past the end is seen */
    if (size)
        memcpy(copy, data, size);
    azm_slice text = {copy, size};
    size_t count = azm_stack_read(text, frames, AZM_FRAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        inside(frames[i].classname, text);
        inside(frames[i].function, text);
        inside(frames[i].module, text);
        inside(frames[i].path, text);
        inside(azm_path_base(frames[i].path), text);
    }
    inside(azm_stack_type(text, text), text);
    free(copy);
    return 0;
}
