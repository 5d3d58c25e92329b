/* The hub's answers over a large store: fills one, asks each kind of query of docs/API.md, and prints how long its
 * first page takes, from the parameters to the finished JSON: the median and the worst of 20.
 *
 *     build/release/bin/bench_search [SPANS...]      (default: 100000 1000000)
 *
 * Budget: 100 ms each. Traces are of the last 24 hours, the newest last: a transaction with four spans, of 20 services
 * with 25 operations each; 2 % fail and have an error, every tenth has a log. The store lies in a temporary folder. */
#include "base/buf.h"
#include "hub/query/errors.h"
#include "hub/query/overview.h"
#include "hub/query/status.h"
#include "hub/query/traces.h"
#include "os/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { SPANS = 4, BATCH = 50, SERVICES = 20, OPERATIONS = 25, TIMES = 20, BUDGET_US = 100000 };
static const int64_t day_us = 86400000000;

static void die(const char *what)
{
    fprintf(stderr, "bench_search: %s\n", what);
    exit(1);
}

/* Equal numbers give equal traces, in every run. */
static uint64_t mix(uint64_t n)
{
    n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9u;
    n = (n ^ (n >> 27)) * 0x94d049bb133111ebu;
    return n ^ (n >> 31);
}

static azm_slice text(struct azm_arena *arena, const char *format, ...) AZM_PRINTF(2, 3);

static azm_slice text(struct azm_arena *arena, const char *format, ...)
{
    char line[700];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return azm_arena_copy(arena, azm_slice_str(line));
}

/* From 1 ms on; one in a thousand takes seconds. */
static int64_t duration_of(uint64_t dice)
{
    return 1000 + (int64_t)(dice % 50000) + (dice % 1009 == 0 ? (int64_t)(dice % 9000000) : 0);
}

struct trace {
    azm_slice id, transaction_id, service, operation;
    uint64_t number, dice;
    int64_t start_us;
};

static struct azm_event *add(struct azm_batch *batch, const struct trace *trace, enum azm_event_kind kind)
{
    struct azm_event *event = azm_batch_add(batch);
    event->kind = kind;
    event->trace_id = trace->id;
    event->service = trace->service;
    event->start_us = trace->start_us;
    event->outcome = AZM_OUTCOME_SUCCESS;
    event->weight = 1;
    if (kind != AZM_EVENT_TRANSACTION)
        event->parent_id = event->transaction_id = trace->transaction_id;
    return event;
}

static void add_transaction(struct azm_batch *batch, const struct trace *trace)
{
    struct azm_event *event = add(batch, trace, AZM_EVENT_TRANSACTION);
    struct azm_pair *customer = azm_arena_new(&batch->arena, struct azm_pair);
    bool failed = trace->dice % 50 == 0;
    *customer = (struct azm_pair){AZM_S("customer"), text(&batch->arena, "c%u", (unsigned)(trace->dice % 50000))};
    event->id = event->transaction_id = trace->transaction_id;
    event->name = trace->operation;
    event->type = AZM_S("request");
    event->result = failed ? AZM_S("HTTP 5xx") : AZM_S("HTTP 2xx");
    event->status = failed ? 500 : 200;
    event->outcome = failed ? AZM_OUTCOME_FAILURE : AZM_OUTCOME_SUCCESS;
    event->trigger = AZM_S("http");
    event->function = text(&batch->arena, "%.*s/f%u", AZM_FMT(trace->service), (unsigned)(trace->dice % OPERATIONS));
    event->invocation = text(&batch->arena, "%016llx", (unsigned long long)mix(trace->dice));
    event->coldstart = trace->dice % 997 == 0;
    event->duration_us = duration_of(trace->dice);
    event->attributes = customer;
    event->attribute_count = 1;
    event->words = text(&batch->arena, "/api/products/p%u curl", (unsigned)(trace->dice % 100000));
    event->raw =
        text(&batch->arena,
             "{\"id\":\"%.*s\",\"trace_id\":\"%.*s\",\"name\":\"%.*s\",\"type\":\"request\",\"duration\":%lld."
             "%03lld,\"timestamp\":%lld,\"result\":\"%.*s\",\"context\":{\"request\":{\"method\":\"GET\",\"url"
             "\":{\"full\":\"http://localhost/api/products/p%u\"}},\"tags\":{\"customer\":\"%.*s\"}}}",
             AZM_FMT(event->id), AZM_FMT(event->trace_id), AZM_FMT(event->name), (long long)(event->duration_us / 1000),
             (long long)(event->duration_us % 1000), (long long)event->start_us, AZM_FMT(event->result),
             (unsigned)(trace->dice % 100000), AZM_FMT(customer->value));
}

