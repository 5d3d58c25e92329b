#include "export/elastic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "export/object.h"

#define TRACE                                                                                                          \
    {                                                                                                                  \
        {                                                                                                              \
            0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c             \
        }                                                                                                              \
    }
#define SPAN                                                                                                           \
    {                                                                                                                  \
        {                                                                                                              \
            0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31                                                             \
        }                                                                                                              \
    }
#define IDS "\"id\":\"b7ad6b7169203331\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\""
#define PAIRS(list)                                                                                                    \
    {                                                                                                                  \
        list, AZM_COUNT(list)                                                                                          \
    }

static const struct azm_pair request_headers[] = {
    {AZM_S("Host"), AZM_S("shop.example:8443")},
    {AZM_S("X-Forwarded-Proto"), AZM_S("https")},
    {AZM_S("Accept"), AZM_S("a")},
    {AZM_S("accept"), AZM_S("b")},
};
static const struct azm_pair response_headers[] = {{AZM_S("Content-Type"), AZM_S("text/\"x\"")}};
static const struct azm_pair own_labels[] = {{AZM_S("host_name"), AZM_S("mine")}};
static const struct azm_pair platform[] = {{AZM_S("azure.app.service.sku"), AZM_S("Dynamic")},
                                           {AZM_S("host.name"), AZM_S("s.example")}};
static const struct azm_pair labels[] = {{AZM_S("a.b*c\"d"), AZM_S("1\n\x01\x7f")}, {AZM_S("none"), {NULL, 0}}};
static const struct azm_span_link links[] = {{TRACE, SPAN}, {TRACE, SPAN}};

static const struct azm_transaction least = {.id = SPAN, .trace_id = TRACE, .sample_rate = -1};
static const struct azm_transaction web = {
    .id = SPAN,
    .trace_id = TRACE,
    .parent_id = SPAN,
    .timestamp_us = 1700000000123456,
    .duration_us = 1002003,
    .name = AZM_S("GET /api/{id}"),
    .type = AZM_S("request"),
    .result = AZM_S("HTTP 2xx"),
    .outcome = AZM_OUTCOME_SUCCESS,
    .sampled = true,
    .sample_rate = 0.25,
    .faas = {AZM_S("/subscriptions/x"), AZM_S("app/f"), AZM_S("e1"), AZM_S("http"), AZM_S("r1"), AZM_TRUE},
    .http = {.method = AZM_S("GET"),
             .url = AZM_S("/api/7?q=1"),
             .http_version = AZM_S("1.1"),
             .remote_address = AZM_S("10.0.0.1"),
             .request_headers = PAIRS(request_headers),
             .response_headers = PAIRS(response_headers),
             .status_code = 200,
             .has_sizes = AZM_TRUE,
             .response_size = 17},
    .labels = PAIRS(labels),
};
static const struct azm_transaction failed = {
    .id = SPAN,
    .trace_id = TRACE,
    .timestamp_us = 1700000000000000,
    .duration_us = 1500,
    .name = AZM_S("GET /api/boom"),
    .type = AZM_S("request"),
    .outcome = AZM_OUTCOME_FAILURE,
    .sample_rate = -1,
    .exception = {.error_id = TRACE,
                  .message = AZM_S("boom \"on\" purpose"),
                  .stack = AZM_S("RangeError: boom\n    at Object.next (node:internal/x:1:2)\n"
                                 "    at handler (/app/src/all.js:19:91)\n    at Shop.Orders.Run(String s)"),
                  .handled = AZM_FALSE},
};
static const struct azm_transaction queue = {
    .id = SPAN,
    .trace_id = TRACE,
    .name = AZM_S("RECEIVE from q"),
    .type = AZM_S("messaging"),
    .outcome = AZM_OUTCOME_FAILURE,
    .sampled = true,
    .sample_rate = 1,
    .faas = {.coldstart = AZM_FALSE},
    .message = {.queue = AZM_S("q"), .has_age = AZM_TRUE},
    .links = links,
    .link_count = 2,
};
static const struct azm_transaction event = {
    .id = SPAN,
    .trace_id = TRACE,
    .sampled = true,
    .sample_rate = -1,
    .message = {.headers = PAIRS(response_headers), .routing_key = AZM_S("r")},
    .origin = {AZM_S("/subscriptions/s/topics/t"), AZM_S("t"), AZM_S("azure"), AZM_S("event grid"), AZM_S("s")},
};
static const struct azm_transaction table = {
    .id = SPAN, .trace_id = TRACE, .sampled = true, .sample_rate = -1, .origin = {.name = AZM_S("t")}};

