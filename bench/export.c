/* What the agent costs: a ring full of transactions becomes gzip'd requests, intake v2 or OTLP, through the agent's own
 * feed and delivery, against zlib alone on the same bytes. Runs are interleaved; CPU time of the whole process counts,
 * the delivery's thread included. Budget: half of zlib's throughput (design section 12).
 *
 * usage: bench_export [--otlp] [--pairs N] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/feed.h"
#include "base/log.h"
#include "export/gzip.h"
#include "bench.h"
#include "os/clock.h"

#define EVENTS     40000u
#define RING_SIZE  (AZM_RING_FRONT + (64u << 20))
#define BODIES_MAX (256u << 20)

/* Takes bodies, compresses them, and says they were delivered. */
struct sink {
    struct azm_sender sender;
    struct azm_gzip *gzip;
    struct azm_buf packed, kept; /* kept: all bodies of a round, for the yardstick */
    bool keep;
    size_t lens[4096], count;
};

static void sink_send(struct azm_sender *self, const struct azm_sending *sending, struct azm_sent *out)
{
    struct sink *sink = (struct sink *)self;
    azm_buf_clear(&sink->packed);
    if (azm_gzip_add(sink->gzip, sending->body, &sink->packed) != AZM_OK)
        abort();
    *out = (struct azm_sent){.http_status = 202, .bytes_out = sink->packed.len};
    if (!sink->keep || sink->count == AZM_COUNT(sink->lens))
        return;
    azm_buf_add(&sink->kept, sending->body);
    sink->lens[sink->count++] = sending->body.len;
}

static void sink_nothing(struct azm_sender *self)
{
    (void)self;
}

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct azm_pair request_headers[] = {
    {AZM_S("host"), AZM_S("shop-orders.azurewebsites.net")},
    {AZM_S("accept"), AZM_S("application/json, text/plain, */*")},
    {AZM_S("accept-encoding"), AZM_S("gzip, deflate, br")},
    {AZM_S("user-agent"), AZM_S("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")},
    {AZM_S("x-forwarded-proto"), AZM_S("https")},
    {AZM_S("x-forwarded-for"), AZM_S("203.0.113.7:51234")},
    {AZM_S("authorization"), AZM_S("[REDACTED]")},
};
static const struct azm_pair response_headers[] = {{AZM_S("content-type"), AZM_S("application/json; charset=utf-8")},
                                                   {AZM_S("cache-control"), AZM_S("no-store")}};

static void fill_transaction(struct azm_transaction *transaction, struct azm_random *random, char text[3][128])
{
    uint64_t user = azm_random_u64(random) % 100000;
    snprintf(text[0], 128, "/api/orders/%" PRIu64 "?page=%u", user, (unsigned)(user % 7));
    snprintf(text[1], 128, "%08x-4c5d-4e6f-8a9b-%012" PRIx64, (unsigned)azm_random_u64(random),
             azm_random_u64(random) >> 16);
    *transaction = (struct azm_transaction){
        .trace_id = azm_trace_id_new(random),
        .id = azm_span_id_new(random),
        .parent_id = azm_span_id_new(random),
        .timestamp_us = 1795425282115993 + (int64_t)(user * 31),
        .duration_us = azm_random_u64(random) % 500000,
        .name = AZM_S("GET /api/orders/{id:int}"),
        .type = AZM_S("request"),
        .result = AZM_S("HTTP 2xx"),
        .outcome = AZM_OUTCOME_SUCCESS,
        .sampled = true,
        .sample_rate = 1,
        .faas = {.id = AZM_S("/subscriptions/d2ba53be-0815-4c5d-9e6f-0a1b2c3d4e5f/resourceGroups/shop/providers/"
                             "Microsoft.Web/sites/shop-orders/functions/orders"),
                 .name = AZM_S("shop-orders/orders"),
                 .execution = azm_slice_str(text[1]),
                 .trigger_type = AZM_S("http"),
                 .coldstart = AZM_FALSE},
        .http = {.method = AZM_S("GET"),
                 .url = azm_slice_str(text[0]),
                 .http_version = AZM_S("1.1"),
                 .request_headers = {request_headers, AZM_COUNT(request_headers)},
                 .response_headers = {response_headers, AZM_COUNT(response_headers)},
                 .status_code = 200},
    };
}

