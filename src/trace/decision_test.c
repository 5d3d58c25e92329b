#include "trace/decision.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/hex.h"

#define T1     "0af7651916cd43dd8448eb211c80319c"
#define T2     "4bf92f3577b34da6a3ce929d0e0e4736"
#define CALLER "b7ad6b7169203331"
#define HOST   "00f067aa0ba902b7"

enum expected_id { NEW, HOSTS };

/* One row per line of "Which trace", and its corners. trace "new": neither the caller's nor the host's. */
static const struct {
    const char *what, *caller, *tracestate, *host;
    enum azm_trace_context_mode mode;
    bool exports;
    double rate;
    const char *trace, *parent;
    enum expected_id id;
    bool link, sampled;
    double sample_rate;
} rows[] = {
    {"1. the caller's context: its trace, its span as parent, its flag", "00-" T1 "-" CALLER "-01", NULL, NULL,
     AZM_TRACE_CONTEXT_ADOPT, false, 0.0, T1, CALLER, NEW, false, true, -1},
    {"1. the caller says not sampled: obeyed, whatever our rate", "00-" T1 "-" CALLER "-00", NULL, NULL,
     AZM_TRACE_CONTEXT_ADOPT, false, 1.0, T1, CALLER, NEW, false, false, 0},
    {"1. the caller tells the rate", "00-" T1 "-" CALLER "-01", "foo=1,es=s:0.25", NULL, AZM_TRACE_CONTEXT_ADOPT, false,
     1.0, T1, CALLER, NEW, false, true, 0.25},
    {"1. the host continues the caller's trace: its span id is ours (adopt)", "00-" T1 "-" CALLER "-01", NULL,
     "00-" T1 "-" HOST "-00", AZM_TRACE_CONTEXT_ADOPT, false, 1.0, T1, CALLER, HOSTS, false, true, -1},
    {"1. the same, off", "00-" T1 "-" CALLER "-01", NULL, "00-" T1 "-" HOST "-00", AZM_TRACE_CONTEXT_OFF, false, 1.0,
     T1, CALLER, NEW, false, true, -1},
    {"1. the host exports its spans (set up so): own id, a link", "00-" T1 "-" CALLER "-01", NULL,
     "00-" T1 "-" HOST "-00", AZM_TRACE_CONTEXT_ADOPT, true, 1.0, T1, CALLER, NEW, true, true, -1},
    {"1. the host exports its spans (flags 01): own id, a link", "00-" T1 "-" CALLER "-01", NULL,
     "00-" T1 "-" HOST "-01", AZM_TRACE_CONTEXT_ADOPT, false, 1.0, T1, CALLER, NEW, true, true, -1},
    {"1. the host is in another trace: not ours to adopt", "00-" T1 "-" CALLER "-01", NULL, "00-" T2 "-" HOST "-00",
     AZM_TRACE_CONTEXT_ADOPT, false, 1.0, T1, CALLER, NEW, false, true, -1},
    {"1. the host hands on the caller's very span: not our own parent", "00-" T1 "-" HOST "-01", NULL,
     "00-" T1 "-" HOST "-00", AZM_TRACE_CONTEXT_ADOPT, false, 1.0, T1, HOST, NEW, false, true, -1},
    {"1. the same with flags 01: they are the caller's; no link to our own parent", "00-" T1 "-" HOST "-01", NULL,
     "00-" T1 "-" HOST "-01", AZM_TRACE_CONTEXT_ADOPT, false, 1.0, T1, HOST, NEW, false, true, -1},
    {"1. the host exports, off: a link all the same", "00-" T1 "-" CALLER "-01", NULL, "00-" T1 "-" HOST "-01",
     AZM_TRACE_CONTEXT_OFF, false, 1.0, T1, CALLER, NEW, true, true, -1},
    {"1. the caller tells the rate in a tracestate that is not valid", "00-" T1 "-" CALLER "-01", "es=s:0.25,foo", NULL,
     AZM_TRACE_CONTEXT_ADOPT, false, 1.0, T1, CALLER, NEW, false, true, -1},
    {"1. not sampled: the rate is 0, whatever the caller tells", "00-" T1 "-" CALLER "-00", "es=s:0.25", NULL,
     AZM_TRACE_CONTEXT_ADOPT, false, 1.0, T1, CALLER, NEW, false, false, 0},
    {"3. without a traceparent the tracestate does not count", NULL, "es=s:0.25", NULL, AZM_TRACE_CONTEXT_ADOPT, false,
     1.0, "new", NULL, NEW, false, true, 1.0},
    {"2. only the host's: its trace, no parent, flag not obeyed", NULL, NULL, "00-" T2 "-" HOST "-00",
     AZM_TRACE_CONTEXT_ADOPT, false, 1.0, T2, NULL, HOSTS, false, true, 1.0},
    {"2. the same, off", NULL, NULL, "00-" T2 "-" HOST "-00", AZM_TRACE_CONTEXT_OFF, false, 1.0, T2, NULL, NEW, false,
     true, 1.0},
    {"2. the host's flag 01 does not sample where our rate is 0", NULL, NULL, "00-" T2 "-" HOST "-01",
     AZM_TRACE_CONTEXT_ADOPT, false, 0.0, T2, NULL, NEW, true, false, 0},
    {"2. the host exports: own id, a link", NULL, NULL, "00-" T2 "-" HOST "-00", AZM_TRACE_CONTEXT_ADOPT, true, 1.0, T2,
     NULL, NEW, true, true, 1.0},
    {"3. none: a new trace", NULL, NULL, NULL, AZM_TRACE_CONTEXT_ADOPT, false, 1.0, "new", NULL, NEW, false, true, 1.0},
    {"3. the caller's is malformed, the host's empty", "00-" T1 "-0000000000000000-01", NULL, "",
     AZM_TRACE_CONTEXT_ADOPT, false, 1.0, "new", NULL, NEW, false, true, 1.0},
    {"2. the caller's is malformed: the host's counts", "ff-" T1 "-" CALLER "-01", NULL, "00-" T2 "-" HOST "-00",
     AZM_TRACE_CONTEXT_ADOPT, false, 1.0, T2, NULL, HOSTS, false, true, 1.0},
    {"3. rate 0", NULL, NULL, NULL, AZM_TRACE_CONTEXT_ADOPT, false, 0.0, "new", NULL, NEW, false, false, 0},
};

