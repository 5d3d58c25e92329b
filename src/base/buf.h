/* A buf owns bytes and never grows past the ceiling it was born with. Appending past it (or without memory) sets
 * `failed`, and later appends do nothing: an encoder writes straight through and asks once at the end. */
#pragma once

#include <stdarg.h>

#include "base/slice.h"

struct azm_buf {
    char *ptr;
    size_t len, cap, max;
    bool fixed; /* over the caller's storage: never grown, never freed */
    bool failed;
};

/* max: most bytes it may ever hold. Nothing is allocated yet. */
void azm_buf_init(struct azm_buf *buf, size_t max);
/* Over the caller's storage, for code that may not allocate. */
void azm_buf_init_fixed(struct azm_buf *buf, void *storage, size_t size);
/* Frees; afterwards it is empty, with the same ceiling, and can be used again. */
void azm_buf_dispose(struct azm_buf *buf);
/* Empty again, memory kept, failure forgotten. */
void azm_buf_clear(struct azm_buf *buf);
/* Cuts back to len bytes (len at most buf->len); does not forget a failure. */
void azm_buf_truncate(struct azm_buf *buf, size_t len);

/* Room for n more bytes at ptr + len, or NULL (then `failed` is set). The caller adds to len what it wrote. */
static inline char *azm_buf_reserve(struct azm_buf *buf, size_t n);
void azm_buf_add(struct azm_buf *buf, azm_slice bytes);
void azm_buf_add_str(struct azm_buf *buf, const char *str);
void azm_buf_add_byte(struct azm_buf *buf, uint8_t byte);
/* printf; needs room for a NUL behind it, which is not counted in len. */
void azm_buf_addf(struct azm_buf *buf, const char *fmt, ...) AZM_PRINTF(2, 3);
void azm_buf_addv(struct azm_buf *buf, const char *fmt, va_list args) AZM_PRINTF(2, 0);
/* Removes n bytes from the front. */
void azm_buf_consume(struct azm_buf *buf, size_t n);

static inline azm_slice azm_buf_slice(const struct azm_buf *buf)
{
    return (azm_slice){buf->ptr, buf->len};
}

char *azm_buf_reserve_more(struct azm_buf *buf, size_t n); /* the rest of azm_buf_reserve */

static inline char *azm_buf_reserve(struct azm_buf *buf, size_t n)
{
    return AZM_LIKELY(!buf->failed && n <= buf->cap - buf->len) ? buf->ptr + buf->len : azm_buf_reserve_more(buf, n);
}
