#include "tap/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/wire.h"
#include "tap/rpc_tables.h"

/* What the reader told, as text. */
static struct azm_buf told, uri;

static void tell(const char *what, azm_slice text)
{
    if (text.ptr)
        azm_buf_addf(&told, "%s=%.*s ", what, AZM_FMT(text));
}

static void on_message(void *self, const struct azm_rpc_message *m, int64_t now_us)
{
    (void)self;
    (void)now_us;
    azm_buf_addf(&told, "[%d status=%d retry=%u http=%d clipped=%d ", m->kind, m->status, (unsigned)m->retry_count,
                 m->has_http, m->clipped);
    tell("id", m->fields[AZM_RPC_INVOCATION_ID]);
    tell("function", m->fields[AZM_RPC_FUNCTION_ID]);
    tell("parent", m->fields[AZM_RPC_TRACE_PARENT]);
    tell("method", m->fields[AZM_RPC_HTTP_METHOD]);
    tell("url", m->fields[AZM_RPC_HTTP_URL]);
    tell("metadata", m->fields[AZM_RPC_METADATA_HEADERS]);
    tell("body", m->fields[AZM_RPC_BODY]);
    tell("code", m->fields[AZM_RPC_STATUS_CODE]);
    tell("json", m->fields[AZM_RPC_RETURN_JSON]);
    tell("runtime", m->fields[AZM_RPC_RUNTIME_VERSION]);
    if (m->kind == AZM_RPC_LOG) {
        azm_buf_addf(&told, "level=%u source=%u ", (unsigned)m->log_level, (unsigned)m->log_source);
        tell("logger", m->fields[AZM_RPC_LOG_LOGGER]);
        tell("text", m->fields[AZM_RPC_LOG_MESSAGE]);
        tell("exception", m->fields[AZM_RPC_EXCEPTION_MESSAGE]);
    }
    if (m->has_retry)
        azm_buf_addf(&told, "of %d ", m->max_retry_count);
    for (size_t i = 0; m->trigger && i < m->trigger->label_count; i++)
        tell(m->trigger->labels[i].key.ptr, m->trigger->labels[i].value);
    if (m->trigger) {
        tell("message", m->trigger->message_id);
        azm_buf_addf(&told, "links=%u ", (unsigned)m->trigger->link_count);
    }
    for (size_t i = 0; i < m->headers.count; i++)
        azm_buf_addf(&told, "%.*s:%.*s ", AZM_FMT(m->headers.items[i].key), AZM_FMT(m->headers.items[i].value));
    azm_buf_add_str(&told, "]");
}

static void on_function(void *self, const struct azm_rpc_function *f)
{
    (void)self;
    azm_buf_add_str(&told, "{");
    tell("id", f->id);
    tell("name", f->name);
    tell("trigger", f->trigger_type);
    tell("raw", f->raw_trigger);
    azm_buf_add_str(&told, "}");
}

static void on_variable(void *self, azm_slice name, azm_slice value)
{
    (void)self;
    azm_buf_addf(&told, "<%.*s=%.*s>", AZM_FMT(name), AZM_FMT(value));
}

static const struct azm_trigger *trigger_of(void *self, azm_slice function_id)
{
    (void)self;
    if (azm_slice_eq(function_id, AZM_S("grid")))
        return azm_trigger_of(AZM_S("eventGridTrigger"));
    return azm_slice_eq(function_id, AZM_S("bus")) ? azm_trigger_of(AZM_S("serviceBusTrigger")) : NULL;
}

static bool trace_of(void *self, const struct azm_rpc_message *request, struct azm_trace_decision *out)
{
    (void)self;
    (void)request;
    (void)out;
    return false;
}

static void on_http_uri(void *self, azm_slice piece)
{
    (void)self;
    azm_buf_add(&uri, piece);
}

static void on_http_uri_end(void *self)
{
    (void)self;
    azm_buf_addf(&told, "(%.*s)", AZM_FMT(azm_buf_slice(&uri)));
    azm_buf_clear(&uri);
}

