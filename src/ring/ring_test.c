#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "ring/ring.h"

/* A ring in memory of its own, so that a sanitizer sees a step outside. */
struct ring {
    char *memory;
    size_t size;
    struct azm_ring_writer writer;
    struct azm_ring_reader reader;
};

#define HEAD     128 /* offsets of the header's words, as ring.md has them */
#define TAIL     320
#define RELEASED 328

static void *at(const struct ring *ring, size_t offset)
{
    return ring->memory + offset;
}

static void set64(const struct ring *ring, size_t offset, uint64_t value)
{
    memcpy(at(ring, offset), &value, sizeof value);
}

static struct ring ring_blank(size_t body)
{
    struct ring ring = {.size = AZM_RING_FRONT + body};
    ring.memory = aligned_alloc(64, (ring.size + 63) & ~(size_t)63);
    assert_non_null(ring.memory);
    memset(ring.memory, 0, (ring.size + 63) & ~(size_t)63);
    return ring;
}

static void attach(struct ring *ring)
{
    assert_int_equal(azm_ring_writer_init(&ring->writer, ring->memory, ring->size), AZM_OK);
    assert_int_equal(azm_ring_reader_init(&ring->reader, ring->memory, ring->size), AZM_OK);
}

static struct ring ring_make(size_t body)
{
    struct ring ring = ring_blank(body);
    assert_int_equal(azm_ring_format(ring.memory, ring.size, 4711, 99, 1234567), AZM_OK);
    attach(&ring);
    return ring;
}

typedef bool put_function(struct azm_ring_writer *writer, unsigned kind, azm_slice record);
static put_function *const puts_[] = {azm_ring_put, azm_ring_put_shared};

static void expect(struct ring *ring, unsigned kind, azm_slice bytes)
{
    struct azm_ring_record record;
    assert_int_equal(azm_ring_next(&ring->reader, &record), AZM_OK);
    assert_int_equal(record.kind, kind);
    assert_int_equal(record.bytes.len, bytes.len);
    assert_memory_equal(record.bytes.ptr, bytes.ptr, bytes.len);
}

static void expect_nothing(struct ring *ring)
{
    struct azm_ring_record record;
    assert_int_equal(azm_ring_next(&ring->reader, &record), AZM_MORE);
}

static void records_come_out_as_they_went_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(puts_); i++) {
        struct ring ring = ring_make(4096);
        expect_nothing(&ring);
        assert_true(puts_[i](&ring.writer, 1, AZM_S("hello")));
        assert_true(puts_[i](&ring.writer, 255, AZM_S("")));
        assert_true(puts_[i](&ring.writer, 2, AZM_S("12345678")));
        expect(&ring, 1, AZM_S("hello"));
        expect(&ring, 255, AZM_S(""));
        expect(&ring, 2, AZM_S("12345678"));
        expect_nothing(&ring);
        assert_int_equal(azm_ring_stats(&ring.reader).written, 3);
        assert_int_equal(azm_ring_stats(&ring.reader).used, 16 + 8 + 16);
        free(ring.memory);
    }
}

static void what_is_not_released_is_read_again(void **state)
{
    (void)state;
    struct ring ring = ring_make(4096);
    struct azm_ring_record record;
    assert_true(azm_ring_put(&ring.writer, 1, AZM_S("first")));
    assert_true(azm_ring_put(&ring.writer, 1, AZM_S("second")));
    assert_int_equal(azm_ring_next(&ring.reader, &record), AZM_OK);
    azm_ring_release(&ring.reader, record.end);
    expect(&ring, 1, AZM_S("second"));
    attach(&ring); /* the next agent */
    expect(&ring, 1, AZM_S("second"));
    expect_nothing(&ring);
    free(ring.memory);
}