static const struct {
    const struct azm_transaction *transaction;
    const char *line;
} cases[] = {
    {&least, IDS ",\"type\":\"request\",\"timestamp\":0,\"duration\":0,\"outcome\":\"unknown\",\"sampled\":false,"
                 "\"span_count\":{\"started\":0}"},
    {&web, IDS
     ",\"parent_id\":\"b7ad6b7169203331\",\"name\":\"GET /api/{id}\",\"type\":\"request\","
     "\"timestamp\":1700000000123456,\"duration\":1002.003,\"result\":\"HTTP 2xx\",\"outcome\":\"success\","
     "\"sampled\":true,\"sample_rate\":0.25,\"span_count\":{\"started\":0},"
     "\"faas\":{\"id\":\"/subscriptions/x\",\"name\":\"app/f\",\"execution\":\"e1\",\"coldstart\":true,"
     "\"trigger\":{\"type\":\"http\",\"request_id\":\"r1\"}},"
     "\"context\":{\"request\":{\"method\":\"GET\",\"http_version\":\"1.1\",\"url\":{\"raw\":\"/api/7?q=1\","
     "\"full\":\"https://shop.example:8443/api/7?q=1\",\"protocol\":\"https:\",\"hostname\":\"shop.example\","
     "\"port\":\"8443\",\"pathname\":\"/api/7\",\"search\":\"?q=1\"},"
     "\"headers\":{\"Host\":\"shop.example:8443\",\"X-Forwarded-Proto\":\"https\",\"Accept\":[\"a\",\"b\"]},"
     "\"socket\":{\"remote_address\":\"10.0.0.1\"}},"
     "\"response\":{\"status_code\":200,\"headers\":{\"Content-Type\":\"text/\\\"x\\\"\"},\"encoded_body_size\":17},"
     "\"tags\":{\"a_b_c_d\":\"1\\n\\u0001\x7f\"}}"},
    {&queue, IDS ",\"name\":\"RECEIVE from q\",\"type\":\"messaging\",\"timestamp\":0,\"duration\":0,"
                 "\"outcome\":\"failure\",\"sampled\":true,\"sample_rate\":1,\"span_count\":{\"started\":0},"
                 "\"faas\":{\"coldstart\":false},"
                 "\"context\":{\"message\":{\"queue\":{\"name\":\"q\"},\"age\":{\"ms\":0}}},"
                 "\"links\":[{\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\"},"
                 "{\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\"}]"},
    {&event, IDS ",\"type\":\"request\",\"timestamp\":0,\"duration\":0,\"outcome\":\"unknown\",\"sampled\":true,"
                 "\"span_count\":{\"started\":0},\"context\":{\"message\":{\"routing_key\":\"r\","
                 "\"headers\":{\"Content-Type\":\"text/\\\"x\\\"\"}},"
                 "\"service\":{\"origin\":{\"id\":\"/subscriptions/s/topics/t\",\"name\":\"t\"}},"
                 "\"cloud\":{\"origin\":{\"provider\":\"azure\",\"service\":{\"name\":\"event grid\"},"
                 "\"account\":{\"id\":\"s\"}}}}"},
    {&table, IDS ",\"type\":\"request\",\"timestamp\":0,\"duration\":0,\"outcome\":\"unknown\",\"sampled\":true,"
                 "\"span_count\":{\"started\":0},\"context\":{\"service\":{\"origin\":{\"name\":\"t\"}}}"},
};

