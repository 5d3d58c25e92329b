#include "tap/handler_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

/* told: method, URL, headers, retries, queue facts. */
static const struct {
    const char *trigger, *body, *told;
} rows[] = {
    {"httpTrigger",
     "{\"Data\":{\"req\":{\"Url\":\"http://a/"
     "b\",\"Method\":\"POST\",\"Query\":{\"Url\":\"no\"},\"Headers\":{\"A\":[\"1\",\"2\"],"
     "\"B\":\"3\"},\"Body\":\"Headers\"},\"other\":{\"Url\":\"no\"}},\"Metadata\":{\"Headers\":\"{}\",\"sys\":{\"Url\":"
     "\"no\"}}}",
     "POST http://a/b A=1 A=2 B=3"},
    {"httpTrigger", "{\"Metadata\":{},\"Data\":{\"req\":\"text\",\"x\":{\"Url\":\"no\"}}}", ""},
    {"httpTrigger", "{\"Data\":{\"req\":{\"Method\":\"GET\",\"Headers\":{\"A\":{\"x\":\"1\"}}}}", "GET A=1"},
    {"queueTrigger",
     "{\"Data\":{\"item\":\"\\\"hello\\\"\"},\"Metadata\":{\"DequeueCount\":\"3\",\"Id\":\"\\\"abc\\\"\","
     "\"InsertionTime\":"
     "\"2026-01-01T00:00:00Z\",\"RetryContext\":{\"RetryCount\":2,\"MaxRetryCount\":-1,\"Exception\":null},\"sys\":{}}"
     "}",
     "retry=2/-1 id=abc enqueued dequeue_count=3"},
    {"queueTrigger", "{\"Data\":{},\"Metadata\":{\"Id\":\"bare\",\"RetryContext\":null,\"DequeueCount\":4}}",
     "id=bare dequeue_count=4"},
    {"serviceBusTrigger",
     "{\"Data\":{\"m\":\"\\\"x\\\"\"},\"Metadata\":{\"MessageId\":\"\\\"m1\\\"\",\"ApplicationProperties\":{\"a\":[1,{"
     "\"b\":2}],"
     "\"traceparent\":\"" TRACE "\"}}}",
     "id=m1 context"},
    {"serviceBusTrigger",
     "{\"Metadata\":{\"MessageIdArray\":\"[\\\"m1\\\",\\\"m2\\\"]\",\"ApplicationPropertiesArray\":\"[{\\\"Diagnostic-"
     "Id\\\":\\\"" TRACE "\\\"},{}]\"}}",
     "links=1 size=2"},
    {"queueTrigger", "", ""},
    {"queueTrigger", "[]", ""},
    {"queueTrigger", "{\"Metadata\":{\"Id\":\"\\\"abc\\\"\"},,}", "id=abc"},
    {NULL, "{\"Data\":{\"a\":1},\"Metadata\":{\"Id\":\"1\"}}", ""},
};

static void add(struct azm_buf *out, const char *format, azm_slice text)
{
    if (!text.ptr)
        return;
    if (out->len)
        azm_buf_add_byte(out, ' ');
    azm_buf_addf(out, "%s%.*s", format, AZM_FMT(text));
}

static void add_facts(struct azm_buf *out, const struct azm_trigger_facts *facts)
{
    char text[64];
    if (!facts)
        return;
    add(out, "id=", facts->message_id);
    add(out, "context", facts->has_context ? AZM_S("") : (azm_slice){NULL, 0});
    add(out, "enqueued", facts->has_enqueued ? AZM_S("") : (azm_slice){NULL, 0});
    for (size_t i = 0; i < facts->label_count; i++)
        if (azm_slice_eq(facts->labels[i].key, AZM_S("dequeue_count")))
            add(out, "dequeue_count=", facts->labels[i].value);
    snprintf(text, sizeof text, "%zu", facts->link_count);
    add(out, "links=", facts->link_count ? azm_slice_str(text) : (azm_slice){NULL, 0});
    snprintf(text, sizeof text, "%u", (unsigned)facts->batch_size);
    add(out, "size=", facts->has_size ? azm_slice_str(text) : (azm_slice){NULL, 0});
}

static void tell(struct azm_handler_request *request, struct azm_buf *out)
{
    char text[64];
    struct azm_rpc_message message = {.kind = AZM_RPC_INVOCATION_REQUEST};
    azm_handler_request_tell(request, &message);
    azm_buf_clear(out);
    add(out, "", message.fields[AZM_RPC_HTTP_METHOD]);
    add(out, "", message.fields[AZM_RPC_HTTP_URL]);
    for (size_t i = 0; i < message.headers.count; i++) {
        add(out, "", message.headers.items[i].key);
        azm_buf_addf(out, "=%.*s", AZM_FMT(message.headers.items[i].value));
    }
    snprintf(text, sizeof text, "%u/%d", (unsigned)message.retry_count, (int)message.max_retry_count);
    add(out, "retry=", message.has_retry ? azm_slice_str(text) : (azm_slice){NULL, 0});
    add_facts(out, message.trigger);
}

static void requests_are_read_at_every_cut(void **state)
{
    static struct azm_handler_request request;
    struct azm_buf out;
    (void)state;
    azm_buf_init(&out, 65536);
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        for (size_t cut = 0; cut <= strlen(rows[i].body); cut++) {
            azm_slice body = azm_slice_str(rows[i].body);
            azm_handler_request_begin(&request,
                                      rows[i].trigger ? azm_trigger_of(azm_slice_str(rows[i].trigger)) : NULL);
            azm_handler_request_feed(&request, azm_slice_take(body, cut));
            azm_handler_request_feed(&request, azm_slice_drop(body, cut));
            tell(&request, &out);
            if (!azm_slice_eq(azm_buf_slice(&out), azm_slice_str(rows[i].told)))
                fail_msg("row %zu, cut %zu: %.*s", i, cut, AZM_FMT(azm_buf_slice(&out)));
        }
    azm_buf_dispose(&out);
}

static void long_values_are_cut_and_said_to_be(void **state)
{
    static struct azm_handler_request request;
    static char text[100000];
    (void)state;
    memset(text, 'x', sizeof text);
    azm_handler_request_begin(&request, azm_trigger_of(AZM_S("httpTrigger")));
    azm_handler_request_feed(&request, AZM_S("{\"Data\":{\"req\":{\"Body\":\""));
    azm_handler_request_feed(&request, azm_slice_of(text, sizeof text));
    azm_handler_request_feed(&request, AZM_S("\",\"Method\":\"GET\","));
    assert_false(request.clipped);
    azm_handler_request_feed(&request, AZM_S("\"Url\":\""));
    azm_handler_request_feed(&request, azm_slice_of(text, sizeof text));
    azm_handler_request_feed(&request, AZM_S("\""));
    assert_true(request.clipped);
    assert_int_equal(request.method.len, 3);
    assert_int_equal(request.url.len, AZM_JSON_SCAN_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read_at_every_cut),
        cmocka_unit_test(long_values_are_cut_and_said_to_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