static void released_space_is_zeroed(void **state)
{
    (void)state;
    struct ring ring = ring_make(4096);
    struct azm_ring_record record;
    for (int lap = 0; lap < 3; lap++) {
        for (int i = 0; i < 9; i++)
            assert_true(azm_ring_put(&ring.writer, 7, azm_slice_of((char[300]){1, 2, 3}, 300)));
        for (int i = 0; i < 9; i++)
            assert_int_equal(azm_ring_next(&ring.reader, &record), AZM_OK);
        azm_ring_release(&ring.reader, record.end);
        for (size_t i = 0; i < 4096; i++)
            assert_int_equal(*(char *)at(&ring, AZM_RING_FRONT + i), 0);
    }
    free(ring.memory);
}

static void a_release_out_of_range_does_nothing(void **state)
{
    (void)state;
    struct ring ring = ring_make(4096);
    struct azm_ring_record record;
    assert_true(azm_ring_put(&ring.writer, 1, AZM_S("first")));
    assert_true(azm_ring_put(&ring.writer, 1, AZM_S("second")));
    assert_int_equal(azm_ring_next(&ring.reader, &record), AZM_OK);
    azm_ring_release(&ring.reader, record.end + 8);
    azm_ring_release(&ring.reader, record.end - 1);
    azm_ring_release(&ring.reader, (uint64_t)-8);
    expect(&ring, 1, AZM_S("second"));
    attach(&ring);
    expect(&ring, 1, AZM_S("first"));
    free(ring.memory);
}

/* Random sizes over many laps, against a model that remembers what was put. */
static void every_lap_is_like_the_first(void **state)
{
    (void)state;
    static char payload[3000];
    for (size_t p = 0; p < AZM_COUNT(puts_); p++) {
        struct ring ring = ring_make(16384);
        struct azm_random put_random, get_random, steps;
        azm_random_init(&put_random, (uint64_t[4]){1});
        get_random = put_random;
        azm_random_init(&steps, (uint64_t[4]){2});
        uint64_t put = 0, got = 0, full = 0;
        while (got < 30000) {
            for (uint64_t n = azm_random_u64(&steps) % 12; n > 0; n--) {
                struct azm_random before = put_random;
                uint64_t r = azm_random_u64(&put_random);
                memset(payload, (int)(r >> 40), sizeof payload);
                if (puts_[p](&ring.writer, 1 + r % 255, azm_slice_of(payload, r / 255 % sizeof payload)))
                    put++;
                else
                    full++, put_random = before;
            }
            struct azm_ring_record record;
            for (uint64_t n = azm_random_u64(&steps) % 12; n > 0; n--) {
                if (azm_ring_next(&ring.reader, &record) != AZM_OK) {
                    azm_ring_release(&ring.reader, ring.reader.next);
                    break;
                }
                uint64_t r = azm_random_u64(&get_random);
                assert_int_equal(record.kind, 1 + r % 255);
                assert_int_equal(record.bytes.len, r / 255 % sizeof payload);
                memset(payload, (int)(r >> 40), sizeof payload);
                assert_memory_equal(record.bytes.ptr, payload, record.bytes.len);
                got++;
                if (r % 3)
                    azm_ring_release(&ring.reader, record.end);
            }
        }
        assert_true(full > 0); /* else the model never met a full ring */
        assert_int_equal(azm_ring_stats(&ring.reader).written, put);
        assert_int_equal(azm_ring_stats(&ring.reader).dropped[AZM_RING_DROP_FULL], full);
        free(ring.memory);
    }
}

static void full_means_drop_and_count(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(puts_); i++) {
        struct ring ring = ring_make(4096);
        struct azm_ring_record record;
        for (int n = 0; n < 4; n++)
            assert_true(puts_[i](&ring.writer, 1, azm_slice_of((char[1016]){0}, 1016)));
        for (int n = 0; n < 5; n++)
            assert_false(puts_[i](&ring.writer, 1, AZM_S("")));
        assert_int_equal(azm_ring_stats(&ring.reader).used, 4096);
        assert_int_equal(azm_ring_stats(&ring.reader).dropped[AZM_RING_DROP_FULL], 5);
        for (int n = 0; n < 4; n++)
            assert_int_equal(azm_ring_next(&ring.reader, &record), AZM_OK);
        assert_int_equal(azm_ring_next(&ring.reader, &record), AZM_MORE); /* a whole lap, nothing released */
        assert_false(puts_[i](&ring.writer, 1, AZM_S("")));
        azm_ring_release(&ring.reader, record.end);
        assert_true(puts_[i](&ring.writer, 1, AZM_S("again")));
        expect(&ring, 1, AZM_S("again"));
        free(ring.memory);
    }
}