static void transactions(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        char want[4096];
        struct azm_buf out;
        azm_buf_init(&out, 65536);
        assert_true(azm_elastic_transaction(&out, cases[i].transaction));
        azm_buf_add_byte(&out, 0);
        snprintf(want, sizeof want, "{\"transaction\":{%s}}\n", cases[i].line);
        assert_string_equal(out.ptr, want);
        azm_buf_dispose(&out);
    }
}

static void an_unsampled_one_has_no_context(void **state)
{
    struct azm_transaction transaction = web;
    struct azm_buf out;
    (void)state;
    transaction.sampled = false;
    transaction.sample_rate = 0;
    azm_buf_init(&out, 65536);
    assert_true(azm_elastic_transaction(&out, &transaction));
    azm_slice line = azm_buf_slice(&out);
    assert_int_equal(azm_slice_search(line, AZM_S("\"context\"")), line.len);
    assert_true(azm_slice_search(line, AZM_S("\"sampled\":false,\"sample_rate\":0,")) < line.len);
    assert_true(azm_slice_search(line, AZM_S("\"faas\":{")) < line.len);
    azm_buf_dispose(&out);
}

static void urls(void **state)
{
    static const struct {
        const char *url, *json;
    } rows[] = {
        {"http://u:p@h.example:81/a?b#c",
         "{\"raw\":\"/a?b\",\"full\":\"http://h.example:81/a?b\",\"protocol\":\"http:\","
         "\"hostname\":\"h.example\",\"port\":\"81\",\"pathname\":\"/a\",\"search\":\"?b\"}"},
        {"https://[::1]/", "{\"raw\":\"/\",\"full\":\"https://[::1]/\",\"protocol\":\"https:\",\"hostname\":\"::1\","
                           "\"pathname\":\"/\"}"},
        {"/f?code=secret&x=1", "{\"raw\":\"/f?code=[REDACTED]&x=1\",\"pathname\":\"/f\","
                               "\"search\":\"?code=[REDACTED]&x=1\"}"},
        {"/only", "{\"raw\":\"/only\",\"pathname\":\"/only\"}"},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_transaction transaction = least;
        struct azm_buf out;
        char want[512];
        transaction.sampled = true;
        transaction.http = (struct azm_http_context){.method = AZM_S("GET"), .url = azm_slice_str(rows[i].url)};
        azm_buf_init(&out, 65536);
        assert_true(azm_elastic_transaction(&out, &transaction));
        azm_buf_add_byte(&out, 0);
        snprintf(want, sizeof want, "\"url\":%s}}", rows[i].json);
        assert_non_null(strstr(out.ptr, want));
        azm_buf_dispose(&out);
    }
}

static void some_headers_are_secret_whatever_the_writer_says(void **state)
{
    static const struct azm_pair headers[] = {{AZM_S("Cookie"), AZM_S("a")}, {AZM_S("Other"), AZM_S("b")}};
    struct azm_transaction transaction = least;
    struct azm_buf out;
    (void)state;
    transaction.sampled = true;
    transaction.http = (struct azm_http_context){.method = AZM_S("GET"), .request_headers = PAIRS(headers)};
    azm_buf_init(&out, 65536);
    assert_true(azm_elastic_transaction(&out, &transaction));
    azm_buf_add_byte(&out, 0);
    assert_non_null(strstr(out.ptr, "\"headers\":{\"Cookie\":\"[REDACTED]\",\"Other\":\"b\"}"));
    azm_buf_dispose(&out);
}

static void what_has_no_ids_is_left_out(void **state)
{
    struct azm_transaction transaction = least;
    struct azm_buf out;
    (void)state;
    azm_buf_init(&out, 65536);
    transaction.id = (azm_span_id){{0}};
    assert_false(azm_elastic_transaction(&out, &transaction));
    transaction = least;
    transaction.trace_id = (azm_trace_id){{0}};
    assert_false(azm_elastic_transaction(&out, &transaction));
    assert_int_equal(out.len, 0);
}