static void fill_ring(struct azm_ring_writer *writer, struct azm_random *random)
{
    static char storage[AZM_RECORD_MAX];
    char text[3][128];
    struct azm_buf record;
    struct azm_source source = {.service_name = AZM_S("shop-orders"), .pid = 42};
    azm_buf_init_fixed(&record, storage, sizeof storage);
    azm_record_put_source(&record, &source);
    bool ok = azm_ring_put(writer, AZM_RECORD_SOURCE, azm_buf_slice(&record));
    for (unsigned i = 0; ok && i < EVENTS; i++) {
        struct azm_transaction transaction;
        fill_transaction(&transaction, random, text);
        azm_buf_clear(&record);
        azm_record_put_transaction(&record, &transaction);
        ok = !record.failed && azm_ring_put(writer, AZM_RECORD_TRANSACTION, azm_buf_slice(&record));
    }
    if (!ok) {
        fprintf(stderr, "bench_export: %u events do not fit into the ring\n", EVENTS);
        exit(1);
    }
}

static double drain(struct azm_feed *feed, struct azm_mailbox *mailbox)
{
    double begin = cpu_s();
    while (feed->first || feed->counts.events < EVENTS) {
        int64_t now_us = azm_clock_mono_us();
        bool any = azm_feed_read(feed, now_us);
        azm_feed_flush(feed, now_us, feed->counts.events == EVENTS);
        struct azm_bundle *next, *bundle = azm_mailbox_take(mailbox, any ? 0 : now_us + 5000);
        for (; bundle; bundle = next) {
            next = bundle->next;
            azm_feed_answered(feed, bundle);
        }
    }
    double spent = cpu_s() - begin;
    if (feed->counts.delivered != EVENTS) {
        fprintf(stderr, "bench_export: %" PRIu64 " of %u events were delivered\n", feed->counts.delivered, EVENTS);
        exit(1);
    }
    feed->counts = (struct azm_feed_counts){0};
    return spent;
}

static double zlib_alone(struct sink *sink)
{
    double begin = cpu_s();
    azm_slice rest = azm_buf_slice(&sink->kept);
    for (size_t i = 0; i < sink->count; i++) {
        azm_buf_clear(&sink->packed);
        if (azm_gzip_add(sink->gzip, azm_slice_take(rest, sink->lens[i]), &sink->packed) != AZM_OK)
            abort();
        rest = azm_slice_drop(rest, sink->lens[i]);
    }
    return cpu_s() - begin;
}

static struct bench {
    struct sink sink;
    struct azm_feed_tools tools;
    struct azm_routes routes;
    struct azm_route route;
    struct azm_mailbox mailbox;
    struct azm_spool *spool;
    struct azm_random random;
    struct azm_ring_writer writer;
    struct azm_map *map;
    struct azm_feed *feed;
    char dir[32], path[64];
} bench = {.sink.sender = {sink_send, sink_nothing, sink_nothing, true}, .dir = "/tmp/azm-bench-XXXXXX"};

static bool open_ring(struct azm_error *err)
{
    snprintf(bench.path, sizeof bench.path, "%s/ring-1-1", bench.dir);
    bench.map = azm_map_create(bench.path, RING_SIZE, err);
    if (!bench.map || azm_ring_format(azm_map_memory(bench.map), RING_SIZE, 1, 1, 0) != AZM_OK ||
        azm_ring_writer_init(&bench.writer, azm_map_memory(bench.map), RING_SIZE) != AZM_OK)
        return false;
    bench.feed = azm_feed_open(bench.dir, "ring-1-1", &bench.tools, 0, err);
    return bench.feed != NULL;
}

