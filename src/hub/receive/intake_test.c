#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/receive/intake.h"

#include <stdlib.h>
#include <zlib.h>

#define META "{\"metadata\":{\"service\":{\"name\":\"a\",\"agent\":{\"name\":\"x\",\"version\":\"1\"}}}}\n"
#define LOG  "{\"log\":{\"message\":\"m\"}}\n"
#define BAD  "{\"span\":{}}\n"

struct outcome {
    unsigned status;
    size_t events, commits, largest;
    char body[16384];
};

static void commit(struct azm_intake *intake, struct outcome *out)
{
    struct azm_batch *batch = azm_intake_batch(intake);
    out->events += batch->count;
    out->commits++;
    if (batch->bytes > out->largest)
        out->largest = batch->bytes;
    azm_intake_committed(intake, AZM_OK);
}

/* Feeds in pieces of `piece` bytes. */
static struct outcome run(const char *encoding, azm_slice body, size_t piece)
{
    struct outcome out = {.status = 0};
    struct azm_intake *intake;
    struct azm_buf text;
    assert_int_equal(azm_intake_new(azm_slice_str(encoding), 1, &intake, NULL), AZM_OK);
    while (body.len) {
        azm_slice part = azm_slice_take(body, piece);
        body = azm_slice_drop(body, piece);
        while (azm_intake_feed(intake, &part) == AZM_FULL)
            commit(intake, &out);
        assert_int_equal(part.len, 0);
    }
    while (azm_intake_end(intake) == AZM_FULL)
        commit(intake, &out);
    commit(intake, &out);
    azm_buf_init_fixed(&text, out.body, sizeof out.body - 1);
    out.status = azm_intake_answer(intake, true, &text);
    azm_intake_free(intake);
    return out;
}

static azm_slice squeeze(azm_slice text, int window_bits)
{
    z_stream z = {.next_in = (Bytef *)text.ptr, .avail_in = (uInt)text.len};
    deflateInit2(&z, 1, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
    size_t size = deflateBound(&z, (uLong)text.len) + 64;
    char *out = malloc(size);
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)size;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = size - z.avail_out;
    deflateEnd(&z);
    return azm_slice_of(out, n);
}

static const struct {
    const char *body;
    unsigned status;
    size_t events;
    const char *says; /* a part of the answer */
} bodies[] = {
    {"", 202, 0, "{\"accepted\":0}"},
    {"\n \r\n", 202, 0, "{\"accepted\":0}"},
    {META, 202, 0, "{\"accepted\":0}"},
    {META LOG LOG, 202, 2, "{\"accepted\":2}"},
    {META "\n" LOG "\r\n{\"log\":{}}", 202, 2, "{\"accepted\":2}"}, /* the last line without its end */
    {META BAD LOG, 400, 1,
     "{\"accepted\":1,\"errors\":[{\"message\":\"validation error: 'span.id' required\","
     "\"document\":\"{\\\"span\\\":{}}\"}]}"},
    {META BAD BAD BAD BAD BAD BAD BAD LOG, 400, 1, "\"accepted\":1"},
    {LOG META LOG, 400, 0, "first line"},
    {META META LOG, 400, 1, "metadata"},
    {META "{\"metricset\":{\"samples\":{}}}\n", 202, 0, "{\"accepted\":1}"}, /* taken, not kept */
    {META " \t\r\n" LOG, 202, 1, "{\"accepted\":1}"},
    {META "\xff\xfe\n" LOG, 400, 1, "\xef\xbf\xbd"},
};

static size_t occurrences(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        n++;
    return n;
}

static void answers(void **state)
{
    (void)state;
    const size_t pieces[] = {1, 7, 100000};
    const struct {
        const char *name;
        int bits;
    } encodings[] = {{"", 0}, {"identity", 0}, {"gzip", 15 + 16}, {"deflate", 15}, {"GZIP", 15}};
    for (size_t i = 0; i < AZM_COUNT(bodies) * AZM_COUNT(pieces) * AZM_COUNT(encodings); i++) {
        size_t row = i % AZM_COUNT(bodies), rest = i / AZM_COUNT(bodies), e = rest / AZM_COUNT(pieces);
        azm_slice plain = azm_slice_str(bodies[row].body);
        azm_slice body = encodings[e].bits ? squeeze(plain, encodings[e].bits) : plain;
        struct outcome out = run(encodings[e].name, body, pieces[rest % AZM_COUNT(pieces)]);
        if (out.status != bodies[row].status || out.events != bodies[row].events || !strstr(out.body, bodies[row].says))
            fail_msg("%s %s: %u %zu %s", encodings[e].name, bodies[row].body, out.status, out.events, out.body);
        assert_true(occurrences(out.body, "\"message\"") <= 5);
        if (encodings[e].bits)
            free((void *)body.ptr);
    }
}

