#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    azm_slice bytes;
    uint64_t value;
} varints[] = {
    {{"\0", 1}, 0},
    {{"\1", 1}, 1},
    {{"\x7f", 1}, 127},
    {{"\x80\1", 2}, 128},
    {{"\xac\2", 2}, 300},
    {{"\xff\xff\xff\xff\x0f", 5}, UINT32_MAX},
    {{"\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9}, INT64_MAX},
    {{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 10}, UINT64_MAX}, /* -1 as an int32 too */
};

static void varint(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(varints); i++) {
        char storage[16];
        struct azm_buf out;
        uint64_t value = 0;
        azm_buf_init_fixed(&out, storage, sizeof storage);
        azm_wire_put_varint(&out, varints[i].value);
        assert_true(azm_slice_eq(azm_buf_slice(&out), varints[i].bytes));
        azm_buf_add_byte(&out, '!');
        azm_slice in = azm_buf_slice(&out);
        assert_int_equal(azm_wire_varint(&in, &value), AZM_OK);
        assert_int_equal(value, varints[i].value);
        assert_true(azm_slice_eq(in, AZM_S("!")));
        for (size_t cut = 0; cut < varints[i].bytes.len; cut++) {
            in = azm_slice_take(varints[i].bytes, cut);
            assert_int_equal(azm_wire_varint(&in, &value), AZM_MORE);
            assert_int_equal(in.len, cut); /* nothing taken */
        }
    }
    uint64_t value;
    azm_slice padded = AZM_S("\x81\x80\0"), endless = AZM_S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1");
    assert_int_equal(azm_wire_varint(&padded, &value), AZM_OK); /* not the shortest, but legal */
    assert_int_equal(value, 1);
    assert_int_equal(azm_wire_varint(&endless, &value), AZM_BAD_INPUT);
}

static void fields(void **state)
{
    static const struct {
        azm_slice in;
        enum azm_status status;
        struct azm_wire_field field;
        size_t left;
    } rows[] = {
        {{"", 0}, AZM_END, {0}, 0},
        {{"\x08\x96\1", 3}, AZM_OK, {1, AZM_WIRE_VARINT, 150, {NULL, 0}}, 0},
        {{"\x12\3abc\x08\1", 7}, AZM_OK, {2, AZM_WIRE_BYTES, 0, {"abc", 3}}, 2},
        {{"\x12\0", 2}, AZM_OK, {2, AZM_WIRE_BYTES, 0, {"", 0}}, 0},
        {{"\x19\1\2\3\4\5\6\7\x88", 9}, AZM_OK, {3, AZM_WIRE_FIXED64, 0x8807060504030201, {NULL, 0}}, 0},
        {{"\x25\1\2\3\x84", 5}, AZM_OK, {4, AZM_WIRE_FIXED32, 0x84030201, {NULL, 0}}, 0},
        {{"\xf8\xff\xff\xff\x0f\1", 6}, AZM_OK, {536870911, AZM_WIRE_VARINT, 1, {NULL, 0}}, 0},
        {{"\x80\x80\x80\x80\x10\1", 6}, AZM_BAD_INPUT, {0}, 0}, /* a number past the last */
        {{"\0\1", 2}, AZM_BAD_INPUT, {0}, 0},                   /* field 0 */
        {{"\x0b\x0c", 2}, AZM_BAD_INPUT, {0}, 0},               /* a group */
        {{"\x0c", 1}, AZM_BAD_INPUT, {0}, 0},
        {{"\x0e", 1}, AZM_BAD_INPUT, {0}, 0}, /* types 6 and 7 */
        {{"\x0f", 1}, AZM_BAD_INPUT, {0}, 0},
        {{"\x88", 1}, AZM_BAD_INPUT, {0}, 0}, /* torn: tag, varint, length, content, fixed */
        {{"\x08\x96", 2}, AZM_BAD_INPUT, {0}, 0},
        {{"\x12\x83", 2}, AZM_BAD_INPUT, {0}, 0},
        {{"\x12\3ab", 4}, AZM_BAD_INPUT, {0}, 0},
        {{"\x19\1\2\3\4\5\6\7", 8}, AZM_BAD_INPUT, {0}, 0},
        {{"\x25\1\2\3", 4}, AZM_BAD_INPUT, {0}, 0},
        {{"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\1ab", 13}, AZM_BAD_INPUT, {0}, 0}, /* no overflow */
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_wire_field field;
        azm_slice in = rows[i].in;
        assert_int_equal(azm_wire_next(&in, &field), rows[i].status);
        if (rows[i].status != AZM_OK)
            continue;
        assert_int_equal(field.no, rows[i].field.no);
        assert_int_equal(field.type, rows[i].field.type);
        assert_int_equal(field.number, rows[i].field.number);
        assert_true(azm_slice_eq(field.bytes, rows[i].field.bytes));
        assert_int_equal(in.len, rows[i].left);
    }
}

static void zigzag(void **state)
{
    static const struct {
        uint64_t wire;
        int64_t value;
    } rows[] = {{0, 0}, {1, -1}, {2, 1}, {3, -2}, {UINT64_MAX - 1, INT64_MAX}, {UINT64_MAX, INT64_MIN}};
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        char storage[16];
        struct azm_buf out;
        struct azm_wire_field field;
        azm_buf_init_fixed(&out, storage, sizeof storage);
        azm_wire_put_sint(&out, 1, rows[i].value);
        azm_slice in = azm_buf_slice(&out);
        assert_int_equal(azm_wire_next(&in, &field), AZM_OK);
        assert_int_equal(field.number, rows[i].wire);
        assert_int_equal(azm_wire_zigzag(field.number), rows[i].value);
    }
}

