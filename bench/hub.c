/* The hub's intake against SQLite alone: how many events per second go from HTTP to committed, and how many the same
 * statements insert, prepared and batched, from rows that are decoded already.
 *
 *     build/release/bin/bench_hub [PAIRS]
 *
 * The two are interleaved; the ratio of each pair is printed, then the geometric mean with its 95 % interval. Budget:
 * at least 0.5. Senders, server and writer share the machine's cores. */
#include "base/buf.h"
#include "hub/hub.h"
#include "hub/receive/decode.h"
#include "hub/store/insert.h"
#include "hub/store/schema.h"
#include "os/clock.h"

#include <curl/curl.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <uv.h>

enum { SENDERS = 4, REQUESTS = 50, TRACES = 50, SPANS = 4, EVENTS = TRACES * (SPANS + 1), PAIRS = 20 };

static const char metadata[] =
    "{\"metadata\":{\"service\":{\"name\":\"orders\",\"environment\":\"bench\",\"agent\":{\"name\":\"azimuth\","
    "\"version\":\"1\"},\"runtime\":{\"name\":\"node\",\"version\":\"20\"},\"language\":{\"name\":\"javascript\"}},"
    "\"cloud\":{\"provider\":\"azure\",\"region\":\"westeurope\",\"account\":{\"id\":\"f5940f10-2e30-3e4d-a259-63451ba6"
    "dae4\"}}}}\n";

static void add_trace(struct azm_buf *out, unsigned run, unsigned sender, unsigned number)
{
    char trace[33], id[17];
    snprintf(trace, sizeof trace, "%08x%08x%016x", run, sender, number);
    snprintf(id, sizeof id, "%08x%08x", sender, number);
    azm_buf_addf(
        out,
        "{\"transaction\":{\"id\":\"%s\",\"trace_id\":\"%s\",\"name\":\"GET /api/products/{category:alpha}/{id}\","
        "\"type\":\"request\",\"duration\":12.345,\"timestamp\":%llu,\"result\":\"HTTP 2xx\",\"outcome\":"
        "\"success\",\"span_count\":{\"started\":4},\"faas\":{\"id\":\"/subscriptions/x/resourceGroups/y/"
        "providers/Microsoft.Web/sites/z/functions/products\",\"name\":\"orders/products\",\"coldstart\":false,"
        "\"execution\":\"20df9d65-6f92-4ad8-8c49-ba41ed7d4ac7\",\"trigger\":{\"type\":\"http\"}},\"context\":{"
        "\"request\":{\"method\":\"GET\",\"url\":{\"full\":\"http://localhost:7071/api/products/toys/7\"},"
        "\"headers\":{\"user-agent\":\"curl/7.88\",\"accept\":\"*/*\"}},\"response\":{\"status_code\":200}}}}\n",
        id, trace, 1760000000000000ull + number);
    for (unsigned i = 0; i < SPANS; i++)
        azm_buf_addf(
            out,
            "{\"span\":{\"id\":\"%08x%06x%02x\",\"trace_id\":\"%s\",\"parent_id\":\"%s\",\"transaction_id\":\"%s"
            "\",\"name\":\"SELECT FROM products\",\"type\":\"db\",\"subtype\":\"mssql\",\"action\":\"query\","
            "\"duration\":2.5,\"timestamp\":%llu,\"outcome\":\"success\",\"context\":{\"db\":{\"statement\":"
            "\"SELECT id, name, price FROM products WHERE category = @p0 AND id = @p1\",\"type\":\"sql\"},"
            "\"service\":{\"target\":{\"type\":\"mssql\",\"name\":\"shop\"}}}}}\n",
            sender, number, i, trace, id, id, 1760000000000000ull + number + i);
}

static void build(struct azm_buf *body, unsigned run, unsigned sender, unsigned request)
{
    azm_buf_clear(body);
    azm_buf_add_str(body, metadata);
    for (unsigned i = 0; i < TRACES; i++)
        add_trace(body, run, sender, request * TRACES + i);
}

static struct azm_buf bodies[SENDERS][REQUESTS];
static char address[64];

static void die(const char *what)
{
    fprintf(stderr, "bench_hub: %s\n", what);
    exit(1);
}

static void send_all(void *arg)
{
    struct azm_buf *own = arg;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/x-ndjson");
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    for (int i = 0; i < REQUESTS; i++) {
        long code = 0;
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, own[i].ptr);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)own[i].len);
        if (curl_easy_perform(curl) != CURLE_OK)
            die("no answer");
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
        if (code != 202)
            die("not accepted");
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
}

/* A folder of its own for each measurement, so that both begin with an empty file. */
static const char *fresh_folder(void)
{
    static char path[256];
    uv_fs_t req;
    size_t size = sizeof path - 32;
    uv_os_tmpdir(path, &size);
    snprintf(path + strlen(path), sizeof path - strlen(path), "/azm-bench-XXXXXX");
    if (uv_fs_mkdtemp(NULL, &req, path, NULL) != 0)
        die("no temporary folder");
    snprintf(path, sizeof path, "%s", req.path);
    uv_fs_req_cleanup(&req);
    return path;
}