static void what_is_too_long_is_left_out(void **state)
{
    enum { N = 100 };
    static struct azm_pair many[N];
    static char names[N][16], value[1024];
    struct azm_transaction transaction = least;
    struct azm_buf out;
    (void)state;
    memset(value, 1, sizeof value); /* six bytes each in JSON */
    for (size_t i = 0; i < N; i++) {
        int n = snprintf(names[i], sizeof names[i], "k%zu", i);
        many[i] = (struct azm_pair){azm_slice_of(names[i], (size_t)n), azm_slice_of(value, sizeof value)};
    }
    transaction.sampled = true;
    transaction.labels = (struct azm_pairs){many, N};
    azm_buf_init(&out, 4 << 20);
    azm_buf_add(&out, AZM_S("before\n"));
    assert_false(azm_elastic_transaction(&out, &transaction));
    assert_int_equal(out.len, 7);
    transaction.labels.count = 10;
    assert_true(azm_elastic_transaction(&out, &transaction));
    assert_false(out.failed);
    azm_buf_dispose(&out);
}

static void quote(struct azm_buf *out, azm_slice text)
{
    struct azm_json_writer json = azm_json_writer(out);
    azm_object_text(&json, NULL, text);
}

static void text_is_cut_to_characters(void **state)
{
    char text[4 * 1024], want[4 * 1024 + 8];
    struct azm_buf out;
    (void)state;
    azm_buf_init(&out, 65536);
    for (size_t i = 0; i < 2200; i++)
        text[i] = i % 2 ? '\xa4' : '\xc3';
    quote(&out, azm_slice_of(text, 2 * 1024));
    assert_int_equal(out.len, 2 * 1024 + 2); /* just fits */
    azm_buf_clear(&out);
    quote(&out, azm_slice_of(text, 2 * 1025));
    azm_buf_add_byte(&out, 0);
    snprintf(want, sizeof want, "\"%.*s\xe2\x80\xa6\"", 2 * 1023, text);
    assert_string_equal(out.ptr, want);
    azm_buf_clear(&out);
    quote(&out, AZM_S("a\xff\xc3"));
    azm_buf_add_byte(&out, 0);
    assert_string_equal(out.ptr, "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
    azm_buf_dispose(&out);
}

static const struct {
    struct azm_source source;
    const char *line;
} sources[] = {
    {{.service_name = {NULL, 0}, .framework_name = AZM_S("Azure Functions")},
     "\"service\":{\"name\":\"unknown-azimuth-service\",\"agent\":{\"name\":\"azimuth\",\"version\":\"" AZM_VERSION
     "\"},\"framework\":{\"name\":\"Azure Functions\"}}"},
    {{.service_name = AZM_S("caf\xc3\xa9 (x)"),
      .agent_name = AZM_S("a"),
      .agent_version = AZM_S("1"),
      .runtime_name = AZM_S("node"),
      .framework_version = AZM_S("~4"),
      .cloud_region = AZM_S("left out"),
      .ppid = 7},
     "\"service\":{\"name\":\"caf__ _x_\",\"agent\":{\"name\":\"a\",\"version\":\"1\"}}"},
    {{.service_name = AZM_S("shop"),
      .service_version = AZM_S("7"),
      .environment = AZM_S("prod"),
      .node_name = AZM_S("n1"),
      .agent_name = AZM_S("azimuth"),
      .agent_version = AZM_S("1"),
      .activation_method = AZM_S("env"),
      .framework_name = AZM_S("Azure Functions"),
      .framework_version = AZM_S("~4"),
      .runtime_name = AZM_S("node"),
      .runtime_version = AZM_S("18"),
      .language_name = AZM_S("javascript"),
      .cloud_provider = AZM_S("azure"),
      .cloud_service_name = AZM_S("functions"),
      .cloud_account_id = AZM_S("sub"),
      .cloud_instance_name = AZM_S("shop"),
      .cloud_project_name = AZM_S("rg"),
      .cloud_region = AZM_S("West US"),
      .pid = 5,
      .ppid = 4,
      .process_title = AZM_S("node"),
      .labels = PAIRS(labels),
      .destination = {.api_key = AZM_S("secret")}},
     "\"service\":{\"name\":\"shop\",\"version\":\"7\",\"environment\":\"prod\",\"agent\":{\"name\":\"azimuth\","
     "\"version\":\"1\",\"activation_method\":\"env\"},\"framework\":{\"name\":\"Azure Functions\",\"version\":\"~4\"},"
     "\"runtime\":{\"name\":\"node\",\"version\":\"18\"},\"language\":{\"name\":\"javascript\"},"
     "\"node\":{\"configured_name\":\"n1\"}},\"process\":{\"pid\":5,\"ppid\":4,\"title\":\"node\"},"
     "\"cloud\":{\"provider\":\"azure\",\"region\":\"West US\",\"service\":{\"name\":\"functions\"},"
     "\"account\":{\"id\":\"sub\"},\"project\":{\"name\":\"rg\"},\"instance\":{\"name\":\"shop\"}},"
     "\"labels\":{\"a_b_c_d\":\"1\\n\\u0001\x7f\"}"},
    {{.labels = PAIRS(own_labels), .platform = PAIRS(platform)}, /* the user's goes first */
     "\"service\":{\"name\":\"unknown-azimuth-service\",\"agent\":{\"name\":\"azimuth\",\"version\":\"" AZM_VERSION
     "\"}},\"labels\":{\"host_name\":\"mine\",\"azure_app_service_sku\":\"Dynamic\"}"},
};

static void metadata(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(sources); i++) {
        char want[2048];
        struct azm_buf out;
        azm_buf_init(&out, 65536);
        azm_elastic_metadata(&out, &sources[i].source);
        azm_buf_add_byte(&out, 0);
        snprintf(want, sizeof want, "{\"metadata\":{%s}}\n", sources[i].line);
        assert_string_equal(out.ptr, want);
        azm_buf_dispose(&out);
    }
}