static void lost(void *self, const char *ring, uint64_t events, enum azm_loss loss)
{
    (void)self, (void)ring, (void)loss;
    fprintf(stderr, "bench_export: %" PRIu64 " events were lost\n", events);
    exit(1);
}

static bool begin(const struct azm_exporter_kind *kind, struct azm_error *err)
{
    struct azm_sender *sender = &bench.sink.sender;
    azm_log_setup(AZM_LOG_OFF, NULL, NULL);
    azm_random_init(&bench.random, (const uint64_t[4]){1, 2, 3, 4});
    bench.sink.gzip = azm_gzip_new();
    azm_buf_init(&bench.sink.packed, BODIES_MAX);
    azm_buf_init(&bench.sink.kept, BODIES_MAX);
    azm_mailbox_init(&bench.mailbox);
    if (!mkdtemp(bench.dir) || !(bench.spool = azm_spool_open(bench.dir, 64u << 20, lost, NULL, err)))
        return false;
    struct azm_spool_line *line = azm_spool_line(bench.spool, kind->name, &(struct azm_destination){.timeout_ms = 0});
    bench.route = (struct azm_route){.kind = kind,
                                     .delivery = azm_delivery_open(&sender, "sink", kind, &bench.mailbox, line, err)};
    bench.routes = (struct azm_routes){&bench.route, 1, &bench.mailbox, bench.spool, .to_file = true};
    azm_feed_tools_init(&bench.tools, &bench.routes);
    return bench.sink.gzip && bench.route.delivery && open_ring(err);
}

static void end(void)
{
    azm_delivery_close(bench.route.delivery);
    azm_feed_close(bench.feed);
    azm_feed_tools_dispose(&bench.tools);
    azm_map_close(bench.map);
    unlink(bench.path);
    snprintf(bench.path, sizeof bench.path, "%s/spool", bench.dir);
    azm_spool_close(bench.spool);
    rmdir(bench.path);
    rmdir(bench.dir);
}

/* Both in CPU microseconds per event. */
static double agent_cost(void *self)
{
    (void)self;
    struct azm_feed *feed = bench.feed;
    fill_ring(&bench.writer, &bench.random);
    return feed ? drain(feed, &bench.mailbox) * 1e6 / EVENTS : -1;
}

static double zlib_cost(void *self)
{
    (void)self;
    return zlib_alone(&bench.sink) * 1e6 / EVENTS;
}

int main(int argc, char **argv)
{
    struct azm_error err = {AZM_OK, "no folder in /tmp"};
    bool otlp = argc > 1 && strcmp(argv[1], "--otlp") == 0;
    char **rest = argv + 1 + otlp;
    bool counted = argc == 3 + otlp && strcmp(rest[0], "--pairs") == 0;
    unsigned pairs = counted ? (unsigned)strtoul(rest[1], NULL, 10) : 20;
    if ((argc != 1 + otlp && !counted) || pairs < 1 || pairs > BENCH_PAIRS_MAX) {
        fprintf(stderr, "usage: bench_export [--otlp] [--pairs N], N from 1 to %u\n", BENCH_PAIRS_MAX);
        return 2;
    }
    if (!begin(otlp ? &azm_exporter_otlp : &azm_exporter_elastic, &err)) {
        fprintf(stderr, "bench_export: %s\n", err.text);
        return 1;
    }
    bench.sink.keep = true; /* the bodies that the yardstick compresses */
    agent_cost(NULL);
    bench.sink.keep = false;
    struct bench_result result = bench_pairs(otlp ? "agent: ring to gzip'd OTLP" : "agent: ring to gzip'd intake v2",
                                             "us CPU per event", zlib_cost, agent_cost, NULL, pairs);
    printf("%.0f bytes per event; per second and core: agent %.0f, zlib alone %.0f\n",
           (double)bench.sink.kept.len / EVENTS, 1e6 / result.subject.median, 1e6 / result.yardstick.median);
    end();
    /* half of its throughput is twice its cost */
    return bench_budget("agent against zlib alone", result.ratio, 2.0);
}
