#include "http/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

#define GET   "GET / HTTP/1.1\r\n"
#define OK    "HTTP/1.1 200 OK\r\n"
#define CODED "Transfer-Encoding: chunked\r\n\r\n"
#define CUT   "~" /* the end of input is not the end of the body */
#define MAY   "." /* it may be the end: until close */
#define THEN  "|" /* the body ended; what follows it */

static const struct {
    const char *answers; /* the method of the request that is answered; NULL: this is a request */
    const char *text;
    enum azm_status framing, content;
    const char *out;
} rows[] = {
    {NULL, GET "\r\nGET", AZM_OK, AZM_END, THEN "GET"},
    {NULL, GET "Content-Length: 3\r\n\r\nabcGET", AZM_OK, AZM_END, "abc" THEN "GET"},
    {NULL, GET "Content-Length: 3\r\n\r\nab", AZM_OK, AZM_MORE, "ab" CUT},
    {NULL, GET "Content-Length: 0\r\n\r\nGET", AZM_OK, AZM_END, THEN "GET"},
    {NULL, GET "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", AZM_OK, AZM_END, "ab" THEN},
    {NULL, GET "Content-Length: 2, 2\r\n\r\nab", AZM_OK, AZM_END, "ab" THEN},
    {NULL, GET "Content-Length: 18446744073709551615\r\n\r\nab", AZM_OK, AZM_MORE, "ab" CUT},
    {NULL, GET "Content-Length: 18446744073709551616\r\n\r\nab", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Content-Length: 2\r\ncontent-length: 3\r\n\r\nab", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Content-Length: 2, 3\r\n\r\nab", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Content-Length: +2\r\n\r\nab", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Content-Length: -1\r\n\r\nab", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Content-Length:\r\n\r\nab", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Content-Length: 2,\r\n\r\nab", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Content-Length: 0x2\r\n\r\nab", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Content-Length: 2\r\n" CODED, AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, "GET / HTTP/1.0\r\n" CODED, AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Transfer-Encoding: gzip\r\n\r\n", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Transfer-Encoding: chunked, gzip\r\n\r\n", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Transfer-Encoding: chunked, chunked\r\n\r\n", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Transfer-Encoding: xchunked\r\n\r\n", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Transfer-Encoding:\r\n\r\n", AZM_BAD_INPUT, AZM_OK, ""},
    {NULL, GET "Transfer-Encoding: gzip, Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", AZM_OK, AZM_END, "a" THEN},
    {NULL, GET CODED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET", AZM_OK, AZM_END, "abcde" THEN "GET"},
    {NULL, GET CODED "0\r\n\r\n", AZM_OK, AZM_END, THEN},
    {NULL, GET CODED "00b;a=\"b;c\";d\r\nhello world\r\n0;x\r\n\r\n", AZM_OK, AZM_END, "hello world" THEN},
    {NULL, GET CODED "A \t\r\n0123456789\r\n000 ;x\r\n\r\n", AZM_OK, AZM_END, "0123456789" THEN},
    {NULL, GET CODED "1\r\na\r\n0\r\nGrpc-Status: 0\r\nB: c\r\n\r\nGET", AZM_OK, AZM_END, "a" THEN "GET"},
    {NULL, GET CODED "3\r\nabc\r\n0\r\n\r", AZM_OK, AZM_MORE, "abc" CUT},
    {NULL, GET CODED "3\r\nabcd\r\n", AZM_OK, AZM_BAD_INPUT, "abc"},
    {NULL, GET CODED "3\nabc", AZM_OK, AZM_BAD_INPUT, ""},
    {NULL, GET CODED "3\r\nabc\n", AZM_OK, AZM_BAD_INPUT, "abc"},
    {NULL, GET CODED "3\rabc", AZM_OK, AZM_BAD_INPUT, ""},
    {NULL, GET CODED "3 3\r\nabc", AZM_OK, AZM_BAD_INPUT, ""},
    {NULL, GET CODED "\r\nabc", AZM_OK, AZM_BAD_INPUT, ""},
    {NULL, GET CODED "1\r\na\r\n\r\n", AZM_OK, AZM_BAD_INPUT, "a"},
    {NULL, GET CODED "00000001\r\na\r\n00000001\r\nb\r\n0\r\n\r\n", AZM_OK, AZM_END, "ab" THEN},
    {NULL, GET CODED ";x\r\nabc", AZM_OK, AZM_BAD_INPUT, ""},
    {NULL, GET CODED "-1\r\nabc", AZM_OK, AZM_BAD_INPUT, ""},
    {NULL, GET CODED "0x3\r\nabc", AZM_OK, AZM_BAD_INPUT, ""},
    {NULL, GET CODED "1;a\nb\r\nx", AZM_OK, AZM_BAD_INPUT, ""},
    {NULL, GET CODED "fffffffffffffff\r\nabc", AZM_OK, AZM_MORE, "abc" CUT},
    {NULL, GET CODED "0000000000000001\r\nabc", AZM_OK, AZM_BAD_INPUT, ""},
    {NULL, GET CODED "0\r\nA: b\n\r\n", AZM_OK, AZM_BAD_INPUT, ""},
    {NULL, GET CODED "0\r\nA: b\r\r\n", AZM_OK, AZM_BAD_INPUT, ""},
    {NULL, GET "Connection: upgrade\r\nUpgrade: websocket\r\n\r\nx", AZM_OK, AZM_END, THEN "x"},
    {"GET", OK "Content-Length: 2\r\n\r\nabHTTP", AZM_OK, AZM_END, "ab" THEN "HTTP"},
    {"GET", OK "\r\nanything", AZM_OK, AZM_MORE, "anything" MAY},
    {"GET", OK "Transfer-Encoding: gzip\r\n\r\nx", AZM_OK, AZM_MORE, "x" MAY},
    {"GET", OK CODED "1\r\na\r\n0\r\n\r\n", AZM_OK, AZM_END, "a" THEN},
    {"GET", OK "Content-Length: 1\r\n" CODED "1\r\na\r\n0\r\n\r\n", AZM_BAD_INPUT, AZM_OK, ""},
    {"HEAD", OK "Content-Length: 7\r\n\r\nHTTP", AZM_OK, AZM_END, THEN "HTTP"},
    {"HEAD", OK CODED "HTTP", AZM_OK, AZM_END, THEN "HTTP"},
    {"head", OK "Content-Length: 1\r\n\r\na", AZM_OK, AZM_END, "a" THEN}, /* methods have case */
    {"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nHTTP", AZM_OK, AZM_END, THEN "HTTP"},
    {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nHTTP", AZM_OK, AZM_END, THEN "HTTP"},
    {"GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP", AZM_OK, AZM_END, THEN "HTTP"},
    {"GET", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP", AZM_OK, AZM_END, THEN "HTTP"},
    {"GET", "HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x05hello", AZM_OK, AZM_MORE, "\x81\x05hello" MAY},
    {"CONNECT", OK "Content-Length: 1\r\n\r\nhello", AZM_OK, AZM_MORE, "hello" MAY},
    {"CONNECT", "HTTP/1.1 403 No\r\nContent-Length: 1\r\n\r\nx", AZM_OK, AZM_END, "x" THEN},
};

static enum azm_status content(struct azm_http_body *body, azm_slice in, size_t cut, struct azm_buf *out)
{
    enum azm_status st = azm_http_body_next(body, &(azm_slice){"", 0}, &(azm_slice){NULL, 0});
    azm_slice later = azm_slice_drop(in, cut ? cut : in.len), piece;
    for (azm_slice now = azm_slice_take(in, cut ? cut : in.len); st == AZM_MORE; now = later, later.len = 0) {
        while ((st = azm_http_body_next(body, &now, &piece)) == AZM_OK) {
            assert_true(piece.len > 0);
            azm_buf_add(out, piece);
        }
        in = now.len || st == AZM_END ? (azm_slice){now.ptr, now.len + later.len} : later;
        if (later.len == 0)
            break;
    }
    if (st == AZM_END) {
        azm_buf_add(out, AZM_S(THEN));
        azm_buf_add(out, in);
        assert_int_equal(azm_http_body_next(body, &in, &piece), AZM_END); /* and it stays so */
        assert_true(azm_http_body_may_end(body));
    } else if (st == AZM_MORE) {
        azm_buf_add(out, azm_http_body_may_end(body) ? AZM_S(MAY) : AZM_S(CUT));
    }
    return st;
}

static void bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_slice in = azm_slice_str(rows[i].text);
        struct azm_http_head head;
        struct azm_http_body body;
        enum azm_status st =
            rows[i].answers ? azm_http_read_response(in, 0, &head) : azm_http_read_request(in, 0, &head);
        assert_int_equal(st, AZM_OK);
        in = azm_slice_drop(in, head.size);
        for (size_t cut = 0; cut <= in.len; cut++) {
            char text[64];
            struct azm_buf out;
            azm_buf_init_fixed(&out, text, sizeof text);
            st = rows[i].answers ? azm_http_body_of_response(&body, &head, azm_slice_str(rows[i].answers))
                                 : azm_http_body_of_request(&body, &head);
            if (st != rows[i].framing)
                print_message("row %zu: %s\n", i, rows[i].text);
            assert_int_equal(st, rows[i].framing);
            if (st != AZM_OK)
                break;
            st = content(&body, in, cut, &out);
            azm_buf_add_byte(&out, 0);
            if (st != rows[i].content)
                print_message("row %zu cut %zu: %s\n", i, cut, rows[i].text);
            assert_int_equal(st, rows[i].content);
            assert_string_equal(text, rows[i].out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bodies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