static void too_big_is_dropped_and_the_biggest_is_not(void **state)
{
    (void)state;
    static char big[AZM_RING_RECORD_MAX + 1];
    for (size_t i = 0; i < AZM_COUNT(puts_); i++) {
        struct ring ring = ring_make(1u << 18);
        assert_false(puts_[i](&ring.writer, 1, azm_slice_of(big, sizeof big)));
        for (int n = 0; n < 3; n++) {
            struct azm_ring_record record;
            assert_true(puts_[i](&ring.writer, 1, azm_slice_of(big, sizeof big - 1)));
            assert_int_equal(azm_ring_next(&ring.reader, &record), AZM_OK);
            assert_int_equal(record.bytes.len, AZM_RING_RECORD_MAX);
            azm_ring_release(&ring.reader, record.end);
        }
        assert_int_equal(azm_ring_stats(&ring.reader).dropped[AZM_RING_DROP_TOO_BIG], 1);
        free(ring.memory);
    }
}

static void positions_may_wrap_at_64_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(puts_); i++) {
        struct ring ring = ring_make(4096);
        set64(&ring, HEAD, (uint64_t)0 - 4096);
        set64(&ring, TAIL, (uint64_t)0 - 4096);
        set64(&ring, RELEASED, (uint64_t)0 - 4096);
        attach(&ring);
        for (int n = 0; n < 100; n++) {
            struct azm_ring_record record;
            assert_true(puts_[i](&ring.writer, 1, azm_slice_of((char[700]){(char)n}, 700)));
            assert_int_equal(azm_ring_next(&ring.reader, &record), AZM_OK);
            assert_int_equal(record.bytes.ptr[0], n);
            azm_ring_release(&ring.reader, record.end);
        }
        free(ring.memory);
    }
}

static void control_words_and_counters_travel(void **state)
{
    (void)state;
    struct ring ring = ring_make(4096);
    struct azm_ring_control control = azm_ring_control(&ring.writer);
    assert_int_equal(control.heartbeat, 0);
    assert_false(control.paused);
    assert_int_equal(control.sample_per_10000, UINT32_MAX);
    azm_ring_beat(&ring.reader);
    azm_ring_beat(&ring.reader);
    azm_ring_set_control(&ring.reader, true, 250);
    control = azm_ring_control(&ring.writer);
    assert_int_equal(control.heartbeat, 2);
    assert_true(control.paused);
    assert_int_equal(control.sample_per_10000, 250);
    azm_ring_count_drop(&ring.writer, AZM_RING_DROP_POOL, 3);
    azm_ring_count_drop(&ring.writer, (enum azm_ring_drop)4000, 3);
    struct azm_ring_stats stats = azm_ring_stats(&ring.reader);
    assert_int_equal(stats.dropped[AZM_RING_DROP_POOL], 3);
    assert_int_equal(stats.version, AZM_RING_VERSION);
    assert_int_equal(stats.pid, 4711);
    assert_int_equal(stats.process_start, 99);
    assert_int_equal(stats.created_us, 1234567);
    assert_int_equal(stats.capacity, 4096);
    free(ring.memory);
}

static void a_beat_is_never_zero(void **state)
{
    (void)state;
    struct ring ring = ring_make(4096);
    set64(&ring, 64, UINT64_MAX);
    azm_ring_beat(&ring.reader);
    assert_int_equal(azm_ring_control(&ring.writer).heartbeat, 1);
    free(ring.memory);
}