/* Long texts are as good as none. */
static void on_refusal(void *self, const struct azm_rpc_refusal *refusal)
{
    (void)self;
    if (refusal->message.len > 100)
        return;
    azm_buf_addf(&told, "!%d ", refusal->by);
    tell("id", refusal->id);
    tell("name", refusal->name);
    tell("why", refusal->message);
    azm_buf_add_str(&told, "!");
}

static bool wanted; /* logs are */

static bool wants_logs(void *self)
{
    (void)self;
    return wanted;
}

static bool bodies;

static bool wants_bodies(void *self)
{
    (void)self;
    return bodies;
}

static const struct azm_rpc_listener listener = {on_message,  on_function,     on_variable, trigger_of, trace_of,
                                                 on_http_uri, on_http_uri_end, wants_logs,  on_refusal, wants_bodies};

/* --- messages, as the public proto has them --- */

static void entry(struct azm_buf *out, uint32_t no, const char *key, const char *value, bool nullable)
{
    size_t at = azm_wire_begin(out, no);
    if (key[0])
        azm_wire_put_bytes(out, 1, azm_slice_str(key));
    if (nullable) {
        size_t inner = azm_wire_begin(out, 2);
        azm_wire_put_bytes(out, 1, azm_slice_str(value));
        azm_wire_end(out, inner);
    } else if (value[0]) {
        azm_wire_put_bytes(out, 2, azm_slice_str(value));
    }
    azm_wire_end(out, at);
}

static void log_of_function(struct azm_buf *out)
{
    size_t log = azm_wire_begin(out, 2);
    azm_wire_put_bytes(out, 1, AZM_S("inv-1"));
    azm_wire_put_bytes(out, 2, AZM_S("Function.one.User"));
    azm_wire_put_uint(out, 3, 3);
    azm_wire_put_bytes(out, 4, AZM_S("hello"));
    size_t exception = azm_wire_begin(out, 6);
    azm_wire_put_bytes(out, 2, AZM_S("it broke"));
    azm_wire_end(out, exception);
    azm_wire_put_bytes(out, 7, AZM_S("{\"not\":\"wanted\"}"));
    azm_wire_put_uint(out, 8, 1);
    azm_wire_end(out, log);
}

static void http_request(struct azm_buf *out)
{
    size_t message = azm_wire_begin(out, 4), input = 0;
    azm_wire_put_bytes(out, 1, AZM_S("inv-1"));
    azm_wire_put_bytes(out, 2, AZM_S("fn-1"));
    input = azm_wire_begin(out, 3);
    azm_wire_put_bytes(out, 1, AZM_S("req"));
    size_t data = azm_wire_begin(out, 2), http = azm_wire_begin(out, 5);
    azm_wire_put_bytes(out, 1, AZM_S("GET"));
    azm_wire_put_bytes(out, 2, AZM_S("http://x/api/hi"));
    entry(out, 3, "host", "x", false);
    entry(out, 20, "traceparent", "00-1", true);
    entry(out, 20, "empty", "", true);
    azm_wire_end(out, http);
    azm_wire_end(out, data);
    azm_wire_end(out, input);
    size_t meta = azm_wire_begin(out, 4);
    azm_wire_put_bytes(out, 1, AZM_S("Headers"));
    size_t typed = azm_wire_begin(out, 2);
    azm_wire_put_bytes(out, 2, AZM_S("{\"not\":\"wanted\"}"));
    azm_wire_end(out, typed);
    azm_wire_end(out, meta);
    size_t trace = azm_wire_begin(out, 5);
    azm_wire_put_bytes(out, 1, AZM_S("00-aa"));
    azm_wire_end(out, trace);
    size_t retry = azm_wire_begin(out, 6);
    azm_wire_put_uint(out, 1, 2);
    azm_wire_end(out, retry);
    azm_wire_end(out, message);
}

