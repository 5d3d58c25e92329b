/* A writer killed at any moment: what it published is read, whole and in order, and nothing else. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../tests/temp_dir.h"
#include "base/random.h"
#include "os/file.h"
#include "os/map.h"
#include "os/thread.h"
#include "ring/numbered.h"
#include "ring/ring.h"

#define ROUNDS  200 /* of killed writers */
#define READERS 40
#define THREADS 2u
#define SIZE    (AZM_RING_FRONT + 32768u)

/* What the writer knows to be published, told outside of the ring. */
struct told {
    _Atomic uint64_t published[THREADS];
    _Atomic bool ready;
};

struct worker {
    struct azm_ring_writer *ring;
    struct told *told;
    uint32_t writer;
    bool shared;
};

static void write_until_killed(void *self)
{
    struct worker *worker = self;
    char storage[NUMBERED_MAX];
    for (uint64_t number = 0;;) {
        azm_slice record = numbered_make(storage, worker->writer, number);
        if (worker->shared ? azm_ring_put_shared(worker->ring, 1, record) : azm_ring_put(worker->ring, 1, record))
            atomic_store(&worker->told->published[worker->writer], ++number);
    }
}

static void child(const char *path, struct told *told, bool shared)
{
    static struct azm_ring_writer ring;
    static struct worker workers[THREADS];
    static struct azm_thread threads[THREADS];
    struct azm_map *map = azm_map_create(path, SIZE, NULL);
    if (!map || azm_ring_format(azm_map_memory(map), SIZE, 1, 2, 3) != AZM_OK ||
        azm_ring_writer_init(&ring, azm_map_memory(map), SIZE) != AZM_OK)
        _exit(1);
    for (uint32_t i = 0; i < THREADS; i++)
        workers[i] = (struct worker){&ring, told, i, shared};
    if (shared && azm_thread_start(&threads[1], write_until_killed, &workers[1], NULL) != AZM_OK)
        _exit(1);
    atomic_store(&told->ready, true);
    write_until_killed(&workers[0]);
}

static void take(const struct azm_ring_record *record, uint64_t next[THREADS])
{
    uint32_t writer;
    uint64_t number;
    assert_true(numbered_read(record->bytes, &writer, &number));
    assert_in_range(writer, 0, THREADS - 1);
    assert_int_equal(number, next[writer]);
    next[writer]++;
}

static void drain(struct azm_ring_reader *reader, uint64_t next[THREADS])
{
    struct azm_ring_record record;
    while (azm_ring_next(reader, &record) == AZM_OK) {
        take(&record, next);
        azm_ring_release(reader, record.end);
    }
}

/* Behind the last published record: nothing, or holes that dead threads left. Never damage. */
static unsigned drain_dead(struct azm_ring_reader *reader, uint64_t next[THREADS])
{
    struct azm_ring_record record;
    unsigned holes = 0;
    for (;;) {
        enum azm_status status = azm_ring_next(reader, &record);
        assert_int_not_equal(status, AZM_BAD_INPUT);
        if (status == AZM_OK)
            take(&record, next);
        else if (azm_ring_skip(reader) == 0)
            return holes;
        else
            holes++;
    }
}