static void add_span(struct azm_batch *batch, const struct trace *trace, unsigned number)
{
    static const char *const targets[] = {"postgresql/shop", "redis", "azurequeue/in", "payments:443"};
    struct azm_event *event = add(batch, trace, AZM_EVENT_SPAN);
    event->id = text(&batch->arena, "%015llx%x", (unsigned long long)trace->number, number + 1);
    event->name = AZM_S("SELECT FROM products");
    event->type = AZM_S("db");
    event->subtype = AZM_S("postgresql");
    event->target = azm_slice_str(targets[number % AZM_COUNT(targets)]);
    event->duration_us = duration_of(trace->dice) / 5;
    event->words = AZM_S("SELECT id, name, price FROM products WHERE category = $1 AND id = $2");
    event->raw =
        text(&batch->arena,
             "{\"id\":\"%.*s\",\"trace_id\":\"%.*s\",\"parent_id\":\"%.*s\",\"name\":\"SELECT FROM products\","
             "\"type\":\"db\",\"timestamp\":%lld,\"context\":{\"db\":{\"statement\":\"SELECT id, name, price "
             "FROM products WHERE category = $1 AND id = $2\"}}}",
             AZM_FMT(event->id), AZM_FMT(event->trace_id), AZM_FMT(event->parent_id), (long long)event->start_us);
}

static void add_error(struct azm_batch *batch, const struct trace *trace)
{
    struct azm_event *event = add(batch, trace, AZM_EVENT_ERROR);
    event->id = text(&batch->arena, "%015llxe", (unsigned long long)trace->number);
    event->group = 1 + mix(trace->dice) % 200;
    event->name = AZM_S("TimeoutException");
    event->message = text(&batch->arena, "no answer from payments, attempt %u", (unsigned)(trace->dice % 7));
    event->culprit = AZM_S("Pay in Payments.cs");
    event->operation = trace->operation;
    event->raw = text(&batch->arena, "{\"id\":\"%.*s\",\"exception\":{\"message\":\"%.*s\"}}", AZM_FMT(event->id),
                      AZM_FMT(event->message));
}

static void add_log(struct azm_batch *batch, const struct trace *trace)
{
    struct azm_event *event = add(batch, trace, AZM_EVENT_LOG);
    event->name = AZM_S("orders.worker");
    event->result = trace->dice % 3 ? AZM_S("info") : AZM_S("warning");
    event->message = text(&batch->arena, "order o%u is packed", (unsigned)(trace->dice % 1000000));
    event->raw = text(&batch->arena, "{\"message\":\"%.*s\"}", AZM_FMT(event->message));
}

static void trace_id_of(uint64_t number, char out[33])
{
    snprintf(out, 33, "%016llx%016llx", (unsigned long long)mix(number + 1), (unsigned long long)number);
}

static void add_trace(struct azm_batch *batch, azm_slice service, uint64_t number, int64_t start_us)
{
    struct trace trace = {.number = number, .dice = mix(number), .start_us = start_us, .service = service};
    char id[33];
    trace_id_of(number, id);
    trace.id = azm_arena_copy(&batch->arena, azm_slice_str(id));
    trace.transaction_id = text(&batch->arena, "%015llx0", (unsigned long long)number);
    trace.operation = text(&batch->arena, "GET /api/products/o%u", (unsigned)(trace.dice % OPERATIONS));
    add_transaction(batch, &trace);
    for (unsigned i = 0; i < SPANS; i++)
        add_span(batch, &trace, i);
    if (trace.dice % 50 == 0)
        add_error(batch, &trace);
    if (trace.dice % 10 == 0)
        add_log(batch, &trace);
}

static void fill_batch(struct azm_batch *batch, uint64_t first, uint64_t count, uint64_t traces, int64_t end_us)
{
    char service[32], metadata[200];
    snprintf(service, sizeof service, "service%u", (unsigned)(first / BATCH % SERVICES));
    snprintf(metadata, sizeof metadata,
             "{\"service\":{\"name\":\"%s\",\"agent\":{\"name\":\"azimuth\",\"version\":\"1\"}}}", service);
    azm_batch_set_process(batch, &(struct azm_process){.metadata = azm_slice_str(metadata),
                                                       .service = azm_slice_str(service),
                                                       .environment = AZM_S("bench"),
                                                       .node = AZM_S("i1"),
                                                       .agent = AZM_S("azimuth/1")});
    batch->received_us = end_us;
    for (uint64_t n = first; n < first + count; n++) {
        int64_t start_us = end_us - (int64_t)((double)day_us * (double)(traces - n) / (double)traces);
        add_trace(batch, batch->service, n, start_us);
    }
}

