/* A writer for tests: stands in for a tap. Reads commands from standard input, answers each with a line.
 *
 *   source SERVICE PID URL [KEY VALUE]...   metadata and destination; the keys: settings[] below
 *   put N                                   N transactions; their ids count up from 1
 *   unsampled N                             N that were not sampled
 *   logs N                                  N logs; their messages count up from 1
 *   errors N                                N errors of no invocation; likewise
 *   note TEXT                               a line for the agent's log
 *   junk KIND                               a record of any kind that holds no message
 *   beat                                    the heartbeat word
 *   used                                    bytes of the ring that are not released
 *   dropped                                 records that found no room
 *
 * The end of input is an orderly end. usage: ringgen RING_FILE [RING_BYTES] */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/map.h"
#include "os/self.h"
#include "ring/record.h"
#include "ring/ring.h"

static struct azm_ring_writer writer;
static struct azm_ring_reader header; /* for the statistics only */
static char storage[AZM_RECORD_MAX];
static uint64_t serial, log_serial, error_serial;

static azm_slice word(void)
{
    return azm_slice_str(strtok(NULL, " \n"));
}

static unsigned long number(void)
{
    azm_slice text = word();
    return text.ptr ? strtoul(text.ptr, NULL, 10) : 0;
}

static bool put(unsigned kind, const struct azm_buf *record)
{
    return !record->failed && azm_ring_put(&writer, kind, azm_buf_slice(record));
}

#define AT(member) offsetof(struct azm_source, member)
static const struct {
    const char *key;
    enum { TEXT, NUMBER, BOOL, KIND, PROTOCOL } kind;
    size_t offset;
} settings[] = {
    {"api_key", TEXT, AT(destination.api_key)},
    {"secret_token", TEXT, AT(destination.secret_token)},
    {"ca_file", TEXT, AT(destination.ca_file)},
    {"verify", BOOL, AT(destination.verify_server_cert)},
    {"node", TEXT, AT(node_name)},
    {"timeout_ms", NUMBER, AT(destination.timeout_ms)},
    {"kind", KIND, AT(destination.kind)}, /* otlp */
    {"logs_kind", KIND, AT(logs.kind)},
    {"logs_url", TEXT, AT(logs.url)},
    {"logs_full_url", TEXT, AT(logs.full_url)},
    {"logs_headers", TEXT, AT(logs.headers)},
    {"logs_protocol", PROTOCOL, AT(logs.protocol)},
    {"logs_gzip", BOOL, AT(logs.gzip)},
    {"logs_timeout_ms", NUMBER, AT(logs.timeout_ms)},
    {"full_url", TEXT, AT(destination.full_url)},
    {"headers", TEXT, AT(destination.headers)},
    {"cert", TEXT, AT(destination.client_cert_file)},
    {"key", TEXT, AT(destination.client_key_file)},
    {"protocol", PROTOCOL, AT(destination.protocol)}, /* json */
    {"gzip", BOOL, AT(destination.gzip)},
    {"insecure", BOOL, AT(destination.insecure)},
    {"more_urls", TEXT, AT(destination.more_urls)},
    {"request_bytes", NUMBER, AT(destination.request_bytes)},
    {"request_time_ms", NUMBER, AT(destination.request_time_ms)},
};

static void set(struct azm_source *source, azm_slice key, azm_slice value)
{
    for (size_t i = 0; i < AZM_COUNT(settings); i++) {
        void *at = (char *)source + settings[i].offset;
        if (!azm_slice_eq(key, azm_slice_str(settings[i].key)))
            continue;
        switch (settings[i].kind) {
        case TEXT: *(azm_slice *)at = value; return;
        case NUMBER: *(uint32_t *)at = (uint32_t)strtoul(value.ptr, NULL, 10); return;
        case BOOL: *(bool *)at = azm_slice_eq(value, AZM_S("true")); return;
        case KIND: *(enum azm_destination_kind *)at = AZM_DESTINATION_OTLP; return;
        case PROTOCOL: *(enum azm_otlp_protocol *)at = AZM_OTLP_JSON; return;
        }
    }
}

static void put_source(struct azm_buf *record)
{
    struct azm_source source = {.service_name = word(), .agent_name = AZM_S("azimuth"), .agent_version = AZM_S("1")};
    source.pid = (uint32_t)number();
    source.destination.url = word();
    source.destination.verify_server_cert = true;
    source.destination.kind =
        azm_slice_eq(source.destination.url, AZM_S("none")) ? AZM_DESTINATION_NONE : AZM_DESTINATION_ELASTIC;
    for (azm_slice key = word(); key.len; key = word())
        set(&source, key, word());
    azm_record_put_source(record, &source);
    puts(put(AZM_RECORD_SOURCE, record) ? "ok" : "failed");
}