static void proxied_request(struct azm_buf *out)
{
    size_t message = azm_wire_begin(out, 4);
    azm_wire_put_bytes(out, 1, AZM_S("inv-2"));
    size_t input = azm_wire_begin(out, 3), data = azm_wire_begin(out, 2);
    azm_wire_end(out, azm_wire_begin(out, 5)); /* an empty RpcHttp */
    azm_wire_end(out, data);
    azm_wire_end(out, input);
    size_t meta = azm_wire_begin(out, 4);
    azm_wire_put_bytes(out, 1, AZM_S("Query"));
    azm_wire_end(out, azm_wire_begin(out, 2));
    azm_wire_end(out, meta);
    meta = azm_wire_begin(out, 4);
    azm_wire_put_bytes(out, 1, AZM_S("headers"));
    size_t typed = azm_wire_begin(out, 2);
    azm_wire_put_bytes(out, 2, AZM_S("{\"a\":\"b\"}"));
    azm_wire_end(out, typed);
    azm_wire_end(out, meta);
    azm_wire_end(out, message);
}

/* An entry of trigger_metadata; arm: the number of TypedData's field. */
static void metadata(struct azm_buf *out, const char *key, uint32_t arm, const char *value, uint64_t number)
{
    size_t at = azm_wire_begin(out, 4);
    azm_wire_put_bytes(out, 1, azm_slice_str(key));
    size_t data = azm_wire_begin(out, 2);
    if (arm == 6)
        azm_wire_put_sint(out, arm, (int64_t)number);
    else
        azm_wire_put_bytes(out, arm, azm_slice_str(value));
    azm_wire_end(out, data);
    azm_wire_end(out, at);
}

static void bus_request(struct azm_buf *out)
{
    size_t message = azm_wire_begin(out, 4);
    azm_wire_put_bytes(out, 1, AZM_S("inv-3"));
    azm_wire_put_bytes(out, 2, AZM_S("bus"));
    size_t input = azm_wire_begin(out, 3), data = azm_wire_begin(out, 2);
    azm_wire_put_bytes(out, 1, AZM_S("{\"IsPastDue\":true}"));
    azm_wire_end(out, data);
    azm_wire_end(out, input);
    metadata(out, "DeliveryCount", 6, NULL, 4);
    metadata(out, "MessageId", 1, "m", 0);
    metadata(out, "DeadLetterSource", 2, "\"dead\"", 0);
    metadata(out, "ContentType", 3, "bytes", 0);
    metadata(out, "Headers", 2, "{\"a\":\"b\"}", 0);
    size_t retry = azm_wire_begin(out, 6);
    azm_wire_put_uint(out, 2, UINT64_MAX);
    azm_wire_end(out, retry);
    azm_wire_end(out, message);
}

static void bus_batch(struct azm_buf *out)
{
    size_t message = azm_wire_begin(out, 4);
    azm_wire_put_bytes(out, 2, AZM_S("bus"));
    metadata(out, "ApplicationPropertiesArray", 2,
             "[{\"Diagnostic-Id\":\"00-11111111111111111111111111111111-1111111111111111-01\"},"
             "{\"traceparent\":\"00-22222222222222222222222222222222-1111111111111111-01\"}]",
             0);
    metadata(out, "DeliveryCountArray", 2, "[1,3]", 0);
    azm_wire_end(out, message);
}

static void failed_response(struct azm_buf *out)
{
    size_t message = azm_wire_begin(out, 5);
    azm_wire_put_bytes(out, 1, AZM_S("inv-1"));
    azm_wire_end(out, azm_wire_begin(out, 3)); /* a StatusResult without a status is a failure */
    azm_wire_end(out, message);
}

static void http_response(struct azm_buf *out)
{
    size_t message = azm_wire_begin(out, 5);
    azm_wire_put_bytes(out, 1, AZM_S("inv-1"));
    size_t result = azm_wire_begin(out, 3);
    azm_wire_put_uint(out, 4, 1);
    azm_wire_end(out, result);
    size_t value = azm_wire_begin(out, 4), http = azm_wire_begin(out, 5);
    entry(out, 3, "content-type", "text/plain", false);
    azm_wire_put_bytes(out, 12, AZM_S("201"));
    azm_wire_end(out, http);
    azm_wire_end(out, value);
    azm_wire_end(out, message);
}