static void clear_folder(const char *folder)
{
    static const char *const names[] = {"hub.db", "hub.db-wal", "hub.db-shm"};
    char path[300];
    for (size_t i = 0; i < AZM_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    remove(folder);
}

static double through_the_hub(void)
{
    const char *folder = fresh_folder();
    const struct azm_hub_options options = {.listen = "127.0.0.1:0", .data_dir = folder};
    struct azm_hub *hub;
    struct azm_error err;
    uv_thread_t threads[SENDERS];
    if (azm_hub_start(&options, &hub, &err) != AZM_OK)
        die(err.text);
    snprintf(address, sizeof address, "http://127.0.0.1:%u/intake/v2/events", azm_hub_port(hub));
    int64_t start = azm_clock_mono_us();
    for (int i = 0; i < SENDERS; i++)
        uv_thread_create(&threads[i], send_all, bodies[i]);
    for (int i = 0; i < SENDERS; i++)
        uv_thread_join(&threads[i]);
    int64_t took = azm_clock_mono_us() - start;
    azm_hub_stop(hub);
    clear_folder(folder);
    return (double)SENDERS * REQUESTS * EVENTS / ((double)took / 1e6);
}

static void decode(struct azm_batch *batch, azm_slice body)
{
    azm_slice line;
    azm_batch_init(batch);
    batch->received_us = azm_clock_wall_us();
    if (!azm_slice_split(&body, '\n', &line) || azm_decode_metadata(line, batch, NULL) != AZM_OK)
        die("bad metadata");
    while (azm_slice_split(&body, '\n', &line) && line.len)
        if (azm_decode_event(line, batch, NULL) != AZM_OK)
            die("bad event");
    if (!azm_batch_pack(batch))
        die("no memory");
}

static void insert_all(struct sqlite3 *db, struct azm_insert *insert, struct azm_batch (*batches)[REQUESTS])
{
    for (int r = 0; r < REQUESTS; r++) { /* one commit per round of senders, as they come to the hub */
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (int s = 0; s < SENDERS; s++)
            if (azm_insert_batch(insert, &batches[s][r], NULL) != AZM_OK)
                die("insert failed");
        if (azm_insert_end(insert, NULL) != AZM_OK)
            die("insert failed");
        sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    }
}

static double sqlite_alone(void)
{
    static struct azm_batch batches[SENDERS][REQUESTS];
    const char *folder = fresh_folder();
    char path[300];
    struct sqlite3 *db;
    struct azm_insert insert;
    for (int s = 0; s < SENDERS; s++)
        for (int r = 0; r < REQUESTS; r++)
            decode(&batches[s][r], azm_buf_slice(&bodies[s][r]));
    snprintf(path, sizeof path, "%s/hub.db", folder);
    if (azm_schema_open(path, &db, NULL) != AZM_OK ||
        azm_insert_init(&insert, db, (struct azm_partition_limits){0, 0}, 1, NULL) != AZM_OK)
        die("no database");
    int64_t start = azm_clock_mono_us();
    insert_all(db, &insert, batches);
    int64_t took = azm_clock_mono_us() - start;
    azm_insert_dispose(&insert);
    azm_schema_close(db);
    clear_folder(folder);
    for (int s = 0; s < SENDERS; s++)
        for (int r = 0; r < REQUESTS; r++)
            azm_batch_dispose(&batches[s][r]);
    return (double)SENDERS * REQUESTS * EVENTS / ((double)took / 1e6);
}

int main(int argc, char **argv)
{
    int pairs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : PAIRS;
    double sum = 0, squares = 0;
    if (pairs < 2)
        die("PAIRS: a number from 2 on");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (int s = 0; s < SENDERS; s++)
        for (int r = 0; r < REQUESTS; r++) {
            azm_buf_init(&bodies[s][r], 64 * 1024 * 1024);
            build(&bodies[s][r], 1, (unsigned)s, (unsigned)r);
        }
    for (int i = 0; i < pairs; i++) {
        double hub = through_the_hub(), alone = sqlite_alone(), ratio = hub / alone;
        printf("pair %2d: hub %8.0f events/s, SQLite alone %8.0f, ratio %.3f\n", i + 1, hub, alone, ratio);
        fflush(stdout);
        sum += log(ratio);
        squares += log(ratio) * log(ratio);
    }
    double mean = sum / pairs, deviation = sqrt((squares - pairs * mean * mean) / (pairs - 1));
    double half = 1.96 * deviation / sqrt(pairs);
    printf("hub/SQLite: %.3f (95 %%: %.3f to %.3f), budget at least 0.5\n", exp(mean), exp(mean - half),
           exp(mean + half));
    return 0;
}