static void what_is_kept_is_there_for_the_next_reader(void **state)
{
    (void)state;
    static char big[AZM_RING_KEEP_MAX + 1];
    struct ring ring = ring_make(4096);
    assert_null(azm_ring_kept(&ring.reader).ptr);
    const azm_slice rows[] = {AZM_S("one"), AZM_S("the second"), AZM_S(""), {big, AZM_RING_KEEP_MAX}};
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        assert_int_equal(azm_ring_keep(&ring.reader, rows[i]), AZM_OK);
        attach(&ring);
        assert_non_null(azm_ring_kept(&ring.reader).ptr);
        assert_true(azm_slice_eq(azm_ring_kept(&ring.reader), rows[i]));
    }
    assert_int_equal(azm_ring_keep(&ring.reader, azm_slice_of(big, sizeof big)), AZM_TOO_BIG);
    assert_null(azm_ring_kept(&ring.reader).ptr);
    assert_true(azm_ring_put(&ring.writer, 1, AZM_S("body is untouched")));
    expect(&ring, 1, AZM_S("body is untouched"));
    free(ring.memory);
}

static void sizes_have_limits(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        enum azm_status status;
        uint64_t capacity;
    } rows[] = {
        {0, AZM_BAD_USAGE, 0},  {AZM_RING_SIZE_MIN - 1, AZM_BAD_USAGE, 0}, {AZM_RING_SIZE_MIN, AZM_OK, 4096},
        {65536, AZM_OK, 32768}, {AZM_RING_FRONT + 8191, AZM_OK, 4096},     {AZM_RING_SIZE, AZM_OK, 1 << 20},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct ring ring = ring_blank(rows[i].size > AZM_RING_FRONT ? rows[i].size - AZM_RING_FRONT : 0);
        assert_int_equal(azm_ring_format(ring.memory, rows[i].size, 1, 2, 3), rows[i].status);
        if (rows[i].status == AZM_OK) {
            attach(&ring);
            assert_int_equal(azm_ring_stats(&ring.reader).capacity, rows[i].capacity);
        }
        free(ring.memory);
    }
    assert_int_equal(azm_ring_format(&(struct ring){0}, AZM_RING_SIZE_MAX + 1u, 1, 2, 3), AZM_BAD_USAGE);
}

static void a_strange_header_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        uint64_t value;
        enum azm_status reader, writer;
    } rows[] = {
        {0, 0, AZM_MORE, AZM_BAD_INPUT}, /* not formatted yet */
        {0, 0x1122334455667788, AZM_BAD_INPUT, AZM_BAD_INPUT},
        {8, AZM_RING_VERSION + 1, AZM_UNSUPPORTED, AZM_UNSUPPORTED},
        {8, 0, AZM_BAD_INPUT, AZM_BAD_INPUT},
        {16, 0, AZM_BAD_INPUT, AZM_BAD_INPUT},
        {16, 2048, AZM_BAD_INPUT, AZM_BAD_INPUT},
        {16, 8192, AZM_BAD_INPUT, AZM_BAD_INPUT}, /* more than is mapped */
        {16, 4095, AZM_BAD_INPUT, AZM_BAD_INPUT},
        {16, (uint64_t)1 << 63, AZM_BAD_INPUT, AZM_BAD_INPUT},
        {HEAD, 4104, AZM_BAD_INPUT, AZM_BAD_INPUT}, /* more than a lap ahead */
        {HEAD, 3, AZM_OK, AZM_BAD_INPUT},           /* not aligned */
        {HEAD, (uint64_t)0 - 8, AZM_OK, AZM_BAD_INPUT},
        {TAIL, 4, AZM_BAD_INPUT, AZM_BAD_INPUT},
        {TAIL, 16, AZM_OK, AZM_BAD_INPUT},
        {TAIL, 1 << 20, AZM_BAD_INPUT, AZM_BAD_INPUT},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct ring ring = ring_make(4096);
        set64(&ring, rows[i].offset, rows[i].value);
        assert_int_equal(azm_ring_reader_init(&ring.reader, ring.memory, ring.size), rows[i].reader);
        assert_int_equal(azm_ring_writer_init(&ring.writer, ring.memory, ring.size), rows[i].writer);
        free(ring.memory);
    }
}