static void fill(struct azm_store *store, uint64_t traces)
{
    int64_t end_us = azm_clock_wall_us();
    for (uint64_t n = 0; n < traces; n += BATCH) {
        struct azm_batch batch;
        azm_batch_init(&batch);
        fill_batch(&batch, n, traces - n < BATCH ? traces - n : BATCH, traces, end_us);
        if (azm_store_add_wait(store, &batch) != AZM_OK)
            die("a batch was not stored");
        azm_batch_dispose(&batch);
    }
}

static const struct question {
    const char *what, *query;
    unsigned takes;
    azm_query *ask; /* NULL: one trace */
} questions[] = {
    {"traces: newest", "limit=50", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: in a time", "since=13h&until=12h", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: a service", "service=service7", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: a service, in a time", "service=service7&since=13h&until=12h", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: duration", "min_duration=2s", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: a service, duration", "service=service7&min_duration=2s", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: slowest", "order=slowest", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: slowest, in a time", "order=slowest&since=13h&until=12h", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: slowest of a service", "order=slowest&service=service7", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: outcome", "outcome=failure", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: cold start", "coldstart=true", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: a rare attribute", "attr=customer=c4711", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: rare words", "q=p4711", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: common words", "q=select products", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: a beginning", "q=p47*", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: words nobody said", "q=nowhere", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: an error group", "group=0000000000000007", AZM_TRACES_TAKE, azm_query_traces},
    {"traces: many conditions", "service=service7&outcome=failure&status=5xx&q=curl&min_duration=10ms", AZM_TRACES_TAKE,
     azm_query_traces},
    {"one trace", "", 0, NULL},
    {"logs: newest", "limit=50", AZM_LOGS_TAKE, azm_query_logs},
    {"logs: words", "q=packed", AZM_LOGS_TAKE, azm_query_logs},
    {"errors", "since=24h", AZM_ERRORS_TAKE, azm_query_errors},
    {"errors: the most", "since=24h&order=count", AZM_ERRORS_TAKE, azm_query_errors},
    {"services: an hour", "", AZM_SERVICES_TAKE, azm_query_services},
    {"services: a day", "since=24h", AZM_SERVICES_TAKE, azm_query_services},
    {"functions: an hour", "functions=true", AZM_OPERATIONS_TAKE, azm_query_operations},
    {"functions: a day", "functions=true&since=24h", AZM_OPERATIONS_TAKE, azm_query_operations},
    {"series: a day", "service=service7&since=24h", AZM_SERIES_TAKE, azm_query_series},
    {"map: an hour", "", AZM_MAP_TAKE, azm_query_map},
    {"map: a day", "since=24h", AZM_MAP_TAKE, azm_query_map},
    {"instances", "since=24h", AZM_INSTANCES_TAKE, azm_query_instances},
    {"usage", "", AZM_USAGE_TAKE, azm_query_usage},
};

static void read_parameters(struct azm_params *params, const struct question *question)
{
    azm_slice rest = azm_slice_str(question->query), part;
    struct azm_error err = {.text = ""};
    azm_params_init(params, question->takes, azm_clock_wall_us());
    while (question->query[0] && azm_slice_split(&rest, '&', &part)) {
        azm_slice value = part, name;
        azm_slice_split(&value, '=', &name);
        if (azm_params_set(params, name, value, &err) != AZM_OK)
            die(err.text);
    }
    if (azm_params_check(params, &err) != AZM_OK)
        die(err.text);
}