static void load_collection(struct azm_buf *out)
{
    size_t message = azm_wire_begin(out, 31);
    for (int i = 0; i < 2; i++) {
        size_t load = azm_wire_begin(out, 1);
        azm_wire_put_bytes(out, 1, i ? AZM_S("f2") : AZM_S("f1"));
        size_t metadata = azm_wire_begin(out, 2);
        azm_wire_put_bytes(out, 4, i ? AZM_S("two") : AZM_S("one"));
        if (i) {
            size_t binding = azm_wire_begin(out, 6);
            azm_wire_put_bytes(out, 1, AZM_S("t"));
            size_t info = azm_wire_begin(out, 2);
            azm_wire_put_bytes(out, 2, AZM_S("timerTrigger"));
            azm_wire_end(out, info);
            azm_wire_end(out, binding);
        }
        azm_wire_end(out, metadata);
        azm_wire_end(out, load);
    }
    azm_wire_end(out, message);
}

static void metadata_response(struct azm_buf *out)
{
    size_t message = azm_wire_begin(out, 30), function = azm_wire_begin(out, 1);
    azm_wire_put_bytes(out, 4, AZM_S("one"));
    azm_wire_put_bytes(out, 10, AZM_S("{\"type\": \"http\", \"name\": \"aTrigger\"}"));
    azm_wire_put_bytes(out, 10, AZM_S("{\"name\":\"r\",\"Type\" : \"HTTPTRIGGER\"}"));
    azm_wire_put_bytes(out, 13, AZM_S("f1"));
    azm_wire_end(out, function);
    azm_wire_end(out, message);
}

static void reload_request(struct azm_buf *out)
{
    size_t message = azm_wire_begin(out, 25);
    entry(out, 1, "WEBSITE_SITE_NAME", "app", false);
    entry(out, 1, "EMPTY", "", false);
    azm_wire_end(out, message);
}

static void init_response(struct azm_buf *out)
{
    size_t message = azm_wire_begin(out, 16);
    entry(out, 2, "RpcHttpBodyOnly", "True", false);
    entry(out, 2, "HttpUri", "http://localhost:40719/", false);
    entry(out, 2, "HttpUrl", "http://localhost:1/", false);
    azm_wire_end(out, message);
}

static void refused_load(struct azm_buf *out)
{
    size_t message = azm_wire_begin(out, 9);
    azm_wire_put_bytes(out, 1, AZM_S("fn-1"));
    size_t result = azm_wire_begin(out, 2), exception = azm_wire_begin(out, 2);
    azm_wire_put_bytes(out, 2, AZM_S("no module"));
    azm_wire_end(out, exception);
    azm_wire_end(out, result);
    azm_wire_end(out, message);
}

/* A StatusResult; no text: success. */
static void status_result(struct azm_buf *out, uint32_t field, const char *text)
{
    size_t result = azm_wire_begin(out, field), exception = text ? azm_wire_begin(out, 2) : 0;
    if (text) {
        azm_wire_put_bytes(out, 2, azm_slice_str(text));
        azm_wire_end(out, exception);
    } else {
        azm_wire_put_uint(out, 4, 1);
    }
    azm_wire_end(out, result);
}

static void refused_loads(struct azm_buf *out)
{
    static const char *const texts[] = {"no module", NULL, "no entry point"};
    size_t message = azm_wire_begin(out, 32);
    for (size_t i = 0; i < AZM_COUNT(texts); i++) {
        char id[] = {'f', (char)('1' + i), 0};
        size_t load = azm_wire_begin(out, 1);
        azm_wire_put_bytes(out, 1, azm_slice_str(id));
        status_result(out, 2, texts[i]);
        azm_wire_end(out, load);
    }
    azm_wire_end(out, message);
}

/* Two of three functions, and then the whole. */
static void refused_metadata(struct azm_buf *out)
{
    static const char *const texts[] = {"no binding", NULL, "no trigger"};
    size_t message = azm_wire_begin(out, 30);
    for (size_t i = 0; i < AZM_COUNT(texts); i++) {
        char name[] = {'n', (char)('1' + i), 0};
        size_t function = azm_wire_begin(out, 1);
        azm_wire_put_bytes(out, 4, azm_slice_str(name));
        status_result(out, 8, texts[i]);
        azm_wire_end(out, function);
    }
    status_result(out, 2, "half of it");
    azm_wire_end(out, message);
}

