/* Memory for one piece of work: allocated forward, given back all at once. Not for code in the customer's process.
 * Aborts when memory is out, unless it was born with a ceiling: then allocations past it return NULL. */
#pragma once

#include "base/slice.h"

struct azm_arena_block;

struct azm_arena {
    struct azm_arena_block *top;
    size_t used;  /* of the top block */
    size_t total; /* bytes held in all blocks */
    size_t max;   /* 0: no ceiling */
};

struct azm_arena_mark {
    struct azm_arena_block *top;
    size_t used;
};

void azm_arena_init(struct azm_arena *arena, size_t max_bytes);
void azm_arena_dispose(struct azm_arena *arena);
struct azm_arena_mark azm_arena_mark(const struct azm_arena *arena);
void azm_arena_rewind(struct azm_arena *arena, struct azm_arena_mark mark);

/* Zeroed, aligned for any type. */
void *azm_arena_alloc(struct azm_arena *arena, size_t size);
azm_slice azm_arena_copy(struct azm_arena *arena, azm_slice bytes);
/* NUL-terminated copy. */
char *azm_arena_str(struct azm_arena *arena, azm_slice bytes);
char *azm_arena_printf(struct azm_arena *arena, const char *fmt, ...) AZM_PRINTF(2, 3);

#define azm_arena_new(arena, type)          ((type *)azm_arena_alloc((arena), sizeof(type)))
#define azm_arena_array(arena, type, count) ((type *)azm_arena_alloc((arena), sizeof(type) * (count)))
