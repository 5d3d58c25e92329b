#include "agent/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct azm_segment sample = {.format = {"elastic", 7},
                                          .ring = {"ring-17-4711", 12},
                                          .user_agent = {"apm-agent-azimuth/1 (shop)", 26},
                                          .source = {"\x0a\x04shop", 6},
                                          .body = {"not really gzip", 15},
                                          .plain_bytes = 100,
                                          .events = 3,
                                          .made_us = 1795425282115993};

static azm_slice write_sample(struct azm_buf *file)
{
    azm_buf_init(file, 4096);
    assert_int_equal(azm_segment_write(file, &sample), AZM_OK);
    return azm_buf_slice(file);
}

static void assert_text(azm_slice got, azm_slice expected)
{
    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.ptr, expected.ptr, got.len);
}

static void what_is_written_is_read(void **state)
{
    struct azm_buf file;
    struct azm_segment read;
    (void)state;
    assert_int_equal(azm_segment_read(write_sample(&file), &read), AZM_OK);
    assert_text(read.format, sample.format);
    assert_text(read.ring, sample.ring);
    assert_text(read.user_agent, sample.user_agent);
    assert_text(read.source, sample.source);
    assert_text(read.body, sample.body);
    assert_int_equal(read.plain_bytes, 100);
    assert_int_equal(read.events, 3);
    assert_true(read.made_us == sample.made_us);
    azm_buf_dispose(&file);
}

/* In what is damaged past the texts, events can still be counted; before, nothing can be believed. */
static enum azm_status expected(size_t at, char now, size_t len)
{
    if (at == 7 && now > '1' && now <= '9')
        return AZM_UNSUPPORTED;
    return at < len - sample.body.len ? AZM_BAD_INPUT : AZM_MORE;
}

static void every_bit_counts(void **state)
{
    struct azm_buf file;
    struct azm_segment read;
    (void)state;
    azm_slice whole = write_sample(&file);
    for (size_t bit = 0; bit < 8 * whole.len; bit++) {
        file.ptr[bit / 8] = (char)(file.ptr[bit / 8] ^ (1 << bit % 8));
        enum azm_status status = azm_segment_read(whole, &read);
        assert_int_equal(status, expected(bit / 8, whole.ptr[bit / 8], whole.len));
        assert_int_equal(read.events, status == AZM_MORE ? 3 : 0);
        assert_int_equal(read.body.len, 0);
        file.ptr[bit / 8] = (char)(file.ptr[bit / 8] ^ (1 << bit % 8));
    }
    azm_buf_dispose(&file);
}

static void torn_anywhere(void **state)
{
    struct azm_buf file;
    struct azm_segment read;
    (void)state;
    azm_slice whole = write_sample(&file);
    for (size_t len = 0; len < whole.len; len++) {
        char *copy = malloc(len + 1); /* of exact size: a byte read past it is seen by ASan */
        memcpy(copy, whole.ptr, len);
        enum azm_status status = azm_segment_read(azm_slice_of(copy, len), &read);
        assert_int_equal(status, len < whole.len - sample.body.len ? AZM_BAD_INPUT : AZM_MORE);
        free(copy);
    }
    azm_buf_add_byte(&file, 0);
    assert_int_equal(azm_segment_read(azm_buf_slice(&file), &read), AZM_MORE);
    azm_buf_dispose(&file);
}

static void limits(void **state)
{
    static char many[AZM_SEGMENT_SOURCE + 1];
    static const struct {
        size_t format, ring, agent, source;
        enum azm_status status;
    } rows[] = {
        {63, 63, 255, 65536, AZM_OK}, {64, 1, 1, 1, AZM_TOO_BIG},    {1, 64, 1, 1, AZM_TOO_BIG},
        {1, 1, 256, 1, AZM_TOO_BIG},  {1, 1, 1, 65537, AZM_TOO_BIG}, {0, 0, 0, 0, AZM_OK},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_buf file;
        struct azm_segment read, segment = {.format = {many, rows[i].format},
                                            .ring = {many, rows[i].ring},
                                            .user_agent = {many, rows[i].agent},
                                            .source = {many, rows[i].source}};
        azm_buf_init(&file, AZM_SEGMENT_FRONT);
        assert_int_equal(azm_segment_write(&file, &segment), rows[i].status);
        if (rows[i].status == AZM_OK)
            assert_int_equal(azm_segment_read(azm_buf_slice(&file), &read), AZM_OK);
        azm_buf_dispose(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(torn_anywhere),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