/* What a writer that died leaves: a hole between what it reserved and what it wrote. */
static void a_hole_is_stepped_over(void **state)
{
    (void)state;
    for (int busy = 0; busy < 2; busy++) {
        struct ring ring = ring_make(4096);
        struct azm_ring_record record;
        char *first = at(&ring, AZM_RING_FRONT);
        assert_true(azm_ring_put_shared(&ring.writer, 1, AZM_S("lost: its writer died here")));
        assert_true(azm_ring_put_shared(&ring.writer, 1, AZM_S("whole")));
        if (busy)
            first[2] = (char)((first[2] & 0x0f) | 0x10); /* begun, not finished: some bytes are there */
        else
            memset(first, 0, 40); /* reserved only */
        assert_int_equal(azm_ring_next(&ring.reader, &record), AZM_MORE);
        assert_int_equal(azm_ring_skip(&ring.reader), 40);
        expect(&ring, 1, AZM_S("whole"));
        expect_nothing(&ring);
        assert_int_equal(azm_ring_skip(&ring.reader), 0);
        free(ring.memory);
    }
}

/* What a reader that died inside azm_ring_release leaves. */
static void a_release_is_finished_by_the_next_reader(void **state)
{
    (void)state;
    for (size_t zeroed = 0; zeroed <= 80; zeroed += 8) {
        struct ring ring = ring_make(4096);
        assert_true(azm_ring_put(&ring.writer, 1, azm_slice_of((char[32]){1}, 32)));
        assert_true(azm_ring_put(&ring.writer, 1, azm_slice_of((char[32]){2}, 32)));
        assert_true(azm_ring_put(&ring.writer, 1, AZM_S("next")));
        set64(&ring, RELEASED, 80);
        memset(at(&ring, AZM_RING_FRONT), 0, zeroed);
        attach(&ring);
        assert_int_equal(azm_ring_stats(&ring.reader).used, 96); /* to look changes nothing */
        expect(&ring, 1, AZM_S("next"));
        assert_int_equal(azm_ring_stats(&ring.reader).used, 16);
        free(ring.memory);
    }
}

static void a_whole_lap_may_be_under_release(void **state)
{
    (void)state;
    struct ring ring = ring_make(4096);
    for (int n = 0; n < 4; n++)
        assert_true(azm_ring_put(&ring.writer, 1, azm_slice_of((char[1016]){0}, 1016)));
    set64(&ring, RELEASED, 4096);
    attach(&ring);
    expect_nothing(&ring);
    assert_true(azm_ring_put(&ring.writer, 1, AZM_S("room again")));
    expect(&ring, 1, AZM_S("room again"));
    free(ring.memory);
}

static void a_strange_release_is_ignored(void **state)
{
    (void)state;
    static const uint64_t rows[] = {4, 4104, UINT64_MAX - 7, UINT64_MAX, (uint64_t)1 << 40};
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct ring ring = ring_make(4096);
        assert_true(azm_ring_put(&ring.writer, 1, AZM_S("first")));
        set64(&ring, RELEASED, rows[i]);
        attach(&ring);
        expect(&ring, 1, AZM_S("first"));
        free(ring.memory);
    }
}

static void damage_is_stepped_over(void **state)
{
    (void)state;
    static const uint64_t words[] = {
        1, UINT64_MAX, 0x0000000100000000, 0x0000000001200005, /* the guard of another position or ring */
    };
    for (size_t i = 0; i < AZM_COUNT(words); i++) {
        struct ring ring = ring_make(4096);
        struct azm_ring_record record;
        assert_true(azm_ring_put(&ring.writer, 1, AZM_S("damaged")));
        assert_true(azm_ring_put(&ring.writer, 1, AZM_S("whole")));
        set64(&ring, AZM_RING_FRONT, words[i]);
        assert_int_equal(azm_ring_next(&ring.reader, &record), AZM_BAD_INPUT);
        assert_int_equal(azm_ring_skip(&ring.reader), 16);
        expect(&ring, 1, AZM_S("whole"));
        free(ring.memory);
    }
}