static void zeros_are_no_blanks(void **state)
{
    (void)state;
    struct outcome out = run("", AZM_S(META "\0\0\n" LOG), 100);
    assert_int_equal(out.status, 400);
    assert_int_equal(out.events, 1);
}

static void line_limit(void **state)
{
    (void)state;
    for (int over = 0; over <= 1; over++) {
        const size_t size = 307200 + (size_t)over;
        struct azm_buf body;
        azm_buf_init(&body, 1024 * 1024);
        azm_buf_add_str(&body, META "{\"log\":{\"message\":\"");
        while (body.len < strlen(META) + size - 3)
            azm_buf_add_byte(&body, 'x');
        azm_buf_add_str(&body, "\"}}\n" LOG);
        for (size_t piece = 1000; piece <= 1000000; piece *= 1000) {
            struct outcome out = run("", azm_buf_slice(&body), piece);
            assert_int_equal(out.status, over ? 400 : 202);
            assert_int_equal(out.events, over ? 1 : 2); /* the next line is read all the same */
            assert_true(!over || strstr(out.body, "longer than 307200"));
        }
        azm_buf_dispose(&body);
    }
}

static void large_body_comes_in_batches(void **state)
{
    (void)state;
    struct azm_buf body;
    azm_buf_init(&body, 64 * 1024 * 1024);
    azm_buf_add_str(&body, META);
    for (int i = 0; i < 20000; i++)
        azm_buf_addf(&body, "{\"log\":{\"message\":\"%0400d\"}}\n", i);
    azm_slice small = squeeze(azm_buf_slice(&body), 15 + 16);
    struct outcome out = run("gzip", small, small.len); /* all at once, as a bomb would come */
    assert_int_equal(out.status, 202);
    assert_int_equal(out.events, 20000);
    assert_true(out.commits > 10);
    assert_true(out.largest <= AZM_INTAKE_BATCH + 307200);
    free((void *)small.ptr);
    azm_buf_dispose(&body);
}

static void broken_encoding(void **state)
{
    (void)state;
    azm_slice whole = squeeze(AZM_S(META LOG LOG), 15 + 16);
    struct outcome cut = run("gzip", azm_slice_take(whole, whole.len - 9), 5);
    assert_int_equal(cut.status, 400);
    assert_non_null(strstr(cut.body, "too early"));
    struct outcome plain = run("gzip", AZM_S(META LOG), 5);
    assert_int_equal(plain.status, 400);
    assert_non_null(strstr(plain.body, "broken"));
    struct azm_intake *intake;
    struct azm_error err;
    assert_int_equal(azm_intake_new(AZM_S("br"), 1, &intake, &err), AZM_UNSUPPORTED);
    assert_non_null(strstr(err.text, "br"));
    free((void *)whole.ptr);
}

static void lost_batch(void **state)
{
    (void)state;
    struct azm_intake *intake;
    struct azm_buf text;
    char body[4096];
    azm_slice in = AZM_S(META LOG);
    assert_int_equal(azm_intake_new(AZM_S(""), 1, &intake, NULL), AZM_OK);
    assert_int_equal(azm_intake_feed(intake, &in), AZM_OK);
    assert_int_equal(azm_intake_end(intake), AZM_OK);
    azm_intake_committed(intake, AZM_FULL);
    azm_buf_init_fixed(&text, body, sizeof body);
    assert_int_equal(azm_intake_answer(intake, false, &text), 503);
    assert_non_null(strstr(body, "\"accepted\":0"));
    azm_intake_free(intake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers),         cmocka_unit_test(zeros_are_no_blanks),
                                       cmocka_unit_test(line_limit),      cmocka_unit_test(large_body_comes_in_batches),
                                       cmocka_unit_test(broken_encoding), cmocka_unit_test(lost_batch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
