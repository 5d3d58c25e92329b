#include "messages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/wire.h"

#define FUNCTION AZM_S("hello")
#define FOLDER   AZM_S("/srv/functions/app-node/src/functions")
#define TRIGGER  AZM_S("httpTrigger624a61988c")

static void put_text(struct azm_buf *out, uint32_t no, const char *text)
{
    azm_wire_put_bytes(out, no, azm_slice_str(text));
}

static void put_pair(struct azm_buf *out, uint32_t no, const char *key, const char *value)
{
    size_t entry = azm_wire_begin(out, no);
    put_text(out, 1, key);
    put_text(out, 2, value);
    azm_wire_end(out, entry);
}

/* map<string, NullableString> and map<string, TypedData> are alike but for the number of the text. */
static void put_nested_pair(struct azm_buf *out, uint32_t no, const char *key, uint32_t value_no, const char *value)
{
    size_t entry = azm_wire_begin(out, no);
    put_text(out, 1, key);
    size_t holder = azm_wire_begin(out, 2);
    put_text(out, value_no, value);
    azm_wire_end(out, holder);
    azm_wire_end(out, entry);
}

static void put_success(struct azm_buf *out, uint32_t no)
{
    size_t result = azm_wire_begin(out, no);
    azm_wire_put_uint(out, 4, 1);
    azm_wire_end(out, result);
}

/* --- the host's --- */

void bench_put_init_request(struct azm_buf *out)
{
    size_t request = azm_wire_begin(out, BENCH_INIT_REQUEST);
    put_text(out, 1, "4.1037.0.0");
    put_pair(out, 2, "MultiStream", "10");
    put_text(out, 4, "/srv/functions/worker-node");
    put_text(out, 5, "/srv/functions/app-node");
    azm_wire_end(out, request);
}

void bench_put_metadata_request(struct azm_buf *out)
{
    size_t request = azm_wire_begin(out, BENCH_METADATA_REQUEST);
    put_text(out, 1, "/srv/functions/app-node");
    azm_wire_end(out, request);
}

static void put_binding(struct azm_buf *out, azm_slice name, const char *type, uint64_t direction)
{
    size_t entry = azm_wire_begin(out, 6);
    azm_wire_put_bytes(out, 1, name);
    size_t info = azm_wire_begin(out, 2);
    put_text(out, 2, type);
    azm_wire_put_uint(out, 3, direction);
    azm_wire_end(out, info);
    azm_wire_end(out, entry);
}

static void put_function(struct azm_buf *out, uint32_t no)
{
    size_t function = azm_wire_begin(out, no);
    azm_wire_put_bytes(out, 1, FOLDER);
    put_text(out, 2, "all.js");
    azm_wire_put_bytes(out, 4, FUNCTION);
    put_binding(out, TRIGGER, "httpTrigger", 0);
    put_binding(out, AZM_S("$return"), "http", 1);
    if (no == 1) { /* only the worker knows them */
        put_text(out, 10,
                 "{\"authLevel\":\"anonymous\",\"methods\":[\"GET\",\"POST\"],\"name\":\"httpTrigger624a61988c\","
                 "\"type\":\"httpTrigger\",\"direction\":\"in\"}");
        put_text(out, 10, "{\"name\":\"$return\",\"type\":\"http\",\"direction\":\"out\"}");
        azm_wire_put_bytes(out, 13, FUNCTION);
    }
    azm_wire_end(out, function);
}

void bench_put_load_request(struct azm_buf *out)
{
    size_t request = azm_wire_begin(out, BENCH_LOAD_REQUEST);
    azm_wire_put_bytes(out, 1, FUNCTION);
    put_function(out, 2);
    azm_wire_end(out, request);
}

static void put_identity(struct azm_buf *out)
{
    size_t identity = azm_wire_begin(out, 18);
    static const char *const texts[] = {"WebJobsAuthLevel",
                                        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
                                        "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"};
    for (uint32_t i = 0; i < AZM_COUNT(texts); i++) {
        size_t text = azm_wire_begin(out, i + 1);
        put_text(out, 1, texts[i]);
        azm_wire_end(out, text);
    }
    put_pair(out, 4, "Anonymous", "http://schemas.microsoft.com/2017/07/functions/claims/authlevel");
    azm_wire_end(out, identity);
}

static void put_http_request(struct azm_buf *out, const char *traceparent)
{
    const char *const headers[][2] = {{"host", "minihost.example"},
                                      {"user-agent", "minihost/1"},
                                      {"accept", "*/*"},
                                      {"x-forwarded-for", "203.0.113.7:51234"},
                                      {"x-forwarded-proto", "https"},
                                      {"traceparent", traceparent}};
    size_t http = azm_wire_begin(out, 5);
    put_text(out, 1, "GET");
    put_text(out, 2, "https://minihost.example/api/hello");
    put_identity(out);
    for (size_t i = 0; i < AZM_COUNT(headers); i++)
        put_nested_pair(out, 20, headers[i][0], 1, headers[i][1]);
    azm_wire_end(out, http);
}

static void put_trigger(struct azm_buf *out, const char *traceparent)
{
    size_t binding = azm_wire_begin(out, 3);
    azm_wire_put_bytes(out, 1, TRIGGER);
    size_t data = azm_wire_begin(out, 2);
    put_http_request(out, traceparent);
    azm_wire_end(out, data);
    azm_wire_end(out, binding);
}

static void put_trigger_metadata(struct azm_buf *out, const char *traceparent)
{
    char headers[256];
    snprintf(headers, sizeof(headers),
             "{\"host\":\"minihost.example\",\"user-agent\":\"minihost/1\",\"accept\":\"*/*\","
             "\"x-forwarded-for\":\"203.0.113.7:51234\",\"x-forwarded-proto\":\"https\",\"traceparent\":\"%s\"}",
             traceparent);
    put_nested_pair(out, 4, "Query", 2, "{}");
    put_nested_pair(out, 4, "Headers", 2, headers);
}