/* Each bit of a record's word matters: flipped, the record is not taken for what it was. */
static void no_bit_of_a_word_may_change(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        struct ring ring = ring_make(4096);
        struct azm_ring_record record;
        assert_true(azm_ring_put(&ring.writer, 1, AZM_S("12345678")));
        ((char *)at(&ring, AZM_RING_FRONT))[bit / 8] ^= (char)(1 << bit % 8);
        enum azm_status status = azm_ring_next(&ring.reader, &record);
        if (status == AZM_OK) /* kind and length have no check of their own; the length stays inside */
            assert_true(record.kind != 1 || (record.bytes.len != 8 && record.bytes.len <= 4096 - 8));
        free(ring.memory);
    }
}

static void a_single_producer_that_died_before_the_head_loses_nothing(void **state)
{
    (void)state;
    struct ring ring = ring_make(4096);
    struct azm_ring_record record;
    assert_true(azm_ring_put(&ring.writer, 1, AZM_S("published")));
    set64(&ring, HEAD, 0);
    assert_int_equal(azm_ring_next(&ring.reader, &record), AZM_OK);
    assert_int_equal(azm_ring_skip(&ring.reader), 0);
    azm_ring_release(&ring.reader, record.end);
    assert_int_equal(azm_ring_reader_init(&ring.reader, ring.memory, ring.size), AZM_OK);
    expect_nothing(&ring);
    assert_int_equal(azm_ring_stats(&ring.reader).used, 0);
    free(ring.memory);
}

static void a_writer_is_not_led_astray(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        uint64_t value;
    } rows[] = {{TAIL, 3}, {TAIL, UINT64_MAX}, {TAIL, 1 << 20}, {HEAD, 4093}, {HEAD, UINT64_MAX}, {HEAD, 1 << 20}};
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        for (size_t p = 0; p < AZM_COUNT(puts_); p++) {
            struct ring ring = ring_make(4096);
            for (int n = 0; n < 50; n++) {
                set64(&ring, rows[i].offset, rows[i].value); /* neither endless nor outside: the sanitizer looks */
                puts_[p](&ring.writer, 1, azm_slice_of((char[100]){0}, 100));
            }
            free(ring.memory);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_out_as_they_went_in),
        cmocka_unit_test(what_is_not_released_is_read_again),
        cmocka_unit_test(released_space_is_zeroed),
        cmocka_unit_test(a_release_out_of_range_does_nothing),
        cmocka_unit_test(every_lap_is_like_the_first),
        cmocka_unit_test(full_means_drop_and_count),
        cmocka_unit_test(too_big_is_dropped_and_the_biggest_is_not),
        cmocka_unit_test(positions_may_wrap_at_64_bits),
        cmocka_unit_test(control_words_and_counters_travel),
        cmocka_unit_test(a_beat_is_never_zero),
        cmocka_unit_test(what_is_kept_is_there_for_the_next_reader),
        cmocka_unit_test(sizes_have_limits),
        cmocka_unit_test(a_strange_header_is_refused),
        cmocka_unit_test(a_hole_is_stepped_over),
        cmocka_unit_test(a_release_is_finished_by_the_next_reader),
        cmocka_unit_test(a_whole_lap_may_be_under_release),
        cmocka_unit_test(a_strange_release_is_ignored),
        cmocka_unit_test(damage_is_stepped_over),
        cmocka_unit_test(no_bit_of_a_word_may_change),
        cmocka_unit_test(a_single_producer_that_died_before_the_head_loses_nothing),
        cmocka_unit_test(a_writer_is_not_led_astray),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
