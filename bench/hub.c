/* The hub's intake v2 and OTLP (protobuf) against SQLite alone: how many events per second go from HTTP to committed,
 * and how many the same statements insert, prepared and batched, from rows that are decoded already.
 *
 *     build/release/bin/bench_hub [PAIRS]
 *
 * The two are interleaved; the ratio of each pair is printed, then the geometric mean with its 95 % interval. Budget:
 * at least 0.5. Senders, server and writer share the machine's cores. */
#include "hub/hub.h"
#include "hub/store/insert.h"
#include "hub/store/schema.h"
#include "hub_requests.h"
#include "os/clock.h"

#include <curl/curl.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <uv.h>

enum { SENDERS = 4, REQUESTS = 50, PAIRS = 20 };

static struct azm_buf bodies[SENDERS][REQUESTS];
static char address[64];
static const struct protocol *protocol;

void die(const char *what)
{
    fprintf(stderr, "bench_hub: %s\n", what);
    exit(1);
}

static void send_all(void *arg)
{
    struct azm_buf *own = arg;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, protocol->content_type);
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
        if (code != protocol->accepted)
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
    snprintf(address, sizeof address, "http://127.0.0.1:%u%s", azm_hub_port(hub), protocol->path);
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
            protocol->decode(&batches[s][r], azm_buf_slice(&bodies[s][r]));
    snprintf(path, sizeof path, "%s/hub.db", folder);
    if (azm_schema_open(path, &db, NULL) != AZM_OK ||
        azm_insert_init(&insert, db, (struct azm_partition_limits){0, 0}, 1, NULL) != AZM_OK)
        die("no database");
    int64_t start = azm_clock_mono_us();
    insert_all(db, &insert, batches);
    int64_t took = azm_clock_mono_us() - start;
    if (insert.added != (uint64_t)SENDERS * REQUESTS * EVENTS)
        die("events that are known already");
    azm_insert_dispose(&insert);
    azm_schema_close(db);
    clear_folder(folder);
    for (int s = 0; s < SENDERS; s++)
        for (int r = 0; r < REQUESTS; r++)
            azm_batch_dispose(&batches[s][r]);
    return (double)SENDERS * REQUESTS * EVENTS / ((double)took / 1e6);
}

static void compare(int pairs)
{
    double sum = 0, squares = 0;
    for (int s = 0; s < SENDERS; s++)
        for (int r = 0; r < REQUESTS; r++)
            protocol->build(&bodies[s][r], (unsigned)s, (unsigned)r);
    for (int i = 0; i < pairs; i++) {
        double hub = through_the_hub(), alone = sqlite_alone(), ratio = hub / alone;
        printf("%s, pair %2d: hub %8.0f events/s, SQLite alone %8.0f, ratio %.3f\n", protocol->name, i + 1, hub, alone,
               ratio);
        fflush(stdout);
        sum += log(ratio);
        squares += log(ratio) * log(ratio);
    }
    double mean = sum / pairs, deviation = sqrt((squares - pairs * mean * mean) / (pairs - 1));
    double half = 1.96 * deviation / sqrt(pairs);
    printf("%s, hub/SQLite: %.3f (95 %%: %.3f to %.3f), budget at least 0.5\n", protocol->name, exp(mean),
           exp(mean - half), exp(mean + half));
}

int main(int argc, char **argv)
{
    int pairs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : PAIRS;
    static const struct protocol *const all[] = {&intake_protocol, &otlp_protocol};
    if (pairs < 2)
        die("PAIRS: a number from 2 on");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (int s = 0; s < SENDERS; s++)
        for (int r = 0; r < REQUESTS; r++)
            azm_buf_init(&bodies[s][r], 64 * 1024 * 1024);
    for (size_t i = 0; i < AZM_COUNT(all); i++) {
        protocol = all[i];
        compare(pairs);
    }
    return 0;
}