/* An exception is an error event of its own, before its transaction. */
static void an_exception_is_an_error(void **state)
{
    static const char expected[] =
        "{\"error\":{\"id\":\"0af7651916cd43dd8448eb211c80319c\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","
        "\"transaction_id\":\"b7ad6b7169203331\",\"parent_id\":\"b7ad6b7169203331\",\"timestamp\":1700000000001500,"
        "\"culprit\":\"handler (all.js)\",\"transaction\":{\"sampled\":false,\"name\":\"GET "
        "/api/boom\",\"type\":\"request\"},"
        "\"exception\":{\"message\":\"boom \\\"on\\\" "
        "purpose\",\"type\":\"RangeError\",\"handled\":false,\"stacktrace\":["
        "{\"filename\":\"x\",\"abs_path\":\"node:internal/x\",\"function\":\"Object.next\",\"lineno\":1,\"colno\":2,"
        "\"library_frame\":true},"
        "{\"filename\":\"all.js\",\"abs_path\":\"/app/src/all.js\",\"function\":\"handler\",\"lineno\":19,\"colno\":91,"
        "\"library_frame\":false},"
        "{\"classname\":\"Shop.Orders\",\"function\":\"Run\",\"library_frame\":false}]}}}\n{\"transaction\":{" IDS
        ",\"name\":\"GET /api/boom\",\"type\":\"request\",\"timestamp\":1700000000000000,\"duration\":1.5,"
        "\"outcome\":\"failure\",\"sampled\":false,\"span_count\":{\"started\":0}}}\n";
    struct azm_buf out;
    (void)state;
    azm_buf_init(&out, 65536);
    assert_int_equal(azm_elastic_transaction(&out, &failed), 2);
    azm_buf_add_byte(&out, 0);
    assert_string_equal(out.ptr, expected);
    azm_buf_dispose(&out);
}