/* Together they are longer than the reader's text. */
static void many_refused_loads(struct azm_buf *out)
{
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    size_t message = azm_wire_begin(out, 32);
    for (size_t i = 0; i < 30; i++) {
        size_t load = azm_wire_begin(out, 1);
        azm_wire_put_bytes(out, 1, AZM_S("f"));
        status_result(out, 2, i == 29 ? "the last" : text);
        azm_wire_end(out, load);
    }
    azm_wire_end(out, message);
}

static void reload_response(struct azm_buf *out)
{
    size_t message = azm_wire_begin(out, 26), metadata = azm_wire_begin(out, 1);
    azm_wire_put_bytes(out, 2, AZM_S("v20"));
    azm_wire_end(out, metadata);
    entry(out, 2, "HttpUri", "http://127.0.0.1:8000", false);
    azm_wire_end(out, message);
}

static void status_request(struct azm_buf *out)
{
    azm_wire_end(out, azm_wire_begin(out, 12));
}

static const struct {
    const char *what;
    void (*make)(struct azm_buf *out);
    const struct azm_scan_message *type;
    const char *expected;
} rows[] = {
    {"HTTP request", http_request, &azm_rpc_from_host,
     "[4 status=0 retry=2 http=1 clipped=0 id=inv-1 function=fn-1 parent=00-aa method=GET url=http://x/api/hi of 0 "
     "host:x "
     "traceparent:00-1 empty: ]"},
    {"HTTP request that is proxied", proxied_request, &azm_rpc_from_host,
     "[4 status=0 retry=0 http=1 clipped=0 id=inv-2 metadata={\"a\":\"b\"} ]"},
    {"one message", bus_request, &azm_rpc_from_host,
     "[4 status=0 retry=0 http=0 clipped=0 id=inv-3 function=bus of -1 delivery_count=4 dead_letter_source=dead "
     "message=m links=0 ]"},
    {"a batch", bus_batch, &azm_rpc_from_host,
     "[4 status=0 retry=0 http=0 clipped=0 function=bus max_delivery_count=3 links=2 ]"},
    {"failure", failed_response, &azm_rpc_from_worker, "[5 status=1 retry=0 http=0 clipped=0 id=inv-1 ]"},
    {"HTTP answer", http_response, &azm_rpc_from_worker,
     "[5 status=2 retry=0 http=1 clipped=0 id=inv-1 code=201 content-type:text/plain ]"},
    {"collection of loads", load_collection, &azm_rpc_from_host,
     "{id=f1 name=one }{id=f2 name=two trigger=timerTrigger }[7 status=0 retry=0 http=0 clipped=0 ]"},
    {"metadata", metadata_response, &azm_rpc_from_worker,
     "{id=f1 name=one raw={\"name\":\"r\",\"Type\" : \"HTTPTRIGGER\"} }[8 status=0 retry=0 http=0 clipped=0 ]"},
    {"reload", reload_request, &azm_rpc_from_host,
     "<WEBSITE_SITE_NAME=app><EMPTY=>[9 status=0 retry=0 http=0 clipped=0 ]"},
    {"init answer", init_response, &azm_rpc_from_worker,
     "(http://localhost:40719/)[3 status=0 retry=0 http=0 clipped=0 ]"},
    {"a function that cannot be loaded", refused_load, &azm_rpc_from_worker,
     "[12 status=1 retry=0 http=0 clipped=0 function=fn-1 ]"},
    {"functions that cannot be loaded", refused_loads, &azm_rpc_from_worker,
     "!12 id=f1 why=no module !!12 id=f3 why=no entry point ![0 status=0 retry=0 http=0 clipped=0 ]"},
    {"functions that cannot be indexed", refused_metadata, &azm_rpc_from_worker,
     "{name=n1 }!8 name=n1 why=no binding !{name=n2 }{name=n3 }!8 name=n3 why=no trigger !"
     "[8 status=1 retry=0 http=0 clipped=0 ]"},
    {"more of them than find room at once", many_refused_loads, &azm_rpc_from_worker,
     "!12 id=f why=the last ![0 status=0 retry=0 http=0 clipped=0 ]"},
    {"reload answer", reload_response, &azm_rpc_from_worker,
     "(http://127.0.0.1:8000)[10 status=0 retry=0 http=0 clipped=0 runtime=v20 ]"},
    {"a log that nobody wants", log_of_function, &azm_rpc_from_worker, "[0 status=0 retry=0 http=0 clipped=0 ]"},
    {"a log", log_of_function, &azm_rpc_from_worker,
     "[13 status=0 retry=0 http=0 clipped=0 id=inv-1 level=3 source=1 logger=Function.one.User text=hello "
     "exception=it broke ]"},
    {"status probe", status_request, &azm_rpc_from_host, "[0 status=0 retry=0 http=0 clipped=0 ]"},
};

