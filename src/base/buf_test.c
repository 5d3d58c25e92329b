#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const struct azm_buf *buf, const char *text, bool failed)
{
    assert_true(azm_slice_eq(azm_buf_slice(buf), azm_slice_str(text)));
    assert_int_equal(buf->failed, failed);
    assert_true(buf->len <= buf->cap && buf->cap <= buf->max);
}

/* The same promises whether the bytes are the heap's or the caller's. */
static void promises(struct azm_buf *buf)
{
    expect(buf, "", false);
    azm_buf_add(buf, (azm_slice){NULL, 0});
    azm_buf_add_str(buf, "abc");
    azm_buf_add_byte(buf, 'd');
    azm_buf_addf(buf, "%d%s", 12, "e");
    expect(buf, "abcd12e", false);
    azm_buf_truncate(buf, 99);
    azm_buf_truncate(buf, 4);
    expect(buf, "abcd", false);
    azm_buf_consume(buf, 0);
    azm_buf_consume(buf, 1);
    expect(buf, "bcd", false);

    azm_buf_add_str(buf, "efghi"); /* eight bytes: full to the last */
    expect(buf, "bcdefghi", false);
    azm_buf_add_byte(buf, 'j');
    expect(buf, "bcdefghi", true);
    azm_buf_consume(buf, 7); /* room alone does not mend it */
    azm_buf_add_byte(buf, 'k');
    azm_buf_addf(buf, "l");
    azm_buf_truncate(buf, 1);
    expect(buf, "i", true);
    assert_null(azm_buf_reserve(buf, 0));

    azm_buf_clear(buf);
    expect(buf, "", false);
    azm_buf_add_str(buf, "123456789"); /* all or nothing */
    expect(buf, "", true);
    azm_buf_clear(buf);
    azm_buf_addf(buf, "%s", "123456789");
    expect(buf, "", true);
    azm_buf_clear(buf);
    assert_null(azm_buf_reserve(buf, SIZE_MAX));
    expect(buf, "", true);
    azm_buf_clear(buf);
    char *at = azm_buf_reserve(buf, 8);
    assert_non_null(at);
    memcpy(at, "xyz", 3);
    buf->len += 3;
    expect(buf, "xyz", false);
    azm_buf_consume(buf, 99);
    expect(buf, "", false);
    azm_buf_dispose(buf);
    expect(buf, "", false);
}

static void on_the_heap(void **state)
{
    struct azm_buf buf;
    (void)state;
    azm_buf_init(&buf, 8);
    promises(&buf);
    azm_buf_add_str(&buf, "again");
    expect(&buf, "again", false);
    azm_buf_dispose(&buf);
}

static void in_storage(void **state)
{
    char storage[9] = "########";
    struct azm_buf buf;
    (void)state;
    azm_buf_init_fixed(&buf, storage, 8);
    promises(&buf);
    azm_buf_add_str(&buf, "again");
    assert_ptr_equal(buf.ptr, storage);
    assert_int_equal(storage[8], '\0');
    azm_buf_dispose(&buf);
}

static void growing(void **state)
{
    struct azm_buf buf;
    (void)state;
    azm_buf_init(&buf, 100000);
    for (size_t i = 0; i < 100000; i++)
        azm_buf_add_byte(&buf, (uint8_t)i);
    assert_false(buf.failed);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal((uint8_t)buf.ptr[i], (uint8_t)i);
    azm_buf_add_byte(&buf, 0);
    assert_true(buf.failed);
    azm_buf_dispose(&buf);
}

static void nothing_at_all(void **state)
{
    struct azm_buf buf;
    (void)state;
    azm_buf_init(&buf, 0);
    azm_buf_add_str(&buf, "");
    assert_false(buf.failed);
    azm_buf_add_byte(&buf, 'a');
    assert_true(buf.failed);
    azm_buf_dispose(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(on_the_heap), cmocka_unit_test(in_storage),
                                       cmocka_unit_test(growing), cmocka_unit_test(nothing_at_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