static void check_id(const uint8_t *id, size_t n, const char *expected, const char *what)
{
    char text[33];
    azm_hex_encode(id, n, text);
    text[2 * n] = '\0';
    if (strcmp(text, expected) != 0)
        fail_msg("%s: %s is not %s", what, text, expected);
}

static void each_line_of_the_rule(void **state)
{
    (void)state;
    struct azm_random random;
    const uint64_t seed[4] = {1, 2, 3, 4};
    azm_random_init(&random, seed);
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_pair headers[2];
        size_t count = 0;
        if (rows[i].caller)
            headers[count++] = (struct azm_pair){AZM_S("TraceParent"), azm_slice_str(rows[i].caller)};
        if (rows[i].tracestate)
            headers[count++] = (struct azm_pair){AZM_S("tracestate"), azm_slice_str(rows[i].tracestate)};
        struct azm_trace_inputs inputs = {.caller_headers = {headers, count},
                                          .host_traceparent = azm_slice_str(rows[i].host),
                                          .mode = rows[i].mode,
                                          .host_exports = rows[i].exports,
                                          .sample_rate = rows[i].rate};
        struct azm_trace_decision got;
        azm_trace_decide(&inputs, &random, &got);
        print_message("%s\n", rows[i].what);
        if (strcmp(rows[i].trace, "new") != 0) {
            check_id(got.trace_id.bytes, 16, rows[i].trace, "trace id");
        } else {
            char text[33] = "";
            azm_hex_encode(got.trace_id.bytes, 16, text);
            assert_string_not_equal(text, T1);
            assert_string_not_equal(text, T2);
        }
        check_id(got.parent_id.bytes, 8, rows[i].parent ? rows[i].parent : "0000000000000000", "parent");
        if (rows[i].id == HOSTS) {
            check_id(got.span_id.bytes, 8, HOST, "id");
        } else {
            char text[17] = "";
            azm_hex_encode(got.span_id.bytes, 8, text);
            assert_string_not_equal(text, HOST);
            assert_string_not_equal(text, CALLER);
            assert_false(azm_span_id_is_none(got.span_id));
        }
        assert_int_equal(!azm_trace_id_is_none(got.link.trace_id), rows[i].link);
        if (rows[i].link)
            check_id(got.link.span_id.bytes, 8, HOST, "link");
        assert_int_equal(got.sampled, rows[i].sampled);
        assert_true(got.sample_rate > rows[i].sample_rate - 1e-9 && got.sample_rate < rows[i].sample_rate + 1e-9);
    }
}

