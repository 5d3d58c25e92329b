#include "hub_requests.h"

#include "hub/receive/decode.h"
#include "hub/receive/otlp/otlp.h"
#include "os/clock.h"
#include "proto/wire.h"

#include <stdio.h>

static const uint64_t begin_us = 1760000000000000;

/* --- intake v2 --- */

static const char metadata[] =
    "{\"metadata\":{\"service\":{\"name\":\"orders\",\"environment\":\"bench\",\"agent\":{\"name\":\"azimuth\","
    "\"version\":\"1\"},\"runtime\":{\"name\":\"node\",\"version\":\"20\"},\"language\":{\"name\":\"javascript\"}},"
    "\"cloud\":{\"provider\":\"azure\",\"region\":\"westeurope\",\"account\":{\"id\":\"f5940f10-2e30-3e4d-a259-63451ba6"
    "dae4\"}}}}\n";

static void add_trace(struct azm_buf *out, unsigned sender, unsigned number)
{
    char trace[33], id[17];
    snprintf(trace, sizeof trace, "%016x%016x", sender, number);
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
        id, trace, (unsigned long long)begin_us + number);
    for (unsigned i = 0; i < SPANS; i++)
        azm_buf_addf(
            out,
            "{\"span\":{\"id\":\"%08x%06x%02x\",\"trace_id\":\"%s\",\"parent_id\":\"%s\",\"transaction_id\":\"%s"
            "\",\"name\":\"SELECT FROM products\",\"type\":\"db\",\"subtype\":\"mssql\",\"action\":\"query\","
            "\"duration\":2.5,\"timestamp\":%llu,\"outcome\":\"success\",\"context\":{\"db\":{\"statement\":"
            "\"SELECT id, name, price FROM products WHERE category = @p0 AND id = @p1\",\"type\":\"sql\"},"
            "\"service\":{\"target\":{\"type\":\"mssql\",\"name\":\"shop\"}}}}}\n",
            sender, number, i + 1, trace, id, id, (unsigned long long)begin_us + number + i);
}

static void build_intake(struct azm_buf *body, unsigned sender, unsigned request)
{
    azm_buf_clear(body);
    azm_buf_add_str(body, metadata);
    for (unsigned i = 0; i < TRACES; i++)
        add_trace(body, sender, request * TRACES + i);
}

static void decode_intake(struct azm_batch *batch, azm_slice body)
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

/* --- OTLP, protobuf --- */

static void put_text(struct azm_buf *out, uint32_t no, const char *key, const char *text)
{
    size_t pair = azm_wire_begin(out, no);
    azm_wire_put_bytes(out, 1, azm_slice_str(key));
    size_t value = azm_wire_begin(out, 2);
    azm_wire_put_bytes(out, 1, azm_slice_str(text));
    azm_wire_end(out, value);
    azm_wire_end(out, pair);
}

static void put_id(struct azm_buf *out, uint32_t no, uint32_t a, uint32_t b, size_t size)
{
    char id[16] = {0};
    memcpy(id, &a, sizeof a);
    memcpy(id + size - sizeof b, &b, sizeof b);
    azm_wire_put_bytes(out, no, azm_slice_of(id, size));
}

static size_t open_span(struct azm_buf *out, unsigned sender, unsigned number, unsigned child, const char *name)
{
    uint64_t start_ns = (begin_us + number + child) * 1000;
    size_t span = azm_wire_begin(out, 2);
    put_id(out, 1, sender + 1, number, 16); /* an id of zeros is none */
    put_id(out, 2, number, (sender + 1) * 16 + child, 8);
    if (child)
        put_id(out, 4, number, (sender + 1) * 16, 8);
    azm_wire_put_bytes(out, 5, azm_slice_str(name));
    azm_wire_put_uint(out, 6, child ? 3 : 2);
    azm_wire_put_fixed64(out, 7, start_ns);
    azm_wire_put_fixed64(out, 8, start_ns + (child ? 2500000 : 12345000));
    return span;
}

static void put_trace(struct azm_buf *out, unsigned sender, unsigned number)
{
    static const char *const server[][2] = {{"http.request.method", "GET"},
                                            {"url.full", "http://localhost:7071/api/products/toys/7"},
                                            {"http.route", "/api/products/{category:alpha}/{id}"},
                                            {"user_agent.original", "curl/7.88"},
                                            {"faas.name", "orders/products"},
                                            {"faas.invocation_id", "20df9d65-6f92-4ad8-8c49-ba41ed7d4ac7"},
                                            {"faas.trigger", "http"}};
    static const char *const client[][2] = {
        {"db.system.name", "mssql"},
        {"db.namespace", "shop"},
        {"db.query.text", "SELECT id, name, price FROM products WHERE category = @p0 AND id = @p1"}};
    size_t span = open_span(out, sender, number, 0, "GET /api/products/{category:alpha}/{id}");
    for (size_t i = 0; i < AZM_COUNT(server); i++)
        put_text(out, 9, server[i][0], server[i][1]);
    azm_wire_end(out, span);
    for (unsigned child = 1; child <= SPANS; child++) {
        span = open_span(out, sender, number, child, "SELECT FROM products");
        for (size_t i = 0; i < AZM_COUNT(client); i++)
            put_text(out, 9, client[i][0], client[i][1]);
        azm_wire_end(out, span);
    }
}

static void build_otlp(struct azm_buf *body, unsigned sender, unsigned request)
{
    azm_buf_clear(body);
    size_t all = azm_wire_begin(body, 1), resource = azm_wire_begin(body, 1);
    put_text(body, 1, "service.name", "orders");
    put_text(body, 1, "deployment.environment.name", "bench");
    put_text(body, 1, "telemetry.sdk.language", "nodejs");
    azm_wire_end(body, resource);
    size_t scope = azm_wire_begin(body, 2);
    for (unsigned i = 0; i < TRACES; i++)
        put_trace(body, sender, request * TRACES + i);
    azm_wire_end(body, scope);
    azm_wire_end(body, all);
}

/* The batch is copied out of the map; its events and their text stay in its own arena. */
static void decode_otlp(struct azm_batch *batch, azm_slice body)
{
    struct azm_otlp_map *map;
    struct azm_batch **batches;
    if (azm_otlp_receive(AZM_OTLP_TRACES, AZM_OTLP_PROTOBUF, body, azm_clock_wall_us(), &map, NULL) != AZM_OK ||
        azm_otlp_map_batches(map, &batches) != 1 || batches[0]->count != EVENTS)
        die("bad request");
    *batch = *batches[0];
    azm_batch_init(batches[0]);
    azm_otlp_map_free(map);
    if (!azm_batch_pack(batch))
        die("no memory");
}

const struct protocol intake_protocol = {"intake v2", "/intake/v2/events", "Content-Type: application/x-ndjson",
                                         202,         build_intake,        decode_intake};
const struct protocol otlp_protocol = {"OTLP", "/v1/traces", "Content-Type: application/x-protobuf",
                                       200,    build_otlp,   decode_otlp};
