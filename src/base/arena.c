#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct azm_arena_block {
    struct azm_arena_block *below;
    size_t size;
    _Alignas(max_align_t) char bytes[];
};

#define FIRST_BLOCK 4096u
#define MAX_BLOCK   (1u << 20)

void azm_arena_init(struct azm_arena *arena, size_t max_bytes)
{
    *arena = (struct azm_arena){.max = max_bytes};
}

static void pop(struct azm_arena *arena)
{
    struct azm_arena_block *block = arena->top;
    arena->top = block->below;
    arena->total -= block->size;
    free(block);
}

void azm_arena_dispose(struct azm_arena *arena)
{
    while (arena->top)
        pop(arena);
    arena->used = 0;
}

struct azm_arena_mark azm_arena_mark(const struct azm_arena *arena)
{
    return (struct azm_arena_mark){arena->top, arena->used};
}

void azm_arena_rewind(struct azm_arena *arena, struct azm_arena_mark mark)
{
    while (arena->top && arena->top != mark.top) {
        if (!mark.top && !arena->top->below) { /* keep the first block: the next piece of work wants it */
            arena->used = 0;
            return;
        }
        pop(arena);
    }
    arena->used = mark.used;
}

static struct azm_arena_block *push(struct azm_arena *arena, size_t need)
{
    size_t size = arena->top ? arena->top->size * 2 : FIRST_BLOCK;
    if (size > MAX_BLOCK)
        size = MAX_BLOCK;
    if (size < need)
        size = need;
    if (arena->max && (size > arena->max || arena->total > arena->max - size)) {
        size = need;
        if (size > arena->max || arena->total > arena->max - size)
            return NULL;
    }
    struct azm_arena_block *block = malloc(sizeof *block + size);
    if (!block) {
        if (arena->max)
            return NULL;
        abort();
    }
    block->below = arena->top;
    block->size = size;
    arena->top = block;
    arena->used = 0;
    arena->total += size;
    return block;
}

void *azm_arena_alloc(struct azm_arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return NULL;
    size = size ? (size + align - 1) / align * align : align;
    if ((!arena->top || size > arena->top->size - arena->used) && !push(arena, size))
        return NULL;
    void *out = arena->top->bytes + arena->used;
    arena->used += size;
    return memset(out, 0, size);
}

azm_slice azm_arena_copy(struct azm_arena *arena, azm_slice bytes)
{
    char *out = azm_arena_str(arena, bytes);
    return out ? (azm_slice){out, bytes.len} : (azm_slice){NULL, 0};
}

char *azm_arena_str(struct azm_arena *arena, azm_slice bytes)
{
    char *out = azm_arena_alloc(arena, bytes.len + 1);
    if (out && bytes.len)
        memcpy(out, bytes.ptr, bytes.len);
    return out;
}

char *azm_arena_printf(struct azm_arena *arena, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *out = n < 0 ? NULL : azm_arena_alloc(arena, (size_t)n + 1);
    if (out)
        vsnprintf(out, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(args);
    return out;
}
