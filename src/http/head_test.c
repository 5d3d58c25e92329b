#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

#define REQUEST(text, status, log)                                                                                     \
    {                                                                                                                  \
        true, {text, sizeof(text) - 1}, status, log                                                                    \
    }
#define RESPONSE(text, status, log)                                                                                    \
    {                                                                                                                  \
        false, {text, sizeof(text) - 1}, status, log                                                                   \
    }

static const struct {
    bool request;
    azm_slice in;
    enum azm_status status;
    const char *log; /* method|target or status|reason, minor, then the fields; what follows the head */
} rows[] = {
    REQUEST("GET / HTTP/1.1\r\n\r\n", AZM_OK, "GET|/|1 +0"),
    REQUEST("POST /api/x?y=1 HTTP/1.0\r\nHost: a\r\nContent-Length:2\r\n\r\nab", AZM_OK,
            "POST|/api/x?y=1|0 [Host=a] [Content-Length=2] +2"),
    REQUEST("\r\n\r\nGET / HTTP/1.1\r\n\r\n", AZM_OK, "GET|/|1 +0"),
    REQUEST("GET / HTTP/1.1\r\nA: \t b c \t\r\nB:\r\n\r\n", AZM_OK, "GET|/|1 [A=b c] [B=] +0"),
    REQUEST("GET / HTTP/1.1\r\nA: caf\xc3\xa9\r\n\r\n", AZM_OK, "GET|/|1 [A=caf\xc3\xa9] +0"),
    REQUEST("M-SEARCH * HTTP/1.1\r\n\r\nGET", AZM_OK, "M-SEARCH|*|1 +3"),
    REQUEST("GET / HTTP/1.1\r\nA: b:c\r\n\r\n", AZM_OK, "GET|/|1 [A=b:c] +0"),
    REQUEST("GET / HTTP/1.1\r\nA: b\r\n", AZM_MORE, ""),
    REQUEST("", AZM_MORE, ""),
    REQUEST("\r\n", AZM_MORE, ""),
    REQUEST("GET / HTTP/1.1\nA: b\n\n", AZM_BAD_INPUT, ""),          /* bare LF */
    REQUEST("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", AZM_BAD_INPUT, ""), /* bare CR */
    REQUEST("GET / HTTP/1.1\r\nA: b\rc", AZM_BAD_INPUT, ""),
    REQUEST("GET / HTTP/1.1\r\nA: b\r\r\n\r\n", AZM_BAD_INPUT, ""),        /* CR CR LF */
    REQUEST("GET / HTTP/1.1\r\nA : b\r\n\r\n", AZM_BAD_INPUT, ""),         /* white space before the colon */
    REQUEST("GET / HTTP/1.1\r\nA: b\r\n c: d\r\n\r\n", AZM_BAD_INPUT, ""), /* folded line */
    REQUEST("GET / HTTP/1.1\r\n A: b\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET / HTTP/1.1\r\n: b\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET / HTTP/1.1\r\nA\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET / HTTP/1.1\r\nA: \0\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET / HTTP/1.1\r\nA\0: b\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET / HTTP/1.1\r\n\xc3\xa9: b\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET  / HTTP/1.1\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET /a b HTTP/1.1\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET  HTTP/1.1\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST(" / HTTP/1.1\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("G(T / HTTP/1.1\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET\t/ HTTP/1.1\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET /\t HTTP/1.1\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET /\r\n\r\n", AZM_BAD_INPUT, ""), /* HTTP/0.9 */
    REQUEST("GET / HTTP/1.1 \r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET / HTTP/1.x\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("GET / http/1.1\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", AZM_BAD_INPUT, ""),
    REQUEST("\x16\3\1\2", AZM_BAD_INPUT, ""), /* TLS: told before any line is complete */
    RESPONSE("HTTP/1.1 200 OK\r\nServer: Kestrel\r\n\r\nhi", AZM_OK, "200|OK|1 [Server=Kestrel] +2"),
    RESPONSE("HTTP/1.1 404 Not Found\r\n\r\n", AZM_OK, "404|Not Found|1 +0"),
    RESPONSE("HTTP/1.0 204 \r\n\r\n", AZM_OK, "204||0 +0"),
    RESPONSE("HTTP/1.1 204\r\n\r\n", AZM_OK, "204||1 +0"),
    RESPONSE("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", AZM_OK, "100|Continue|1 +19"),
    RESPONSE("HTTP/1.1 20 OK\r\n\r\n", AZM_BAD_INPUT, ""),
    RESPONSE("HTTP/1.1 099 OK\r\n\r\n", AZM_BAD_INPUT, ""),
    RESPONSE("HTTP/1.1 2000 OK\r\n\r\n", AZM_BAD_INPUT, ""),
    RESPONSE("HTTP/1.1  200 OK\r\n\r\n", AZM_BAD_INPUT, ""),
    RESPONSE("HTTP/2 200 OK\r\n\r\n", AZM_BAD_INPUT, ""),
    RESPONSE("\r\nHTTP/1.1 200 OK\r\n\r\n", AZM_BAD_INPUT, ""),
};

static enum azm_status read(bool request, azm_slice in, size_t seen, struct azm_http_head *head)
{
    return request ? azm_http_read_request(in, seen, head) : azm_http_read_response(in, seen, head);
}

static void text_of(const struct azm_http_head *head, size_t len, char *text, size_t size)
{
    struct azm_buf out;
    azm_buf_init_fixed(&out, text, size);
    if (head->status)
        azm_buf_addf(&out, "%u|%.*s", head->status, AZM_FMT(head->reason));
    else
        azm_buf_addf(&out, "%.*s|%.*s", AZM_FMT(head->method), AZM_FMT(head->target));
    azm_buf_addf(&out, "|%u", head->minor);
    for (size_t i = 0; i < head->field_count; i++)
        azm_buf_addf(&out, " [%.*s=%.*s]", AZM_FMT(head->fields[i].name), AZM_FMT(head->fields[i].value));
    azm_buf_addf(&out, " +%zu", len - head->size);
    assert_false(out.failed);
}

static void heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_http_head head;
        char text[256] = "";
        enum azm_status st = read(rows[i].request, rows[i].in, 0, &head);
        if (st == AZM_OK)
            text_of(&head, rows[i].in.len, text, sizeof text);
        if (st != rows[i].status)
            print_message("row %zu: %.*s\n", i, AZM_FMT(rows[i].in));
        assert_int_equal(st, rows[i].status);
        assert_string_equal(text, rows[i].log);
    }
}

