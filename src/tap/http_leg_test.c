/* The HTTP leg alone: what it tells of requests and answers, whatever the pieces. The join is a stand-in here that
 * writes everything down. */
#include "tap/http_leg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "recording/pair.h"
#include "tap/session.h"

static struct azm_buf told;

static bool on_request(void *self, azm_slice id, const struct azm_http_head *head, int64_t now_us)
{
    (void)self;
    (void)now_us;
    azm_buf_addf(&told, "[%.*s %.*s %.*s", AZM_FMT(id), AZM_FMT(head->method), AZM_FMT(head->target));
    return !azm_slice_eq(id, AZM_S("unwanted"));
}

static bool trace_of(void *self, azm_slice id, const struct azm_http_head *head, struct azm_trace_decision *out)
{
    (void)self;
    (void)head;
    *out = (struct azm_trace_decision){.sampled = true};
    if (!azm_slice_eq(id, AZM_S("ignored")))
        memset(out->trace_id.bytes, 0xaa, sizeof out->trace_id.bytes);
    memset(out->span_id.bytes, 0xbb, sizeof out->span_id.bytes);
    return !azm_slice_eq(id, AZM_S("forgotten"));
}

static unsigned missed;

void azm_session_missed_rewrites(struct azm_session *session, uint64_t count)
{
    (void)session;
    missed += (unsigned)count;
}

static void on_response(void *self, azm_slice id, const struct azm_http_head *head)
{
    (void)self;
    azm_buf_addf(&told, "<%.*s %u", AZM_FMT(id), head->status);
}

static void on_end(void *self, azm_slice id, const struct azm_leg_end *end, int64_t now_us)
{
    (void)self;
    (void)now_us;
    azm_buf_addf(&told, "|%.*s %u %u%s]", AZM_FMT(id), (unsigned)end->request_size, (unsigned)end->response_size,
                 end->whole ? "" : " broken");
}

static char place;

static void *open_leg(struct azm_session *session)
{
    (void)session;
    return &place;
}

static void close_leg(void *self)
{
    assert_ptr_equal(self, &place);
}

static const struct azm_leg_listener listener = {.id_fields = {AZM_S_INIT("x-ms-invocation-id")},
                                                 .open = open_leg,
                                                 .close = close_leg,
                                                 .request = on_request,
                                                 .trace = trace_of,
                                                 .response = on_response,
                                                 .end = on_end};

/* A step: 'h' or 'w' and bytes of the host or worker; 'W': the worker ends its half; 'X': the connection is gone. */
struct step {
    char who;
    azm_slice bytes;
};

#define GET(id)                                                                                                        \
    {                                                                                                                  \
        'h', AZM_S("GET /a HTTP/1.1\r\nHost: x\r\nx-ms-invocation-id: " id "\r\n\r\n")                                 \
    }
