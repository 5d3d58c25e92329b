#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/problems.h"

/* What libcurl and servers say, and the code and setting that should come of it. */
static void each_refusal_names_what_mends_it(void **state)
{
    (void)state;
    static const struct {
        bool otlp;
        unsigned status;
        const char *said, *code, *mend;
    } rows[] = {
        {false, 401, "it answered 401: who are you", "unauthorized",
         "set ELASTIC_APM_SECRET_TOKEN or ELASTIC_APM_API_KEY to what this server accepts"},
        {false, 403, "it answered 403", "forbidden", "ELASTIC_APM_API_KEY"},
        {true, 401, "it answered 401", "unauthorized", "authorization=Bearer%20TOKEN"},
        {true, 403, "it answered 403", "unauthorized", "OTEL_EXPORTER_OTLP_HEADERS"},
        {false, 404, "it answered 404", "wrong_address", "set ELASTIC_APM_SERVER_URL to the root of an APM Server"},
        {true, 405, "it answered 405", "wrong_address", "OTEL_EXPORTER_OTLP_ENDPOINT"},
        {false, 407, "it answered 407", "proxy", "HTTPS_PROXY"},
        {false, 429, "it answered 429", "server_busy", "rate limit"},
        {true, 503, "it answered 503", "server_failing", "own log"},
        {false, 0, "Could not resolve host: apm.exmaple.com", "unknown_host", "ELASTIC_APM_SERVER_URL"},
        {true, 0, "Couldn't resolve host name", "unknown_host", "OTEL_EXPORTER_OTLP_ENDPOINT"},
        {false, 0, "SSL certificate problem: self-signed certificate", "certificate",
         "ELASTIC_APM_SERVER_CA_CERT_FILE=FILE.pem"},
        {true, 0, "SSL: no alternative certificate subject name matches target host name", "certificate",
         "OTEL_EXPORTER_OTLP_CERTIFICATE=FILE.pem"},
        {false, 0, "error:0A00010B:SSL routines::wrong version number", "tls", "http://"},
        {false, 0, "Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server", "no_server",
         "azimuth hub"},
        {false, 0, "connect to 127.0.0.1 port 9 failed: Connection refused", "no_server", "azimuth hub"},
        {false, 0, "Connection timed out after 30001 milliseconds", "timeout", "firewall"},
        {true, 0, "Received HTTP/0.9 when not allowed", "wrong_server", "4318"},
        {false, 0, "Empty reply from server", "not_delivered", "ELASTIC_APM_SERVER_URL"},
        {false, 302, "it answered 302", "not_delivered", "ELASTIC_APM_SERVER_URL"},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_destination destination = {.kind = rows[i].otlp ? AZM_DESTINATION_OTLP : AZM_DESTINATION_ELASTIC};
        struct azm_problem problem;
        azm_problem_of_delivery(&problem, &destination, "http://a", rows[i].status, rows[i].said);
        assert_string_equal(problem.code, rows[i].code);
        assert_non_null(strstr(problem.mend, rows[i].mend));
        assert_non_null(strstr(problem.text, rows[i].said));
        assert_non_null(strstr(problem.text, "http://a"));
    }
}

static const struct azm_ring_stats quiet = {.pid = 1};

static size_t count_of(const char *text, const char *needle)
{
    size_t n = 0;
    for (const char *at = strstr(text, needle); at; at = strstr(at + 1, needle))
        n++;
    return n;
}

/* The list as JSON, or nothing. */
static const char *list_of(const struct azm_feed *feed, const struct azm_ring_stats *ring)
{
    static char text[8192];
    struct azm_buf buf;
    azm_buf_init_fixed(&buf, text, sizeof text - 1);
    struct azm_json_writer json = azm_json_writer(&buf);
    struct azm_object_mark mark = azm_object_open(&json, NULL);
    azm_problems_put(&json, feed, ring);
    azm_object_close(&json, mark);
    assert_false(buf.failed);
    text[buf.len] = 0;
    return text;
}