static void frame(struct azm_buf *out, const struct azm_buf *message)
{
    azm_buf_add_byte(out, 0);
    for (int i = 3; i >= 0; i--)
        azm_buf_add_byte(out, (uint8_t)(message->len >> (8 * i)));
    azm_buf_add(out, azm_buf_slice(message));
}

static void check(struct azm_rpc_reader *reader, const struct azm_buf *bytes, size_t cut, const char *expected)
{
    azm_buf_clear(&told);
    assert_int_equal(azm_rpc_reader_feed(reader, azm_slice_take(azm_buf_slice(bytes), cut), 1), AZM_OK);
    assert_int_equal(azm_rpc_reader_feed(reader, azm_slice_drop(azm_buf_slice(bytes), cut), 1), AZM_OK);
    azm_buf_add_byte(&told, 0);
    assert_string_equal(told.ptr, expected);
}

static void messages_tell_what_matters_at_every_cut(void **state)
{
    (void)state;
    struct azm_rpc_reader *reader = malloc(sizeof *reader);
    struct azm_buf message, bytes;
    azm_buf_init(&told, 1 << 20);
    azm_buf_init(&uri, 1 << 10);
    azm_buf_init(&message, 65536);
    azm_buf_init(&bytes, 65536);
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_rpc_reader_init(reader, rows[i].type, &listener, NULL);
        azm_buf_clear(&message);
        azm_buf_clear(&bytes);
        rows[i].make(&message);
        wanted = strcmp(rows[i].what, "a log") == 0;
        frame(&bytes, &message);
        for (size_t cut = 0; cut <= bytes.len; cut++) /* one after the other: nothing may stick */
            check(reader, &bytes, cut, rows[i].expected);
    }
    azm_buf_dispose(&message);
    azm_buf_dispose(&bytes);
    azm_buf_dispose(&told);
    azm_buf_dispose(&uri);
    free(reader);
}

static void long_fields_are_clipped_and_said_to_be(void **state)
{
    wanted = false;
    (void)state;
    struct azm_rpc_reader *reader = malloc(sizeof *reader);
    struct azm_buf message, bytes;
    static char text[100000];
    memset(text, 'h', sizeof text);
    azm_buf_init(&told, 1 << 20);
    azm_buf_init(&message, 1 << 20);
    azm_buf_init(&bytes, 1 << 20);
    size_t request = azm_wire_begin(&message, 4), input = azm_wire_begin(&message, 3),
           data = azm_wire_begin(&message, 2);
    size_t http = azm_wire_begin(&message, 5);
    azm_wire_put_bytes(&message, 2, (azm_slice){text, sizeof text});
    for (unsigned i = 0; i < 300; i++) {
        size_t at = azm_wire_begin(&message, 3);
        azm_wire_put_bytes(&message, 1, AZM_S("x-header"));
        azm_wire_put_bytes(&message, 2, (azm_slice){text, 1000});
        azm_wire_end(&message, at);
    }
    azm_wire_end(&message, http);
    azm_wire_end(&message, data);
    azm_wire_end(&message, input);
    azm_wire_end(&message, request);
    frame(&bytes, &message);
    azm_rpc_reader_init(reader, &azm_rpc_from_host, &listener, NULL);
    assert_int_equal(azm_rpc_reader_feed(reader, azm_buf_slice(&bytes), 1), AZM_OK);
    assert_true(reader->message.clipped);
    assert_int_equal(reader->message.fields[AZM_RPC_HTTP_URL].len, 4096);
    assert_in_range(reader->message.headers.count, 10, AZM_RPC_HEADERS);
    assert_true(reader->used <= sizeof reader->text);
    azm_buf_dispose(&message);
    azm_buf_dispose(&bytes);
    azm_buf_dispose(&told);
    free(reader);
}

