#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

void azm_buf_init(struct azm_buf *buf, size_t max)
{
    *buf = (struct azm_buf){.max = max};
}

void azm_buf_init_fixed(struct azm_buf *buf, void *storage, size_t size)
{
    *buf = (struct azm_buf){.ptr = storage, .cap = size, .max = size, .fixed = true};
}

void azm_buf_dispose(struct azm_buf *buf)
{
    if (buf->fixed) {
        azm_buf_clear(buf);
        return;
    }
    free(buf->ptr);
    azm_buf_init(buf, buf->max);
}

void azm_buf_clear(struct azm_buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

void azm_buf_truncate(struct azm_buf *buf, size_t len)
{
    if (len < buf->len)
        buf->len = len;
}

static bool grow(struct azm_buf *buf, size_t need)
{
    if (buf->fixed || need > buf->max)
        return false;
    size_t cap = buf->cap ? buf->cap : 64;
    while (cap < need)
        cap = cap > buf->max / 2 ? buf->max : cap * 2;
    if (cap > buf->max)
        cap = buf->max;
    char *ptr = realloc(buf->ptr, cap);
    if (!ptr)
        return false;
    buf->ptr = ptr;
    buf->cap = cap;
    return true;
}

char *azm_buf_reserve_more(struct azm_buf *buf, size_t n)
{
    if (buf->failed)
        return NULL;
    if (n > buf->cap - buf->len && (n > SIZE_MAX - buf->len || !grow(buf, buf->len + n))) {
        buf->failed = true;
        return NULL;
    }
    return buf->ptr + buf->len;
}

void azm_buf_add(struct azm_buf *buf, azm_slice bytes)
{
    if (bytes.len == 0)
        return;
    char *at = azm_buf_reserve(buf, bytes.len);
    if (at) {
        memcpy(at, bytes.ptr, bytes.len);
        buf->len += bytes.len;
    }
}

void azm_buf_add_str(struct azm_buf *buf, const char *str)
{
    azm_buf_add(buf, azm_slice_str(str));
}

void azm_buf_add_byte(struct azm_buf *buf, uint8_t byte)
{
    char *at = azm_buf_reserve(buf, 1);
    if (at) {
        *at = (char)byte;
        buf->len++;
    }
}

void azm_buf_addv(struct azm_buf *buf, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0) {
        buf->failed = true;
    } else if (!buf->fixed) {
        char *at = azm_buf_reserve(buf, (size_t)n + 1);
        if (at) {
            vsnprintf(at, (size_t)n + 1, fmt, again);
            buf->len += (size_t)n;
        }
    } else if (!buf->failed && (size_t)n < buf->cap - buf->len) {
        vsnprintf(buf->ptr + buf->len, (size_t)n + 1, fmt, again);
        buf->len += (size_t)n;
    } else {
        buf->failed = true;
    }
    va_end(again);
}

void azm_buf_addf(struct azm_buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    azm_buf_addv(buf, fmt, args);
    va_end(args);
}

void azm_buf_consume(struct azm_buf *buf, size_t n)
{
    if (n >= buf->len) {
        buf->len = 0;
    } else if (n) {
        memmove(buf->ptr, buf->ptr + n, buf->len - n);
        buf->len -= n;
    }
}
