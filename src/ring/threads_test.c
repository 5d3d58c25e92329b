#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "os/thread.h"
#include "ring/numbered.h"
#include "ring/ring.h"

#define WRITERS 3u
#define RECORDS 40000u

struct producer {
    struct azm_ring_writer *ring;
    uint32_t writer;
    bool shared;
    uint64_t refused;
};

static void produce(void *self)
{
    struct producer *producer = self;
    char storage[NUMBERED_MAX];
    for (uint64_t number = 0; number < RECORDS;) {
        azm_slice record = numbered_make(storage, producer->writer, number);
        bool put = producer->shared ? azm_ring_put_shared(producer->ring, 1 + producer->writer, record)
                                    : azm_ring_put(producer->ring, 1 + producer->writer, record);
        if (put)
            number++;
        else if (++producer->refused % 64 == 0)
            azm_thread_sleep_us(50); /* let the reader have the core */
    }
}

/* Every record comes once, whole, in the order of its writer; every refusal is counted. */
static void run(unsigned writers, bool shared)
{
    size_t size = AZM_RING_FRONT + 16384;
    char *memory = aligned_alloc(64, size);
    struct azm_ring_writer ring;
    struct azm_ring_reader reader;
    struct azm_ring_record record;
    struct azm_thread threads[WRITERS];
    struct producer producers[WRITERS];
    uint64_t next[WRITERS] = {0}, refused = 0;
    assert_non_null(memory);
    memset(memory, 0, size);
    assert_int_equal(azm_ring_format(memory, size, 1, 2, 3), AZM_OK);
    assert_int_equal(azm_ring_writer_init(&ring, memory, size), AZM_OK);
    assert_int_equal(azm_ring_reader_init(&reader, memory, size), AZM_OK);
    for (unsigned i = 0; i < writers; i++) {
        producers[i] = (struct producer){&ring, i, shared, 0};
        assert_int_equal(azm_thread_start(&threads[i], produce, &producers[i], NULL), AZM_OK);
    }
    for (uint64_t got = 0; got < (uint64_t)writers * RECORDS;) {
        uint32_t writer = 0;
        uint64_t number = 0;
        enum azm_status status = azm_ring_next(&reader, &record);
        if (status == AZM_MORE) {
            azm_thread_sleep_us(20);
            continue;
        }
        assert_int_equal(status, AZM_OK);
        assert_true(numbered_read(record.bytes, &writer, &number));
        assert_in_range(writer, 0, writers - 1);
        assert_int_equal(record.kind, 1 + writer);
        assert_int_equal(number, next[writer]);
        next[writer]++;
        if (++got % 3 == 0) /* one by one, and several at once */
            azm_ring_release(&reader, record.end);
        azm_ring_beat(&reader);
    }
    for (unsigned i = 0; i < writers; i++) {
        azm_thread_join(&threads[i]);
        refused += producers[i].refused;
    }
    assert_int_equal(azm_ring_next(&reader, &record), AZM_MORE);
    assert_int_equal(azm_ring_stats(&reader).written, (uint64_t)writers * RECORDS);
    assert_int_equal(azm_ring_stats(&reader).dropped[AZM_RING_DROP_FULL], refused);
    free(memory);
}

static void one_producer(void **state)
{
    (void)state;
    run(1, false);
}

static void many_producers(void **state)
{
    (void)state;
    run(WRITERS, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_producer), cmocka_unit_test(many_producers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
