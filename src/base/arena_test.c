#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool zeroed(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static void allocations(void **state)
{
    static const size_t sizes[] = {0, 1, 7, 16, 17, 4000, 4096, 4097, 100000, 3, 2000000, 5};
    struct azm_arena arena;
    char *before = NULL;
    (void)state;
    azm_arena_init(&arena, 0);
    for (size_t i = 0; i < AZM_COUNT(sizes); i++) {
        char *p = azm_arena_alloc(&arena, sizes[i]);
        assert_non_null(p);
        assert_ptr_not_equal(p, before);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        assert_true(zeroed(p, sizes[i]));
        memset(p, 0xff, sizes[i]); /* the sanitizer watches */
        before = p;
    }
    azm_arena_dispose(&arena);
    assert_int_equal(arena.total, 0);
    assert_non_null(azm_arena_alloc(&arena, 1)); /* usable again */
    azm_arena_dispose(&arena);
}

static void rewinding(void **state)
{
    struct azm_arena arena;
    (void)state;
    azm_arena_init(&arena, 0);
    struct azm_arena_mark empty = azm_arena_mark(&arena);
    char *first = azm_arena_alloc(&arena, 100);
    memset(first, 1, 100);
    struct azm_arena_mark mark = azm_arena_mark(&arena);
    char *second = azm_arena_alloc(&arena, 100);
    memset(second, 2, 100);
    for (int i = 0; i < 100; i++)
        azm_arena_alloc(&arena, 10000);
    size_t grown = arena.total;
    azm_arena_rewind(&arena, mark);
    assert_true(arena.total < grown);
    assert_int_equal(first[99], 1);
    assert_ptr_equal(azm_arena_alloc(&arena, 100), second);
    assert_true(zeroed(second, 100)); /* zeroed anew */
    azm_arena_alloc(&arena, 100000);
    azm_arena_rewind(&arena, empty);
    assert_ptr_equal(azm_arena_alloc(&arena, 100), first); /* the first block stays */
    azm_arena_dispose(&arena);
}

static void rounds_do_not_grow(void **state)
{
    struct azm_arena arena;
    (void)state;
    azm_arena_init(&arena, 0);
    azm_arena_alloc(&arena, 8);
    size_t total = arena.total;
    for (size_t round = 0; round < 100; round++) {
        struct azm_arena_mark mark = azm_arena_mark(&arena);
        for (size_t i = 0; i < 50; i++)
            azm_arena_alloc(&arena, i * round);
        azm_arena_rewind(&arena, mark);
        assert_int_equal(arena.total, total);
    }
    azm_arena_dispose(&arena);
}

static void ceiling(void **state)
{
    static const char big[5000] = "";
    struct azm_arena arena;
    (void)state;
    azm_arena_init(&arena, 10000);
    assert_non_null(azm_arena_alloc(&arena, 1));
    assert_null(azm_arena_alloc(&arena, 10000));
    assert_null(azm_arena_alloc(&arena, SIZE_MAX - 8));
    assert_non_null(azm_arena_alloc(&arena, 5000));
    for (int i = 0; i < 1000; i++)
        azm_arena_alloc(&arena, 100);
    assert_true(arena.total <= 10000);
    assert_null(azm_arena_alloc(&arena, 5000));
    assert_null(azm_arena_copy(&arena, (azm_slice){big, sizeof big}).ptr);
    assert_null(azm_arena_printf(&arena, "%5000d", 1));
    azm_arena_dispose(&arena);

    azm_arena_init(&arena, 64); /* smaller than a block */
    assert_non_null(azm_arena_alloc(&arena, 48));
    assert_null(azm_arena_alloc(&arena, 48));
    azm_arena_dispose(&arena);
}

static void text(void **state)
{
    struct azm_arena arena;
    char source[] = "abc";
    (void)state;
    azm_arena_init(&arena, 0);
    azm_slice copy = azm_arena_copy(&arena, azm_slice_str(source));
    char *str = azm_arena_str(&arena, (azm_slice){source, 2});
    source[0] = '#';
    assert_true(azm_slice_eq(copy, AZM_S("abc")));
    assert_string_equal(str, "ab");
    assert_string_equal(azm_arena_str(&arena, (azm_slice){NULL, 0}), "");
    assert_int_equal(azm_arena_copy(&arena, (azm_slice){NULL, 0}).len, 0);
    assert_string_equal(azm_arena_printf(&arena, "%s-%03d", "x", 7), "x-007");
    azm_arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations), cmocka_unit_test(rewinding), cmocka_unit_test(rounds_do_not_grow),
        cmocka_unit_test(ceiling),     cmocka_unit_test(text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