static const struct {
    const char *what;
    enum azm_trace_continuation strategy;
    const char *caller, *tracestate, *host;
    enum azm_trace_context_mode mode;
    bool restarted;
    const char *link; /* span; NULL: none */
} continuations[] = {
    {"continue", AZM_TRACE_CONTINUE, "00-" T1 "-" CALLER "-00", NULL, NULL, AZM_TRACE_CONTEXT_ADOPT, false, NULL},
    {"restart: a link to the caller, sampled here", AZM_TRACE_RESTART, "00-" T1 "-" CALLER "-00", "es=s:0.5", NULL,
     AZM_TRACE_CONTEXT_ADOPT, true, CALLER},
    {"restart: the host's span, in the caller's trace, is not ours", AZM_TRACE_RESTART, "00-" T1 "-" CALLER "-00", NULL,
     "00-" T1 "-" HOST "-01", AZM_TRACE_CONTEXT_ADOPT, true, CALLER},
    {"restart, rewrite: the caller's link goes before the host's", AZM_TRACE_RESTART, "00-" T1 "-" CALLER "-00", NULL,
     "00-" T1 "-" HOST "-01", AZM_TRACE_CONTEXT_REWRITE, true, CALLER},
    {"restart_external: from elsewhere", AZM_TRACE_RESTART_EXTERNAL, "00-" T1 "-" CALLER "-00", "foo=1", NULL,
     AZM_TRACE_CONTEXT_ADOPT, true, CALLER},
    {"restart_external: from elsewhere, without a state", AZM_TRACE_RESTART_EXTERNAL, "00-" T1 "-" CALLER "-00", NULL,
     NULL, AZM_TRACE_CONTEXT_ADOPT, true, CALLER},
    {"restart_external: of ours", AZM_TRACE_RESTART_EXTERNAL, "00-" T1 "-" CALLER "-00", "foo=1,es=s:0.5", NULL,
     AZM_TRACE_CONTEXT_ADOPT, false, NULL},
    {"restart_external: of ours, without a rate", AZM_TRACE_RESTART_EXTERNAL, "00-" T1 "-" CALLER "-00", "es=x:y", NULL,
     AZM_TRACE_CONTEXT_ADOPT, false, NULL},
    {"restart_external: a state that is not valid tells nothing", AZM_TRACE_RESTART_EXTERNAL, "00-" T1 "-" CALLER "-00",
     "es=s:0.5,foo", NULL, AZM_TRACE_CONTEXT_ADOPT, true, CALLER},
    {"rewrite: an exporting host's span in another trace stays linked", AZM_TRACE_CONTINUE, "00-" T1 "-" CALLER "-00",
     NULL, "00-" T2 "-" HOST "-01", AZM_TRACE_CONTEXT_REWRITE, false, HOST},
    {"rewrite: one that does not export is forgotten", AZM_TRACE_CONTINUE, "00-" T1 "-" CALLER "-00", NULL,
     "00-" T2 "-" HOST "-00", AZM_TRACE_CONTEXT_REWRITE, false, NULL},
};

