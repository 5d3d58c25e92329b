/* What a record costs its writer: putting 200 bytes, already encoded, against calling an empty function, while another
 * process drains the ring. Bursts of 1,000 records are timed; between them the reader may catch up, as it does between
 * invocations, so that nothing is dropped. Reproduce: bench_ring [pairs] */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "os/thread.h"
#include "ring/ring.h"

#define BURST  1000
#define BURSTS 20
#define BYTES  200

struct bench {
    struct azm_ring_writer writer;
    struct azm_ring_reader reader; /* for the statistics only */
    bool (*put)(struct azm_ring_writer *writer, unsigned kind, azm_slice record);
};

static char record[BYTES];

__attribute__((noinline)) static bool do_nothing(struct azm_ring_writer *writer, unsigned kind, azm_slice bytes)
{
    __asm__ volatile("" ::"r"(writer), "r"(kind), "r"(bytes.ptr) : "memory");
    return true;
}

static bool (*volatile nothing)(struct azm_ring_writer *, unsigned, azm_slice) = do_nothing;

static double burst_ns(struct bench *bench, bool (*put)(struct azm_ring_writer *, unsigned, azm_slice))
{
    double begin = bench_now_ns();
    for (int i = 0; i < BURST; i++) {
        memcpy(record, &i, sizeof i);
        put(&bench->writer, 2, (azm_slice){record, sizeof record});
    }
    return bench_now_ns() - begin;
}

static double empty_call(void *self)
{
    double sum = 0;
    for (int i = 0; i < BURSTS; i++)
        sum += burst_ns(self, nothing);
    return sum / (BURST * BURSTS);
}

static double put(void *self)
{
    struct bench *bench = self;
    double sum = 0;
    for (int i = 0; i < BURSTS; i++) {
        sum += burst_ns(bench, bench->put);
        while (azm_ring_reader_init(&bench->reader, bench->writer.header, AZM_RING_SIZE) == AZM_OK &&
               azm_ring_stats(&bench->reader).used > 0)
            azm_thread_sleep_us(20);
    }
    return azm_ring_stats(&bench->reader).dropped[AZM_RING_DROP_FULL] ? -1 : sum / (BURST * BURSTS);
}

static void drain_for_ever(void *memory)
{
    struct azm_ring_reader reader;
    struct azm_ring_record found;
    if (azm_ring_reader_init(&reader, memory, AZM_RING_SIZE) != AZM_OK)
        _exit(1);
    for (;;) {
        uint64_t end = reader.tail;
        for (int i = 0; i < 64 && azm_ring_next(&reader, &found) == AZM_OK; i++) {
            __asm__ volatile("" ::"r"(found.bytes.ptr[found.bytes.len - 1]));
            end = found.end;
        }
        if (end == reader.tail)
            azm_thread_sleep_us(20);
        azm_ring_release(&reader, end);
    }
}

static int measure(const char *name, bool (*function)(struct azm_ring_writer *, unsigned, azm_slice), unsigned pairs)
{
    struct bench bench = {.put = function};
    void *memory = mmap(NULL, AZM_RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED || azm_ring_format(memory, AZM_RING_SIZE, 1, 2, 3) != AZM_OK ||
        azm_ring_writer_init(&bench.writer, memory, AZM_RING_SIZE) != AZM_OK)
        return 1;
    pid_t reader = fork();
    if (reader == 0)
        drain_for_ever(memory);
    struct bench_result result = bench_pairs(name, "ns", empty_call, put, &bench, pairs);
    kill(reader, SIGKILL);
    waitpid(reader, NULL, 0);
    munmap(memory, AZM_RING_SIZE);
    return bench_budget(name, result.difference, 200);
}

int main(int argc, char **argv)
{
    unsigned pairs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 40;
    int one = measure("ring: put, one producer", azm_ring_put, pairs);
    int many = measure("ring: put, shared", azm_ring_put_shared, pairs);
    return one || many;
}