static void a_healthy_process_has_none(void **state)
{
    (void)state;
    struct azm_feed feed = {.has_source = false};
    feed.news.has_report = true;
    feed.news.report.functions = 12;
    assert_string_equal(list_of(&feed, &quiet), "");
}

static void what_a_writer_reports_is_said_in_sentences(void **state)
{
    (void)state;
    struct azm_feed feed = {.has_source = false};
    struct azm_report *report = &feed.news.report;
    feed.news.has_report = true;
    report->worker.blind = 2;
    report->worker.blind_since_us = 1000000;
    report->worker.blind_reason = AZM_S("the worker's bytes are not HTTP/2");
    report->host.malformed = 3;
    report->functions = 8192;
    report->functions_full = true;
    report->clock_jumps = 2;
    report->clock_jump_us = -3600000000;
    report->clock_jumped_us = 2000000;
    snprintf(feed.news.notes[feed.news.note_count++], sizeof feed.news.notes[0], "the worker's bytes are not HTTP/2");
    snprintf(feed.news.notes[feed.news.note_count++], sizeof feed.news.notes[0], "A=\"b\" is ignored: expected c");
    const char *text = list_of(&feed, &quiet);
    assert_non_null(strstr(text,
                           "2 connections pass unseen, the first since 1970-01-01T00:00:01.000000Z, because of the "
                           "worker's bytes: the worker's bytes are not HTTP/2"));
    assert_int_equal(count_of(text, "the worker's bytes are not HTTP/2"), 1);
    assert_non_null(strstr(text, "3 messages of the host made no sense"));
    assert_non_null(strstr(text, "only the first 8192 functions are known"));
    assert_non_null(strstr(text, "jumped back by 3600000 ms at 1970-01-01T00:00:02.000000Z (2 times in all)"));
    assert_non_null(strstr(text, "\"bad_setting\""));
    assert_int_equal(count_of(text, "\"code\""), 5);
    report->refused = 1;
    report->refusal = AZM_S("function a could not be loaded: no module");
    snprintf(feed.news.notes[feed.news.note_count++], sizeof feed.news.notes[0],
             "function a could not be loaded: no module");
    text = list_of(&feed, &quiet);
    assert_int_equal(count_of(text, "could not be loaded"), 1);
    assert_null(strstr(text, "more\""));
    report->refused = 100000;
    assert_non_null(strstr(list_of(&feed, &quiet), "function a could not be loaded: no module; and 99999 more\""));
    report->clock_jump_us = INT64_MIN;
    assert_non_null(strstr(list_of(&feed, &quiet), "jumped back by 9223372036854775 ms"));
}

static void what_was_dropped_is_said_with_its_number(void **state)
{
    (void)state;
    struct azm_feed feed = {.has_source = false};
    struct azm_ring_stats ring = {.pid = 1, .dropped = {[AZM_RING_DROP_FULL] = 5, [AZM_RING_DROP_POOL] = 6}};
    feed.counts.rejected = 7;
    const char *text = list_of(&feed, &ring);
    assert_non_null(strstr(text, "5 events found no room in the ring"));
    assert_non_null(strstr(text, "6 invocations were not seen"));
    assert_non_null(strstr(text, "7 events were rejected"));
    assert_null(strstr(text, "OTEL_LOGS_EXPORTER"));
    feed.counts.last_answer[AZM_SIGNAL_LOGS].http_status = 404;
    text = list_of(&feed, &ring);
    assert_non_null(strstr(text, "set OTEL_LOGS_EXPORTER=none"));
    assert_int_equal(count_of(text, "\"code\""), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_names_what_mends_it),
        cmocka_unit_test(a_healthy_process_has_none),
        cmocka_unit_test(what_a_writer_reports_is_said_in_sentences),
        cmocka_unit_test(what_was_dropped_is_said_with_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