static void decide(size_t row, const struct azm_trace_decision *told, struct azm_random *random,
                   struct azm_trace_decision *out)
{
    struct azm_pair headers[2] = {{AZM_S("traceparent"), azm_slice_str(continuations[row].caller)},
                                  {AZM_S("tracestate"), azm_slice_str(continuations[row].tracestate)}};
    struct azm_trace_inputs inputs = {.caller_headers = {headers, continuations[row].tracestate ? 2 : 1},
                                      .host_traceparent = azm_slice_str(continuations[row].host),
                                      .mode = continuations[row].mode,
                                      .continuation = continuations[row].strategy,
                                      .sample_rate = 1,
                                      .told = told};
    azm_trace_decide(&inputs, random, out);
}

static void a_callers_trace_goes_on_or_does_not(void **state)
{
    (void)state;
    struct azm_random random;
    const uint64_t seed[4] = {1, 2, 3, 4};
    azm_random_init(&random, seed);
    for (size_t i = 0; i < AZM_COUNT(continuations); i++) {
        struct azm_trace_decision got, again;
        char trace[33] = "";
        decide(i, NULL, &random, &got);
        print_message("%s\n", continuations[i].what);
        azm_hex_encode(got.trace_id.bytes, 16, trace);
        assert_int_equal(strcmp(trace, T1) != 0, continuations[i].restarted);
        assert_int_equal(azm_span_id_is_none(got.parent_id), continuations[i].restarted);
        assert_int_equal(got.sampled, continuations[i].restarted); /* the caller's flag is 00, our rate 1 */
        assert_true(got.sample_rate == (continuations[i].restarted ? 1 : 0));
        assert_int_equal(azm_trace_id_is_none(got.link.trace_id), continuations[i].link == NULL);
        if (continuations[i].link)
            check_id(got.link.span_id.bytes, 8, continuations[i].link, "link");

        decide(i, &got, &random, &again); /* what was told is kept to */
        assert_memory_equal(&again.trace_id, &got.trace_id, sizeof got.trace_id);
        assert_memory_equal(&again.span_id, &got.span_id, sizeof got.span_id);
        assert_memory_equal(&again.parent_id, &got.parent_id, sizeof got.parent_id);
        assert_memory_equal(&again.link, &got.link, sizeof got.link);
    }
}

/* The worker was told of a trace before the caller's was known: nothing else may be said then. What leaves that as it
 * is may become better known. */
static void what_was_told_stays_so(void **state)
{
    (void)state;
    struct azm_random random;
    struct azm_trace_decision told = {.sampled = true, .sample_rate = 1}, got;
    const uint64_t seed[4] = {1, 2, 3, 4};
    azm_random_init(&random, seed);
    memset(told.trace_id.bytes, 7, sizeof told.trace_id.bytes);
    memset(told.span_id.bytes, 8, sizeof told.span_id.bytes);
    decide(0, &told, &random, &got);
    assert_memory_equal(&got, &told, sizeof told);

    assert_true(azm_hex_decode(AZM_S(T1), told.trace_id.bytes, 16));
    decide(0, &told, &random, &got);
    assert_memory_equal(&got, &told, sizeof told); /* the caller did not sample, but we said so */
    told.sampled = false;
    told.sample_rate = -1;
    decide(0, &told, &random, &got);
    check_id(got.parent_id.bytes, 8, CALLER, "parent");
    assert_memory_equal(&got.span_id, &told.span_id, sizeof told.span_id);
    assert_true(got.sample_rate == 0);
}

/* Each trace that begins here is decided anew. */
static void the_rate_is_kept(void **state)
{
    (void)state;
    struct azm_random random;
    const uint64_t seed[4] = {5, 6, 7, 8};
    struct azm_trace_inputs inputs = {.sample_rate = 0.25};
    unsigned sampled = 0;
    azm_random_init(&random, seed);
    for (unsigned i = 0; i < 4000; i++) {
        struct azm_trace_decision got;
        azm_trace_decide(&inputs, &random, &got);
        assert_true(got.sample_rate == (got.sampled ? 0.25 : 0));
        sampled += got.sampled;
    }
    assert_in_range(sampled, 870, 1130); /* 1,000 expected; 4.7 standard deviations */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_line_of_the_rule),
                                       cmocka_unit_test(a_callers_trace_goes_on_or_does_not),
                                       cmocka_unit_test(what_was_told_stays_so), cmocka_unit_test(the_rate_is_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