/* A head that grows byte by byte: AZM_MORE until it is decided, and then as if it had come at once. */
static void heads_that_arrive_slowly(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_http_head head;
        enum azm_status st = AZM_MORE;
        size_t len = 0;
        for (size_t seen = 0; len <= rows[i].in.len && st == AZM_MORE; seen = len++)
            st = read(rows[i].request, azm_slice_take(rows[i].in, len), seen, &head);
        assert_int_equal(st, rows[i].status);
        if (st == AZM_OK)
            assert_int_equal(head.size, len - 1);
    }
}

static void limits(void **state)
{
    struct azm_http_head head;
    struct azm_buf text;
    (void)state;
    azm_buf_init(&text, 2 * AZM_HTTP_HEAD_MAX);
    azm_buf_add_str(&text, "GET / HTTP/1.1\r\n");
    for (unsigned i = 0; i < AZM_HTTP_FIELDS_MAX; i++)
        azm_buf_add_str(&text, "A: b\r\n");
    size_t full = text.len;
    azm_buf_add_str(&text, "\r\n");
    assert_int_equal(azm_http_read_request(azm_buf_slice(&text), 0, &head), AZM_OK);
    azm_buf_truncate(&text, full);
    azm_buf_add_str(&text, "A: b\r\n\r\n");
    assert_int_equal(azm_http_read_request(azm_buf_slice(&text), 0, &head), AZM_TOO_BIG);

    azm_buf_clear(&text);
    azm_buf_add_str(&text, "GET /");
    while (text.len < AZM_HTTP_HEAD_MAX - 13)
        azm_buf_add_byte(&text, 'a');
    azm_buf_add_str(&text, " HTTP/1.1\r\n\r\n");
    assert_int_equal(text.len, AZM_HTTP_HEAD_MAX);
    assert_int_equal(azm_http_read_request(azm_buf_slice(&text), 0, &head), AZM_OK);
    assert_int_equal(head.size, AZM_HTTP_HEAD_MAX);
    azm_buf_truncate(&text, text.len - 2);
    azm_buf_add_str(&text, "A: b\r\n\r\n");
    assert_int_equal(azm_http_read_request(azm_buf_slice(&text), 0, &head), AZM_TOO_BIG);
    assert_int_equal(azm_http_read_request(azm_buf_slice(&text), 100, &head), AZM_TOO_BIG);
    azm_buf_dispose(&text);
}

static void fields(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\nConnection: keep-alive , Upgrade\r\nupgrade: websocket\r\n"
                               "CONNECTION: x\r\nX:\r\n\r\n";
    struct azm_http_head head;
    (void)state;
    assert_int_equal(azm_http_read_request(azm_slice_str(text), 0, &head), AZM_OK);
    assert_true(azm_slice_eq(azm_http_field(&head, AZM_S("Upgrade")), AZM_S("websocket")));
    assert_true(azm_slice_eq(azm_http_field(&head, AZM_S("connection")), AZM_S("keep-alive , Upgrade")));
    assert_non_null(azm_http_field(&head, AZM_S("x")).ptr);
    assert_null(azm_http_field(&head, AZM_S("y")).ptr);
    assert_true(azm_http_has_token(&head, AZM_S("connection"), AZM_S("upgrade")));
    assert_true(azm_http_has_token(&head, AZM_S("connection"), AZM_S("X")));
    assert_false(azm_http_has_token(&head, AZM_S("connection"), AZM_S("keep")));
    assert_false(azm_http_has_token(&head, AZM_S("upgrade"), AZM_S("x")));
}

static void persistence(void **state)
{
    static const struct {
        const char *text;
        bool keeps;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nConnection: foo, Close\r\n\r\n", false},
        {"HTTP/1.0 200 OK\r\n\r\n", false},
        {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n\r\n", false},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        struct azm_http_head head;
        assert_int_equal(azm_http_read_response(azm_slice_str(cases[i].text), 0, &head), AZM_OK);
        assert_int_equal(azm_http_keeps_alive(&head), cases[i].keeps);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),       cmocka_unit_test(heads_that_arrive_slowly),
        cmocka_unit_test(limits),      cmocka_unit_test(fields),
        cmocka_unit_test(persistence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
