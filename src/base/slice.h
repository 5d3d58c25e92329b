/* A slice borrows bytes: it owns nothing, is not NUL-terminated, and is passed by value. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/status.h"

typedef struct azm_slice {
    const char *ptr;
    size_t len;
} azm_slice;

#define AZM_S(literal) ((azm_slice){"" literal, sizeof(literal) - 1})
#define AZM_S_INIT(literal)                                                                                            \
    {                                                                                                                  \
        "" literal, sizeof(literal) - 1                                                                                \
    } /* the same, where C wants a constant initializer */
#define AZM_FMT(s)                                                                                                     \
    (int)(s).len, (s).ptr /* two arguments, for "%.*s"; foreign text goes through azm_slice_take first                 \
                           */

static inline azm_slice azm_slice_of(const void *ptr, size_t len)
{
    return (azm_slice){(const char *)ptr, len};
}

/* NULL gives the empty slice. */
static inline azm_slice azm_slice_str(const char *str)
{
    return str ? (azm_slice){str, strlen(str)} : (azm_slice){NULL, 0};
}

/* Without the first n bytes; n beyond the end gives the empty slice. */
static inline azm_slice azm_slice_drop(azm_slice s, size_t n)
{
    return n < s.len ? (azm_slice){s.ptr + n, s.len - n} : (azm_slice){s.len ? s.ptr + s.len : s.ptr, 0};
}

/* The first n bytes, or all if there are fewer. */
static inline azm_slice azm_slice_take(azm_slice s, size_t n)
{
    return n < s.len ? (azm_slice){s.ptr, n} : s;
}

static inline bool azm_slice_eq(azm_slice a, azm_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII letters without case; all other bytes exactly. */
bool azm_slice_same_nocase(azm_slice a, azm_slice b); /* of two that are equally long */
static inline bool azm_slice_eq_nocase(azm_slice a, azm_slice b)
{
    return a.len == b.len && azm_slice_same_nocase(a, b);
}
bool azm_slice_starts(azm_slice s, azm_slice prefix);
bool azm_slice_starts_nocase(azm_slice s, azm_slice prefix);
bool azm_slice_ends(azm_slice s, azm_slice suffix);
bool azm_slice_ends_nocase(azm_slice s, azm_slice suffix);

/* The position of the first (last) c, or s.len when there is none. */
size_t azm_slice_find(azm_slice s, char c);
size_t azm_slice_rfind(azm_slice s, char c);
/* The position of the first needle, or s.len when there is none. An empty needle is found at 0. */
size_t azm_slice_search(azm_slice s, azm_slice needle);

/* Without spaces and tabs at both ends (HTTP's optional white space). */
azm_slice azm_slice_trim(azm_slice s);

/* Cuts the part before the next sep off the front of *rest. False when *rest is used up (ptr NULL).
 * "a,,b" gives "a", "", "b"; "" gives one empty part. */
bool azm_slice_split(azm_slice *rest, char sep, azm_slice *part);

/* Decimal digits only, nothing around them. AZM_BAD_INPUT for anything else, AZM_TOO_BIG past 64 bits. */
enum azm_status azm_slice_to_u64(azm_slice s, uint64_t *out) AZM_MUST_CHECK;

/* Copies into a NUL-terminated array of size bytes, cutting what does not fit. Returns the bytes copied. */
size_t azm_slice_copy(azm_slice s, char *out, size_t size);

/* -1, 0, 1 as memcmp, the shorter one first. */
int azm_slice_compare(azm_slice a, azm_slice b);