/* Without an invocation; text without frames is told as it is. */
static void an_error_alone(void **state)
{
    static const char expected[] =
        "{\"error\":{\"id\":\"01020000000000000000000000000000\",\"timestamp\":1700000000000001,"
        "\"log\":{\"message\":\"Segmentation fault\",\"level\":\"error\"},"
        "\"exception\":{\"message\":\"it died\",\"type\":\"Death\",\"handled\":false}}}\n";
    struct azm_error_event error = {.timestamp_us = 1700000000000001,
                                    .exception = {.error_id = {{1, 2}},
                                                  .type = AZM_S("Death"),
                                                  .message = AZM_S("it died"),
                                                  .stack = AZM_S("Segmentation fault\n"),
                                                  .handled = AZM_FALSE}};
    struct azm_buf out;
    (void)state;
    azm_buf_init(&out, 65536);
    assert_int_equal(azm_elastic_error_event(&out, &error), 1);
    azm_buf_add_byte(&out, 0);
    assert_string_equal(out.ptr, expected);
    error.function = AZM_S("orders");
    azm_buf_clear(&out);
    assert_int_equal(azm_elastic_error_event(&out, &error), 1);
    azm_buf_add_byte(&out, 0);
    assert_non_null(strstr(out.ptr, "\"context\":{\"tags\":{\"function\":\"orders\"}},\"exception\""));
    error.exception.error_id = (azm_trace_id){{0}};
    azm_buf_clear(&out);
    assert_int_equal(azm_elastic_error_event(&out, &error), 0);
    assert_int_equal(out.len, 0);
    azm_buf_dispose(&out);
}

static void logs(void **state)
{
    static const struct {
        struct azm_log_event log;
        const char *json;
    } rows[] = {
        {{.timestamp_us = 1700000000000001,
          .trace_id = {{1}},
          .transaction_id = {{2}},
          .level = AZM_S_INIT("warning"),
          .logger = AZM_S_INIT("Function.f.User"),
          .message = AZM_S_INIT("a \"b\"\n")},
         "{\"log\":{\"@timestamp\":1700000000000001,\"trace.id\":\"01000000000000000000000000000000\","
         "\"transaction.id\":\"0200000000000000\",\"log.level\":\"warning\",\"log.logger\":\"Function.f.User\","
         "\"message\":\"a \\\"b\\\"\\n\"}}\n"},
        {{.timestamp_us = 5,
          .level = AZM_S_INIT("error"),
          .exception = {.message = AZM_S_INIT("it broke"), .stack = AZM_S_INIT("Shop.Sold: it broke\n   at f()")}},
         "{\"log\":{\"@timestamp\":5,\"log.level\":\"error\",\"message\":\"it broke\",\"error.type\":\"Shop.Sold\","
         "\"error.message\":\"it broke\",\"error.stack_trace\":\"Shop.Sold: it broke\\n   at f()\"}}\n"},
        {{.timestamp_us = 5, .level = AZM_S_INIT("error")}, ""}, /* nothing is said */
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_buf out;
        azm_buf_init(&out, 65536);
        assert_int_equal(azm_elastic_log(&out, &rows[i].log), rows[i].json[0] != 0);
        azm_buf_add_byte(&out, 0);
        assert_string_equal(out.ptr, rows[i].json);
        azm_buf_dispose(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exception_is_an_error),
        cmocka_unit_test(an_error_alone),
        cmocka_unit_test(logs),
        cmocka_unit_test(transactions),
        cmocka_unit_test(an_unsampled_one_has_no_context),
        cmocka_unit_test(urls),
        cmocka_unit_test(some_headers_are_secret_whatever_the_writer_says),
        cmocka_unit_test(what_has_no_ids_is_left_out),
        cmocka_unit_test(what_is_too_long_is_left_out),
        cmocka_unit_test(text_is_cut_to_characters),
        cmocka_unit_test(metadata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