static bool put_transaction(struct azm_buf *record, bool sampled)
{
    static const struct azm_pair headers[] = {
        {AZM_S("Host"), AZM_S("shop.example")}, {AZM_S("Accept"), AZM_S("a")}, {AZM_S("accept"), AZM_S("b")}};
    static const struct azm_pair labels[] = {{AZM_S("a.b"), AZM_S("c")}};
    struct azm_transaction transaction = {
        .timestamp_us = azm_clock_wall_us(),
        .duration_us = 1234,
        .name = AZM_S("GET /api/hello/{name}"),
        .type = AZM_S("request"),
        .result = AZM_S("HTTP 2xx"),
        .outcome = AZM_OUTCOME_SUCCESS,
        .sampled = sampled,
        .sample_rate = sampled,
        .faas = {.name = AZM_S("shop/hello"), .trigger_type = AZM_S("http"), .coldstart = AZM_TRUE},
        .http = {.method = AZM_S("GET"),
                 .url = AZM_S("/api/hello/x?y=1"),
                 .http_version = AZM_S("1.1"),
                 .remote_address = AZM_S("127.0.0.1"),
                 .request_headers = {headers, AZM_COUNT(headers)},
                 .response_headers = {headers, 1},
                 .status_code = 200},
        .message = {.queue = AZM_S("orders"), .has_age = AZM_TRUE, .age_ms = 5},
        .labels = {labels, AZM_COUNT(labels)},
    };
    serial++;
    for (size_t i = 0; i < 8; i++) {
        transaction.id.bytes[i] = (uint8_t)(serial >> (56 - 8 * i));
        transaction.trace_id.bytes[i + 8] = transaction.id.bytes[i];
    }
    const struct azm_span_link link = {transaction.trace_id, transaction.id};
    transaction.links = &link;
    transaction.link_count = 1;
    azm_buf_clear(record);
    azm_record_put_transaction(record, &transaction);
    return put(AZM_RECORD_TRANSACTION, record);
}

static bool put_sampled(struct azm_buf *record)
{
    return put_transaction(record, true);
}

static bool put_unsampled(struct azm_buf *record)
{
    return put_transaction(record, false);
}

static bool put_log(struct azm_buf *record)
{
    char message[32];
    snprintf(message, sizeof message, "log %" PRIu64, ++log_serial);
    const struct azm_log_event log = {.timestamp_us = azm_clock_wall_us(),
                                      .trace_id = {{1}},
                                      .transaction_id = {{2}},
                                      .level = AZM_S("warning"),
                                      .logger = AZM_S("Function.hello.User"),
                                      .message = azm_slice_str(message),
                                      .faas_name = AZM_S("shop/hello"),
                                      .execution = AZM_S("i-1")};
    azm_buf_clear(record);
    azm_record_put_log(record, &log);
    return put(AZM_RECORD_LOG, record);
}

static bool put_error(struct azm_buf *record)
{
    char message[32];
    snprintf(message, sizeof message, "error %" PRIu64, ++error_serial);
    const struct azm_error_event error = {
        .timestamp_us = azm_clock_wall_us(),
        .function = AZM_S("hello"),
        .exception = {.error_id = {{1}}, .type = AZM_S("ImportError"), .message = azm_slice_str(message)}};
    azm_buf_clear(record);
    azm_record_put_error(record, &error);
    return put(AZM_RECORD_ERROR, record);
}

static void put_many(struct azm_buf *record, bool (*put_one)(struct azm_buf *record))
{
    unsigned long n = number(), taken = 0;
    for (unsigned long i = 0; i < n; i++)
        taken += put_one(record);
    printf("%lu\n", taken);
}

static void obey(char *line)
{
    struct azm_buf record;
    azm_buf_init_fixed(&record, storage, sizeof storage);
    azm_slice command = azm_slice_str(strtok(line, " \n"));
    if (azm_slice_eq(command, AZM_S("source"))) {
        put_source(&record);
    } else if (azm_slice_eq(command, AZM_S("put"))) {
        put_many(&record, put_sampled);
    } else if (azm_slice_eq(command, AZM_S("unsampled"))) {
        put_many(&record, put_unsampled);
    } else if (azm_slice_eq(command, AZM_S("logs"))) {
        put_many(&record, put_log);
    } else if (azm_slice_eq(command, AZM_S("errors"))) {
        put_many(&record, put_error);
    } else if (azm_slice_eq(command, AZM_S("note"))) {
        azm_record_put_note(&record, azm_slice_str(strtok(NULL, "\n")));
        puts(put(AZM_RECORD_NOTE, &record) ? "ok" : "failed");
    } else if (azm_slice_eq(command, AZM_S("junk"))) {
        azm_buf_add(&record, AZM_S("\xff\xff\xff"));
        puts(put((unsigned)number(), &record) ? "ok" : "failed");
    } else if (azm_slice_eq(command, AZM_S("beat"))) {
        printf("%" PRIu64 "\n", azm_ring_control(&writer).heartbeat);
    } else if (azm_slice_eq(command, AZM_S("used")) || azm_slice_eq(command, AZM_S("dropped"))) {
        if (azm_ring_reader_init(&header, writer.header, AZM_RING_SIZE_MAX) != AZM_OK)
            abort();
        struct azm_ring_stats stats = azm_ring_stats(&header);
        printf("%" PRIu64 "\n", command.ptr[0] == 'u' ? stats.used : stats.dropped[AZM_RING_DROP_FULL]);
    } else {
        puts("unknown");
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char line[4096];
    struct azm_error err;
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: ringgen RING_FILE [RING_BYTES]\n");
        return 2;
    }
    size_t size = argc == 3 ? strtoul(argv[2], NULL, 10) : AZM_RING_SIZE;
    struct azm_map *map = azm_map_create(argv[1], size, &err);
    if (!map) {
        fprintf(stderr, "ringgen: %s\n", err.text);
        return 1;
    }
    if (azm_ring_format(azm_map_memory(map), size, azm_self_pid(), 1, azm_clock_wall_us()) != AZM_OK ||
        azm_ring_writer_init(&writer, azm_map_memory(map), size) != AZM_OK) {
        fprintf(stderr, "ringgen: cannot make a ring of %zu bytes\n", size);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin))
        obey(line);
    azm_map_close(map);
    return 0;
}