/* An HTTP request's own body, not its second input's; a message's, that its trigger reads, too. */
static void request_with_body(struct azm_buf *out, bool http, uint32_t arm, const char *body)
{
    size_t message = azm_wire_begin(out, 4);
    azm_wire_put_bytes(out, 2, http ? AZM_S("fn") : AZM_S("grid"));
    for (int i = 0; i < 2; i++) {
        size_t input = azm_wire_begin(out, 3), data = azm_wire_begin(out, 2);
        if (http && i == 0) {
            size_t arm5 = azm_wire_begin(out, 5), inner = azm_wire_begin(out, 4);
            azm_wire_put_bytes(out, arm, azm_slice_str(body));
            azm_wire_end(out, inner);
            azm_wire_end(out, arm5);
        } else {
            azm_wire_put_bytes(out, arm, i ? AZM_S("other") : azm_slice_str(body));
        }
        azm_wire_end(out, data);
        azm_wire_end(out, input);
    }
    azm_wire_end(out, message);
}

/* What is told of that message, as text. */
static void play(const struct azm_buf *message, size_t cut)
{
    static struct azm_rpc_reader reader;
    struct azm_buf bytes;
    azm_buf_init(&bytes, 1 << 20);
    frame(&bytes, message);
    azm_buf_clear(&told);
    azm_rpc_reader_init(&reader, &azm_rpc_from_host, &listener, NULL);
    assert_int_equal(azm_rpc_reader_feed(&reader, azm_slice_take(azm_buf_slice(&bytes), cut), 1), AZM_OK);
    assert_int_equal(azm_rpc_reader_feed(&reader, azm_slice_drop(azm_buf_slice(&bytes), cut), 1), AZM_OK);
    azm_buf_add_byte(&told, '\0');
    azm_buf_dispose(&bytes);
}

static void bodies_are_taken_where_they_are_wanted(void **state)
{
    static char longest[20001];
    static const struct {
        bool http;
        uint32_t arm;
        const char *body, *taken;
    } requests[] = {
        {true, 1, "text", "body=text "},   {true, 2, "{\"a\":1}", "body={\"a\":1} "},
        {true, 3, "bytes", "body=bytes "}, {false, 1, "hello", "body=hello "},
        {false, 3, "\xff", "body=\xff "},  {false, 2, "{\"id\":\"e-1\"}", "body={\"id\":\"e-1\"} "},
    };
    (void)state;
    wanted = false;
    azm_buf_init(&told, 1 << 20);
    for (size_t i = 0; i < AZM_COUNT(requests); i++) {
        struct azm_buf message;
        azm_buf_init(&message, 1 << 16);
        request_with_body(&message, requests[i].http, requests[i].arm, requests[i].body);
        for (size_t cut = 0; cut <= message.len; cut++) {
            bodies = true;
            play(&message, cut);
            assert_non_null(strstr(told.ptr, requests[i].taken));
            assert_null(strstr(told.ptr, "other"));
            assert_non_null(strstr(told.ptr, "clipped=0"));
            assert_int_equal(strstr(told.ptr, "message=e-1") != NULL, i == 5);
            bodies = false;
            play(&message, cut);
            assert_null(strstr(told.ptr, "body"));
        }
        azm_buf_dispose(&message);
    }
    struct azm_buf message;
    azm_buf_init(&message, 1 << 16);
    memset(longest, 'x', sizeof longest - 1);
    request_with_body(&message, true, 3, longest);
    bodies = true;
    play(&message, 100);
    bodies = false;
    const char *taken = strstr(told.ptr, "body=");
    assert_non_null(taken);
    assert_int_equal(strspn(taken + 5, "x"), AZM_BODY_MAX);
    assert_non_null(strstr(told.ptr, "clipped=0")); /* that is no field that says anything else */
    azm_buf_dispose(&message);
    azm_buf_dispose(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_tell_what_matters_at_every_cut),
        cmocka_unit_test(long_fields_are_clipped_and_said_to_be),
        cmocka_unit_test(bodies_are_taken_where_they_are_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