static unsigned round_of(const char *path, struct told *told, bool shared, uint64_t pause_us)
{
    uint64_t next[THREADS] = {0};
    struct azm_ring_reader reader;
    memset(told, 0, sizeof *told);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(path, told, shared);
    while (!atomic_load(&told->ready))
        assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
    struct azm_map *map = azm_map_open(path, SIZE, NULL);
    assert_non_null(map);
    assert_int_equal(azm_map_lock(map, NULL), AZM_BUSY);
    assert_int_equal(azm_ring_reader_init(&reader, azm_map_memory(map), SIZE), AZM_OK);
    for (uint64_t us = 0; us < pause_us; us += 100) {
        drain(&reader, next);
        azm_thread_sleep_us(100);
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(azm_map_lock(map, NULL), AZM_OK);
    assert_int_equal(azm_ring_reader_init(&reader, azm_map_memory(map), SIZE), AZM_OK); /* as a new agent would */
    unsigned holes = drain_dead(&reader, next);
    for (uint32_t i = 0; i < THREADS; i++) /* one more may have been published than its writer could tell */
        assert_in_range(next[i], told->published[i], told->published[i] + 1);
    azm_map_close(map);
    assert_int_equal(azm_file_remove(path, NULL), AZM_OK);
    return holes;
}

static void killed_at_any_moment(void **state)
{
    (void)state;
    struct azm_temp_dir dir = azm_temp_dir_make();
    struct azm_random random;
    struct told *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned holes = 0;
    assert_true(told != MAP_FAILED);
    azm_random_init(&random, (uint64_t[4]){(uint64_t)getpid()});
    for (int i = 0; i < ROUNDS; i++)
        holes += round_of(azm_temp_dir_at(&dir, "ring").text, told, i % 2, azm_random_u64(&random) % 2500);
    print_message("%u holes in %d rounds\n", holes, ROUNDS);
    munmap(told, sizeof *told);
    azm_temp_dir_remove(&dir);
}

/* The other way round: a reader killed at any moment, also inside a release, loses nothing for the next one. */
static void read_until_killed(const char *path, struct told *told)
{
    struct azm_ring_reader reader;
    struct azm_map *map = azm_map_open(path, SIZE, NULL);
    if (!map || azm_ring_reader_init(&reader, azm_map_memory(map), SIZE) != AZM_OK)
        _exit(1);
    atomic_store(&told->ready, true);
    for (uint64_t passed = 0;;) {
        struct azm_ring_record record;
        uint32_t writer;
        uint64_t number;
        if (azm_ring_next(&reader, &record) != AZM_OK)
            continue;
        if (!numbered_read(record.bytes, &writer, &number))
            _exit(2);
        if (++passed % 8 == 0) { /* safe from here on: the next reader may not have to see it */
            atomic_store(&told->published[0], number + 1);
            azm_ring_release(&reader, record.end);
        }
    }
}

static void write_for(struct azm_ring_writer *ring, uint64_t *number, uint64_t bursts)
{
    char storage[NUMBERED_MAX];
    for (uint64_t i = 0; i < bursts; i++) {
        for (int n = 0; n < 20; n++)
            *number += azm_ring_put(ring, 1, numbered_make(storage, 0, *number));
        azm_thread_sleep_us(50);
    }
}

static void a_reader_killed_at_any_moment(void **state)
{
    (void)state;
    struct azm_temp_dir dir = azm_temp_dir_make();
    const char *path = azm_temp_dir_at(&dir, "ring").text;
    struct azm_random random;
    struct azm_ring_writer ring;
    struct azm_ring_reader reader;
    uint64_t number = 0;
    struct told *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct azm_map *map = azm_map_create(path, SIZE, NULL);
    assert_true(told != MAP_FAILED && map);
    assert_int_equal(azm_ring_format(azm_map_memory(map), SIZE, 1, 2, 3), AZM_OK);
    assert_int_equal(azm_ring_writer_init(&ring, azm_map_memory(map), SIZE), AZM_OK);
    azm_random_init(&random, (uint64_t[4]){(uint64_t)getpid()});
    for (int i = 0; i < READERS; i++) {
        told->ready = false;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            read_until_killed(path, told);
        while (!atomic_load(&told->ready))
            assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
        write_for(&ring, &number, azm_random_u64(&random) % 20);
        assert_int_equal(kill(pid, SIGKILL), 0);
        int how;
        assert_int_equal(waitpid(pid, &how, 0), pid);
        assert_true(WIFSIGNALED(how)); /* and did not end by itself, over a record that was not whole */
        assert_int_equal(azm_ring_reader_init(&reader, azm_map_memory(map), SIZE), AZM_OK);
        struct azm_ring_record record;
        uint32_t writer;
        uint64_t first = number, last = number;
        while (azm_ring_next(&reader, &record) == AZM_OK) {
            assert_true(numbered_read(record.bytes, &writer, &last));
            if (first == number)
                first = last;
        }
        assert_int_equal(last + (first != number), number); /* read to the end, nothing hides behind zeros */
        assert_true(first <= atomic_load(&told->published[0]) || told->published[0] == 0);
    }
    azm_map_close(map);
    munmap(told, sizeof *told);
    azm_temp_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_at_any_moment),
                                       cmocka_unit_test(a_reader_killed_at_any_moment)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