static void writers(void **state)
{
    static const char expected[] = "\x08\x96\1"
                                   "\x10\0"
                                   "\x19\1\0\0\0\0\0\0\x80"
                                   "\x21\0\0\0\0\0\0\xf8\x3f"
                                   "\x2a\2hi"
                                   "\x32\0"
                                   "\xc2\x3e\1x"
                                   "\x3d\1\0\0\x80"
                                   "\x42\2\x08\7";
    char storage[64];
    struct azm_buf out;
    (void)state;
    azm_buf_init_fixed(&out, storage, sizeof storage);
    azm_wire_put_uint(&out, 1, 150);
    azm_wire_put_uint(&out, 2, 0);
    azm_wire_put_fixed64(&out, 3, 0x8000000000000001);
    azm_wire_put_double(&out, 4, 1.5);
    azm_wire_put_bytes(&out, 5, AZM_S("hi"));
    azm_wire_put_bytes(&out, 6, (azm_slice){NULL, 0});
    azm_wire_put_bytes(&out, 1000, AZM_S("x"));
    azm_wire_put_fixed32(&out, 7, 0x80000001);
    azm_wire_put_head(&out, 8, 2);
    azm_wire_put_uint(&out, 1, 7);
    assert_true(azm_slice_eq(azm_buf_slice(&out), (azm_slice){expected, sizeof expected - 1}));
}

static void sizes(void **state)
{
    static const uint32_t numbers[] = {1, 15, 16, 2047, 2048};
    static const size_t lens[] = {0, 1, 127, 128, 16383, 16384, 70000};
    static char content[70000];
    (void)state;
    for (size_t n = 0; n < AZM_COUNT(numbers); n++)
        for (size_t l = 0; l < AZM_COUNT(lens); l++) {
            struct azm_buf out, head;
            azm_buf_init(&out, 100000);
            azm_buf_init(&head, 100);
            azm_wire_put_bytes(&out, numbers[n], (azm_slice){content, lens[l]});
            azm_wire_put_head(&head, numbers[n], lens[l]);
            assert_int_equal(azm_wire_bytes_size(numbers[n], lens[l]), out.len);
            assert_int_equal(head.len + lens[l], out.len);
            assert_memory_equal(head.ptr, out.ptr, head.len);
            azm_buf_dispose(&out);
            azm_buf_dispose(&head);
        }
}

/* Contents whose length takes one byte, two and three, three levels deep. */
static void nested(void **state)
{
    static const size_t sizes[] = {0, 1, 120, 125, 127, 128, 129, 16000, 16380, 16383, 16384, 70000};
    static char content[70000];
    (void)state;
    memset(content, 'c', sizeof content);
    for (size_t i = 0; i < AZM_COUNT(sizes); i++) {
        struct azm_buf out;
        struct azm_wire_field field;
        azm_buf_init(&out, 100000);
        azm_wire_put_uint(&out, 9, 7);
        size_t outer = azm_wire_begin(&out, 1), inner = azm_wire_begin(&out, 2);
        azm_wire_put_bytes(&out, 3, (azm_slice){content, sizes[i]});
        azm_wire_end(&out, inner);
        azm_wire_put_uint(&out, 4, 5);
        azm_wire_end(&out, outer);
        azm_wire_put_uint(&out, 9, 8);
        azm_slice in = azm_buf_slice(&out);
        assert_int_equal(azm_wire_next(&in, &field), AZM_OK);
        assert_int_equal(azm_wire_next(&in, &field), AZM_OK);
        azm_slice one = field.bytes;
        assert_int_equal(azm_wire_next(&in, &field), AZM_OK);
        assert_int_equal(field.number, 8);
        assert_int_equal(azm_wire_next(&in, &field), AZM_END);
        assert_int_equal(azm_wire_next(&one, &field), AZM_OK);
        azm_slice two = field.bytes;
        assert_int_equal(azm_wire_next(&one, &field), AZM_OK);
        assert_int_equal(field.number, 5);
        assert_int_equal(azm_wire_next(&one, &field), AZM_END);
        assert_int_equal(azm_wire_next(&two, &field), AZM_OK);
        assert_true(azm_slice_eq(field.bytes, (azm_slice){content, sizes[i]}));
        assert_int_equal(azm_wire_next(&two, &field), AZM_END);
        azm_buf_dispose(&out);
    }
}

/* However small the buf: it says so and nothing is written past it. */
static void full(void **state)
{
    static const char content[150] = "";
    const size_t whole = 2 + 3 + (1 + 2 + sizeof content) + 9; /* the outer length takes two bytes */
    (void)state;
    for (size_t size = 0; size <= whole; size++) {
        char *exact = test_malloc(size + 1);
        struct azm_buf out;
        azm_buf_init_fixed(&out, exact, size);
        azm_wire_put_uint(&out, 1, 1);
        size_t begun = azm_wire_begin(&out, 2);
        azm_wire_put_bytes(&out, 3, (azm_slice){content, sizeof content});
        azm_wire_put_fixed64(&out, 4, 1);
        azm_wire_end(&out, begun);
        assert_int_equal(out.failed, size < whole);
        test_free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varint), cmocka_unit_test(fields), cmocka_unit_test(zigzag), cmocka_unit_test(writers),
        cmocka_unit_test(sizes),  cmocka_unit_test(nested), cmocka_unit_test(full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