static int64_t ask(struct azm_reader *reader, const struct question *question, azm_slice trace_id, struct azm_buf *out)
{
    struct azm_params params;
    struct azm_error err = {.text = ""};
    int64_t start = azm_clock_mono_us();
    azm_buf_clear(out);
    read_parameters(&params, question);
    enum azm_status status =
        question->ask ? question->ask(reader, &params, out, &err) : azm_query_trace(reader, trace_id, out, &err);
    if (status != AZM_OK)
        die(err.text);
    return azm_clock_mono_us() - start;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* False: over the budget. */
static bool measure(struct azm_reader *reader, const struct question *question, uint64_t traces)
{
    int64_t took[TIMES];
    struct azm_buf out;
    char id[33];
    azm_buf_init(&out, 256 * 1024 * 1024);
    for (uint64_t i = 0; i < TIMES; i++) {
        trace_id_of(mix(i) % traces, id);
        took[i] = ask(reader, question, azm_slice_str(id), &out);
    }
    size_t size = out.len;
    azm_buf_add(&out, AZM_S("\0"));
    bool partial = strstr(out.ptr, "\"partial\":true") != NULL;
    qsort(took, TIMES, sizeof *took, by_size);
    int64_t median = took[TIMES / 2], worst = took[TIMES - 1];
    printf("%-32s %9.2f ms %9.2f ms %9zu bytes%s%s\n", question->what, (double)median / 1000, (double)worst / 1000,
           size, partial ? "  partial" : "", median > BUDGET_US ? "  OVER" : "");
    fflush(stdout);
    azm_buf_dispose(&out);
    return median <= BUDGET_US;
}

static double resident_mb(void)
{
    size_t bytes = 0;
    uv_resident_set_memory(&bytes);
    return (double)bytes / 1e6;
}

static struct azm_store *open_in(char folder[300])
{
    uv_fs_t req;
    struct azm_store *store = NULL;
    struct azm_error err = {.text = ""};
    size_t size = 250;
    uv_os_tmpdir(folder, &size);
    snprintf(folder + size, 300 - size, "/azm-search-XXXXXX");
    if (uv_fs_mkdtemp(NULL, &req, folder, NULL) != 0)
        die("no temporary folder");
    snprintf(folder, 300, "%s", req.path);
    uv_fs_req_cleanup(&req);
    if (azm_store_open(&(struct azm_store_options){.dir = folder}, &store, &err) != AZM_OK)
        die(err.text);
    return store;
}

static void close_and_remove(struct azm_store *store, const char *folder)
{
    static const char *const names[] = {"hub.db", "hub.db-wal", "hub.db-shm"};
    char path[320];
    azm_store_close(store);
    for (size_t i = 0; i < AZM_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    remove(folder);
}

static void tell_size(struct azm_store *store, uint64_t spans, int64_t took_us)
{
    uv_fs_t req;
    uint64_t events = azm_store_counters(store).events;
    uv_fs_stat(NULL, &req, azm_store_path(store), NULL);
    printf("%llu spans, %llu events: stored in %.1f s (%.0f events/s), %.1f MB (%.0f bytes each), %.1f MB resident\n",
           (unsigned long long)spans, (unsigned long long)events, (double)took_us / 1e6,
           (double)events / ((double)took_us / 1e6), (double)req.statbuf.st_size / 1e6,
           (double)req.statbuf.st_size / (double)events, resident_mb());
    uv_fs_req_cleanup(&req);
}

static bool run(uint64_t spans)
{
    char folder[300];
    struct azm_reader *reader;
    struct azm_store *store = open_in(folder);
    uint64_t traces = spans / SPANS;
    int64_t start = azm_clock_mono_us();
    bool met = true;
    fill(store, traces);
    tell_size(store, spans, azm_clock_mono_us() - start);
    if (azm_reader_open(azm_store_path(store), &reader, NULL) != AZM_OK)
        die("no reader");
    printf("%-32s %12s %12s\n", "", "median", "worst");
    for (size_t i = 0; i < AZM_COUNT(questions); i++)
        met = measure(reader, &questions[i], traces) && met;
    printf("%.1f MB resident after all of them\n\n", resident_mb());
    azm_reader_close(reader);
    close_and_remove(store, folder);
    return met;
}

int main(int argc, char **argv)
{
    static const uint64_t usual[] = {100000, 1000000};
    bool met = true;
    for (int i = 1; i < argc; i++) {
        uint64_t spans;
        if (azm_slice_to_u64(azm_slice_str(argv[i]), &spans) != AZM_OK || spans < SPANS)
            die("SPANS: numbers from 4 on");
        met = run(spans) && met;
    }
    for (size_t i = 0; i < AZM_COUNT(usual) && argc == 1; i++)
        met = run(usual[i]) && met;
    printf("budget of 100 ms a query: %s\n", met ? "met" : "not met");
    return met ? 0 : 1;
}