void bench_put_invocation(struct azm_buf *out, uint32_t number)
{
    char id[BENCH_ID_LEN + 1], callers[64], hosts[64];
    snprintf(id, sizeof(id), "%08" PRIx32 "-b624-4723-bf30-b9e7809556d1", number);
    snprintf(callers, sizeof(callers), "00-%08" PRIx32 "895f47fff755cf40e1394c83-534fbdd27c0ebe7b-01", number);
    snprintf(hosts, sizeof(hosts), "00-%08" PRIx32 "895f47fff755cf40e1394c83-6c3a8763ce8728b8-01", number);
    size_t request = azm_wire_begin(out, BENCH_INVOCATION_REQUEST);
    put_text(out, 1, id);
    azm_wire_put_bytes(out, 2, FUNCTION);
    put_trigger(out, callers);
    put_trigger_metadata(out, callers);
    size_t trace = azm_wire_begin(out, 5);
    put_text(out, 1, hosts);
    put_text(out, 2, "");
    azm_wire_end(out, trace);
    azm_wire_end(out, request);
}

/* --- the worker's --- */

void bench_put_start_stream(struct azm_buf *out, azm_slice worker_id)
{
    size_t start = azm_wire_begin(out, BENCH_START_STREAM);
    azm_wire_put_bytes(out, 2, worker_id);
    azm_wire_end(out, start);
}

void bench_put_init_response(struct azm_buf *out)
{
    static const char *const capabilities[] = {
        "RawHttpBodyBytes",    "RpcHttpTriggerMetadataRemoved",
        "RpcHttpBodyOnly",     "IgnoreEmptyValuedRpcHttpHeaders",
        "TypedDataCollection", "UseNullableValueDictionaryForHttp",
        "WorkerStatus",        "HandlesWorkerTerminateMessage",
    };
    size_t response = azm_wire_begin(out, BENCH_INIT_RESPONSE);
    for (size_t i = 0; i < AZM_COUNT(capabilities); i++)
        put_pair(out, 2, capabilities[i], "true");
    put_success(out, 3);
    size_t metadata = azm_wire_begin(out, 4);
    put_text(out, 1, "node");
    put_text(out, 2, "20.20.2");
    put_text(out, 3, "3.9.1");
    put_text(out, 4, "x64");
    azm_wire_end(out, metadata);
    azm_wire_end(out, response);
}

void bench_put_metadata_response(struct azm_buf *out)
{
    size_t response = azm_wire_begin(out, BENCH_METADATA_RESPONSE);
    put_function(out, 1);
    put_success(out, 2);
    azm_wire_end(out, response);
}

void bench_put_load_response(struct azm_buf *out)
{
    size_t response = azm_wire_begin(out, BENCH_LOAD_RESPONSE);
    azm_wire_put_bytes(out, 1, FUNCTION);
    put_success(out, 2);
    azm_wire_end(out, response);
}

static void put_log(struct azm_buf *out, azm_slice invocation_id, uint64_t level, const char *text, uint64_t category)
{
    size_t log = azm_wire_begin(out, BENCH_LOG);
    azm_wire_put_bytes(out, 1, invocation_id);
    put_text(out, 2, "hello.Invocation");
    azm_wire_put_uint(out, 3, level);
    put_text(out, 4, text);
    azm_wire_put_uint(out, 8, category);
    azm_wire_end(out, log);
}

void bench_put_system_log(struct azm_buf *out, azm_slice invocation_id)
{
    char text[160];
    snprintf(text, sizeof(text),
             "Worker cbc67618-3d5c-4cb9-a104-c0372764d9a8 received FunctionInvocationRequest with invocationId %.*s",
             AZM_FMT(azm_slice_take(invocation_id, BENCH_ID_LEN)));
    put_log(out, invocation_id, 1, text, 1);
}

void bench_put_user_log(struct azm_buf *out, azm_slice invocation_id)
{
    put_log(out, invocation_id, 2, "hello called", 0);
}

void bench_put_response(struct azm_buf *out, azm_slice invocation_id)
{
    put_text(out, 1, "");
    size_t response = azm_wire_begin(out, BENCH_INVOCATION_RESPONSE);
    azm_wire_put_bytes(out, 1, invocation_id);
    put_success(out, 3);
    size_t value = azm_wire_begin(out, 4);
    size_t http = azm_wire_begin(out, 5);
    put_pair(out, 3, "content-type", "application/json");
    size_t body = azm_wire_begin(out, 4);
    put_text(out, 3, "{\"hello\":\"world\",\"size\":0}");
    azm_wire_end(out, body);
    put_text(out, 12, "200");
    azm_wire_end(out, http);
    azm_wire_end(out, value);
    azm_wire_end(out, response);
}

/* --- reading --- */

bool bench_message_read(azm_slice message, enum bench_arm *arm, azm_slice *invocation_id)
{
    struct azm_wire_field field = {0}, first;
    while (azm_wire_next(&message, &field) == AZM_OK && field.no == 1)
        ; /* request_id */
    if (field.no <= 1 || field.type != AZM_WIRE_BYTES)
        return false;
    *arm = (enum bench_arm)field.no;
    *invocation_id = AZM_S("");
    if (azm_wire_next(&field.bytes, &first) == AZM_OK && first.no == 1)
        *invocation_id = first.bytes;
    return true;
}

uint32_t bench_invocation_number(azm_slice invocation_id)
{
    char digits[9];
    azm_slice_copy(invocation_id, digits, sizeof(digits));
    return (uint32_t)strtoul(digits, NULL, 16);
}