#define OK2                                                                                                            \
    {                                                                                                                  \
        'w', AZM_S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")                                                   \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        'X', AZM_S("")                                                                                                 \
    }
#define STEPS 8

static const struct {
    const char *what;
    struct step steps[STEPS];
    const char *expected;
} rows[] = {
    {"one exchange", {GET("1"), OK2, END}, "[1 GET /a<1 200|1 0 2]"},
    {"kept alive", {GET("1"), OK2, GET("2"), OK2, END}, "[1 GET /a<1 200|1 0 2][2 GET /a<2 200|2 0 2]"},
    {"pipelined", {GET("1"), GET("2"), OK2, OK2, END}, "[1 GET /a[2 GET /a<1 200|1 0 2]<2 200|2 0 2]"},
    {"a request without an id, one with",
     {{'h', AZM_S("GET / HTTP/1.1\r\n\r\n")}, OK2, GET("2"), OK2, END},
     "[2 GET /a<2 200|2 0 2]"},
    {"one that nobody wants", {GET("unwanted"), OK2, END}, "[unwanted GET /a"},
    {"a body with a length",
     {{'h', AZM_S("POST /b HTTP/1.1\r\nX-MS-INVOCATION-ID: 1\r\nContent-Length: 5\r\n\r\nhello")}, OK2, END},
     "[1 POST /b<1 200|1 5 2]"},
    {"chunks and trailers, both ways",
     {{'h',
       AZM_S("POST /b HTTP/1.1\r\nx-ms-invocation-id: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd"
             "\r\n0\r\nT: 1\r\n\r\n")},
      {'w', AZM_S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nDigest: 1\r\n\r\n")},
      GET("2"),
      OK2,
      END},
     "[1 POST /b<1 200|1 4 5][2 GET /a<2 200|2 0 2]"},
    {"HEAD has no body",
     {{'h', AZM_S("HEAD /a HTTP/1.1\r\nx-ms-invocation-id: 1\r\n\r\n")},
      {'w', AZM_S("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")},
      GET("2"),
      OK2,
      END},
     "[1 HEAD /a<1 200|1 0 0][2 GET /a<2 200|2 0 2]"},
    {"204 and 304 have none",
     {GET("1"),
      {'w', AZM_S("HTTP/1.1 204 No Content\r\n\r\n")},
      GET("2"),
      {'w', AZM_S("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")},
      END},
     "[1 GET /a<1 204|1 0 0][2 GET /a<2 304|2 0 0]"},
    {"100-continue",
     {{'h', AZM_S("PUT /b HTTP/1.1\r\nx-ms-invocation-id: 1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")},
      {'w', AZM_S("HTTP/1.1 100 Continue\r\n\r\n")},
      {'h', AZM_S("ab")},
      OK2,
      END},
     "[1 PUT /b<1 200|1 2 2]"},
    {"early hints and the answer in one piece",
     {GET("1"),
      {'w', AZM_S("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
      END},
     "[1 GET /a<1 200|1 0 0]"},
    {"an answer before the request's end",
     {{'h', AZM_S("POST /b HTTP/1.1\r\nx-ms-invocation-id: 1\r\nContent-Length: 4\r\n\r\nab")},
      {'w', AZM_S("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")},
      {'h', AZM_S("cd")},
      GET("2"),
      OK2,
      END},
     "[1 POST /b<1 413|1 2 0][2 GET /a<2 200|2 0 2]"},
    {"until the connection ends",
     {GET("1"), {'w', AZM_S("HTTP/1.0 200 OK\r\n\r\nabc")}, {'W', AZM_S("")}, END},
     "[1 GET /a<1 200|1 0 3]"},
    {"cut off in the body",
     {GET("1"), {'w', AZM_S("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")}, END},
     "[1 GET /a<1 200|1 0 3 broken]"},
    {"cut off in the head", {GET("1"), {'w', AZM_S("HTTP/1.1 200 O")}, END}, "[1 GET /a|1 0 0 broken]"},
    {"never answered", {GET("1"), END}, "[1 GET /a|1 0 0 broken]"},
    {"WebSocket",
     {{'h', AZM_S("GET /s HTTP/1.1\r\nx-ms-invocation-id: 1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")},
      {'w', AZM_S("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi")},
      {'h', AZM_S("\x81\x85GET / HTTP/1.1\r\n\r\n")},
      {'w', AZM_S("\x88\x00")},
      {'W', AZM_S("")},
      END},
     "[1 GET /s<1 101|1 20 6]"},
    {"an answer to nothing", {OK2, GET("1"), END}, ""},
    {"garbage of the host", {GET("1"), {'h', AZM_S("\x16\x03\x01\x02\x00")}, OK2, END}, "[1 GET /a|1 0 0 broken]"},
    {"garbage of the worker", {GET("1"), {'w', AZM_S("SSH-2.0-x\r\n")}, GET("2"), END}, "[1 GET /a|1 0 0 broken]"},
    {"two lengths",
     {{'h', AZM_S("POST /b HTTP/1.1\r\nx-ms-invocation-id: 1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")}, END},
     "[1 POST /b|1 0 0 broken]"},
    {"more requests than are followed",
     {{'h', AZM_S("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"
                  "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")},
      GET("8"),
      GET("9"),
      END},
     "[8 GET /a|8 0 0 broken]"},
};

static enum azm_side side_of(char who)
{
    return who == 'h' ? AZM_FROM_HOST : AZM_FROM_WORKER;
}

/* Bytes lie in memory of exactly their size, so that a read past their end is seen. */
static void feed(struct azm_http_leg *leg, enum azm_side from, azm_slice bytes)
{
    char *copy = malloc(bytes.len ? bytes.len : 1);
    memcpy(copy, bytes.ptr, bytes.len);
    azm_http_leg_bytes(leg, from, (azm_slice){copy, bytes.len}, 1);
    free(copy);
}

static void play(const struct step *steps, size_t cut)
{
    struct azm_http_leg *leg = azm_http_leg_open(NULL, &listener);
    azm_buf_clear(&told);
    for (; steps->who != 'X'; steps++) {
        azm_slice bytes = steps->bytes;
        if (steps->who == 'W')
            azm_http_leg_end(leg, AZM_FROM_WORKER, 1);
        for (; bytes.len; bytes = azm_slice_drop(bytes, cut))
            feed(leg, side_of(steps->who), azm_slice_take(bytes, cut));
    }
    azm_http_leg_close(leg, 1);
    azm_buf_add_byte(&told, 0);
}

static void exchanges_in_pieces_of_any_size(void **state)
{
    static const size_t cuts[] = {SIZE_MAX, 1, 2, 3, 7, 16, 31, 64};
    (void)state;
    azm_buf_init(&told, 65536);
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        print_message("%s\n", rows[i].what);
        for (size_t k = 0; k < AZM_COUNT(cuts); k++) {
            play(rows[i].steps, cuts[k]);
            assert_string_equal(told.ptr, rows[i].expected);
        }
    }
    azm_buf_dispose(&told);
}

#define THEIRS          "00-11111111111111111111111111111111-2222222222222222-00"
#define OURS            "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01"
#define REQUEST(fields) "GET / HTTP/1.1\r\n" fields "Host: x\r\n\r\n"

static const struct {
    const char *what, *sent, *expected; /* NULL: as it was sent */
    unsigned missed;
} rewritten[] = {
    {"the id first", REQUEST("x-ms-invocation-id: 1\r\ntraceparent: " THEIRS "\r\n"),
     REQUEST("x-ms-invocation-id: 1\r\ntraceparent: " OURS "\r\n"), 0},
    {"the id last", REQUEST("traceparent: " THEIRS "\r\nx-ms-invocation-id: 1\r\n"),
     REQUEST("traceparent: " OURS "\r\nx-ms-invocation-id: 1\r\n"), 0},
    {"any case, white space", REQUEST("TraceParent:\t  " THEIRS " \r\nx-ms-invocation-id: 1\r\n"),
     REQUEST("TraceParent:\t  " OURS " \r\nx-ms-invocation-id: 1\r\n"), 0},
    {"pipelined, with a body",
     REQUEST("traceparent: " THEIRS
             "\r\nx-ms-invocation-id: 1\r\nContent-Length: 3\r\n") "abc" REQUEST("x-ms-invocation-id: 2\r\n"),
     REQUEST("traceparent: " OURS
             "\r\nx-ms-invocation-id: 1\r\nContent-Length: 3\r\n") "abc" REQUEST("x-ms-invocation-id: 2\r\n"),
     0},
    {"no id", REQUEST("traceparent: " THEIRS "\r\n"), NULL, 0},
    {"none", REQUEST("x-ms-invocation-id: 1\r\n"), NULL, 0},
    {"two", REQUEST("traceparent: " THEIRS "\r\ntraceparent: " THEIRS "\r\nx-ms-invocation-id: 1\r\n"), NULL, 0},
    {"not valid", REQUEST("traceparent: x" THEIRS "\r\nx-ms-invocation-id: 1\r\n"), NULL, 1},
    {"not known any more", REQUEST("traceparent: " THEIRS "\r\nx-ms-invocation-id: forgotten\r\n"), NULL, 1},
    {"unwanted", REQUEST("traceparent: " THEIRS "\r\nx-ms-invocation-id: ignored\r\n"), NULL, 0},
    {"in another field", REQUEST("x-traceparent: " THEIRS "\r\nx-ms-invocation-id: 1\r\n"), NULL, 0},
    {"no HTTP", "garbage traceparent: " THEIRS "\r\nx-ms-invocation-id: 1\r\n\r\n", NULL, 0},
};

/* As the relay does it, in pieces; at `gone` bytes what is held is let go. What was sent lies in out. */
static void relay_first(azm_slice sent, size_t piece, size_t gone, struct azm_buf *out)
{
    struct azm_http_leg *leg = azm_http_leg_open(NULL, &listener);
    char *bytes = malloc(sent.len);
    size_t held = 0;
    memcpy(bytes, sent.ptr, sent.len);
    for (size_t at = 0, n; at < sent.len; at += n) {
        n = piece < sent.len - at ? piece : sent.len - at;
        size_t before = held;
        if (held || azm_http_leg_awaits_head(leg))
            held = azm_http_leg_first(leg, bytes + at, n, 1);
        else
            azm_http_leg_bytes(leg, AZM_FROM_HOST, (azm_slice){bytes + at, n}, 1);
        assert_true(held <= before + n);
        azm_buf_add(out, (azm_slice){bytes + at - before, before + n - held});
        if (held && at + n >= gone) {
            azm_buf_add(out, (azm_slice){bytes + at + n - held, held});
            azm_http_leg_let_go(leg);
            held = 0;
        }
    }
    assert_int_equal(held, 0);
    azm_http_leg_close(leg, 1);
    free(bytes);
}

static void a_traceparent_is_overwritten(void **state)
{
    (void)state;
    azm_buf_init(&told, 65536);
    for (size_t i = 0; i < AZM_COUNT(rewritten); i++) {
        const char *expected = rewritten[i].expected ? rewritten[i].expected : rewritten[i].sent;
        azm_slice sent = azm_slice_str(rewritten[i].sent);
        print_message("%s\n", rewritten[i].what);
        for (size_t piece = 1; piece <= sent.len; piece++) {
            struct azm_buf out;
            azm_buf_init(&out, 4096);
            missed = 0;
            relay_first(sent, piece, SIZE_MAX, &out);
            azm_buf_add_byte(&out, 0);
            assert_string_equal(out.ptr, expected);
            assert_int_equal(missed, rewritten[i].missed);
            azm_buf_dispose(&out);
        }
    }
    azm_buf_dispose(&told);
}

/* Held for too long at any place: what had been held goes out as it was, and the rest behind it. */
static void what_is_let_go_is_as_it_was(void **state)
{
    (void)state;
    azm_slice sent = azm_slice_str(rewritten[1].sent);
    azm_buf_init(&told, 65536);
    for (size_t gone = 0; gone < sent.len; gone++) {
        struct azm_buf out;
        azm_buf_init(&out, 4096);
        missed = 0;
        relay_first(sent, 1, gone, &out);
        azm_buf_add_byte(&out, 0);
        assert_string_equal(out.ptr, rewritten[1].sent);
        assert_int_equal(missed, 1);
        azm_buf_dispose(&out);
    }
    azm_buf_dispose(&told);
}

/* Heads up to the limit are read, and one over it ends the looking without harm. */
static void a_head_that_is_too_long(void **state)
{
    (void)state;
    for (size_t size = 60000; size <= 70000; size += 10000) {
        struct azm_buf head;
        azm_buf_init(&told, 65536);
        azm_buf_init(&head, 1 << 20);
        azm_buf_add_str(&head, "GET / HTTP/1.1\r\nx-ms-invocation-id: 1\r\nLong: ");
        while (head.len < size)
            azm_buf_add_byte(&head, 'x');
        azm_buf_add_str(&head, "\r\n\r\n");
        for (size_t cut = 1000; cut <= 100000; cut *= 100) {
            const struct step steps[] = {{'h', azm_buf_slice(&head)}, OK2, END};
            play(steps, cut);
            assert_string_equal(told.ptr, size < AZM_HTTP_HEAD_MAX ? "[1 GET /<1 200|1 0 2]" : "");
        }
        azm_buf_dispose(&head);
        azm_buf_dispose(&told);
    }
}

static void replay(const struct azm_recording *recording, size_t event, size_t cut)
{
    struct azm_http_leg *legs[8] = {NULL};
    azm_buf_clear(&told);
    for (size_t i = 0; i < recording->event_count; i++) {
        const struct azm_recording_event *e = &recording->events[i];
        struct azm_http_leg **leg = &legs[e->connection];
        assert_true(e->connection < AZM_COUNT(legs));
        enum azm_side from = e->side == AZM_RECORDING_WORKER ? AZM_FROM_WORKER : AZM_FROM_HOST;
        switch (e->kind) {
        case AZM_RECORDING_OPEN: *leg = azm_http_leg_open(NULL, &listener); break;
        case AZM_RECORDING_CLOSE: azm_http_leg_end(*leg, from, 1); break;
        case AZM_RECORDING_CHUNK:
            feed(*leg, from, azm_slice_take(e->bytes, i == event ? cut : SIZE_MAX));
            if (i == event)
                feed(*leg, from, azm_slice_drop(e->bytes, cut));
            break;
        }
    }
    for (size_t i = 0; i < AZM_COUNT(legs); i++)
        azm_http_leg_close(legs[i], 1);
    azm_buf_add_byte(&told, 0);
}

static size_t count(const char *text, char c)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == c;
    return n;
}

/* Recorded from Kestrel: every single cut tells the same. */
static void no_cut_of_the_recording_changes_what_is_told(void **state)
{
    struct azm_arena arena;
    struct azm_recording http, recording;
    const struct azm_recording none = {.event_count = 0};
    const char *every = getenv("AZM_CUT_EVERY");
    size_t step = every ? strtoul(every, NULL, 10) : 1, cuts = 0;
    (void)state;
    azm_arena_init(&arena, 0);
    azm_buf_init(&told, 1 << 20);
    assert_int_equal(azm_recording_load("../../tests/recordings/dotnet-aspnetcore-http.jsonl", &arena, &http, NULL),
                     AZM_OK);
    assert_int_equal(azm_recording_join(&none, &http, &arena, &recording, NULL), AZM_OK);
    replay(&recording, SIZE_MAX, 0);
    char *whole = strdup(told.ptr);
    assert_int_equal(count(whole, '['), 24);
    assert_int_equal(count(whole, '<'), 24);
    assert_int_equal(count(whole, ']'), 24);
    assert_null(strstr(whole, "broken"));
    for (size_t i = 0; i < recording.event_count; i++)
        for (size_t cut = 1; cut < recording.events[i].bytes.len; cut += step, cuts++) {
            replay(&recording, i, cut);
            assert_string_equal(told.ptr, whole);
        }
    print_message("%zu cuts\n", cuts);
    free(whole);
    azm_buf_dispose(&told);
    azm_arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exchanges_in_pieces_of_any_size),
        cmocka_unit_test(a_traceparent_is_overwritten),
        cmocka_unit_test(what_is_let_go_is_as_it_was),
        cmocka_unit_test(a_head_that_is_too_long),
        cmocka_unit_test(no_cut_of_the_recording_changes_what_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
