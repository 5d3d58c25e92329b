/* AZIMUTH_TRACE_CONTEXT=rewrite over recorded conversations, with a relay in memory: wherever the bytes are cut, what
 * comes out is what went in but for the digits of traceparent values, all of one invocation name one span, and no value
 * is missed. */
#include "tap/rewrite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../tests/temp_dir_fixture.h"
#include "base/buf.h"
#include "recording/pair.h"
#include "tap/observe.h"

#define OURS  "11111111111111111111111111111111"
#define OTHER "22222222222222222222222222222222"
#define SPAN  "3333333333333333"

static struct azm_trace_decision decision(bool sampled)
{
    struct azm_trace_decision trace = {.sampled = sampled};
    memset(trace.trace_id.bytes, 0x11, sizeof trace.trace_id.bytes);
    memset(trace.span_id.bytes, 0x33, sizeof trace.span_id.bytes);
    return trace;
}

static const struct {
    const char *what, *value, *sampled, *unsampled; /* NULL: left as it is */
} rows[] = {
    {"the span and the flag", "00-" OURS "-4444444444444444-00", "00-" OURS "-" SPAN "-01", "00-" OURS "-" SPAN "-00"},
    {"another trace", "00-" OTHER "-4444444444444444-01", "00-" OURS "-" SPAN "-01", "00-" OURS "-" SPAN "-00"},
    {"flags that nobody knows are not passed on", "00-" OURS "-4444444444444444-03", "00-" OURS "-" SPAN "-01",
     "00-" OURS "-" SPAN "-00"},
    {"another version", "01-" OURS "-4444444444444444-01", NULL, NULL},
    {"upper case", "00-" OURS "-444444444444444A-01", NULL, NULL},
    {"no span", "00-" OURS "-0000000000000000-01", NULL, NULL},
    {"too long", "00-" OURS "-4444444444444444-01x", NULL, NULL},
    {"too short", "00-" OURS "-4444444444444444-0", NULL, NULL},
};

static void values_are_overwritten_wherever_they_are_cut(void **state)
{
    static struct azm_rewrite rewrite;
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        print_message("%s\n", rows[i].what);
        for (size_t cut = 2; cut < 2 * strlen(rows[i].value); cut++) {
            char text[64];
            const char *expected = cut % 2 ? rows[i].sampled : rows[i].unsampled;
            const struct azm_trace_decision trace = decision(cut % 2);
            size_t len = strlen(rows[i].value);
            strcpy(text, rows[i].value);
            rewrite.missed = 0;
            if (azm_rewrite_begin(&rewrite, len)) {
                azm_rewrite_piece(&rewrite, (azm_slice){text, cut / 2});
                assert_ptr_equal(azm_rewrite_held(&rewrite), text);
                azm_rewrite_piece(&rewrite, (azm_slice){text + cut / 2, len - cut / 2});
                azm_rewrite_end(&rewrite);
            }
            assert_null(azm_rewrite_held(&rewrite));
            azm_rewrite_write(&rewrite, &trace);
            assert_string_equal(text, expected ? expected : rows[i].value);
            assert_int_equal(rewrite.missed, expected ? 0 : 1);
        }
    }
}

static void what_was_held_too_long_is_left_alone(void **state)
{
    static struct azm_rewrite rewrite;
    char first[] = "00-" OTHER "-4444444444444444-01", second[sizeof first];
    const struct azm_trace_decision trace = decision(true);
    (void)state;
    strcpy(second, first);
    assert_true(azm_rewrite_begin(&rewrite, 55));
    azm_rewrite_piece(&rewrite, (azm_slice){first, 20});
    azm_rewrite_let_go(&rewrite);
    assert_null(azm_rewrite_held(&rewrite));
    azm_rewrite_piece(&rewrite, (azm_slice){first + 20, 35});
    azm_rewrite_end(&rewrite);
    assert_true(azm_rewrite_begin(&rewrite, 55));
    azm_rewrite_piece(&rewrite, (azm_slice){second, 55});
    azm_rewrite_end(&rewrite);
    azm_rewrite_write(&rewrite, &trace);
    assert_string_equal(first, "00-" OTHER "-4444444444444444-01");
    assert_string_equal(second, "00-" OURS "-" SPAN "-01");
    assert_int_equal(rewrite.missed, 1);
}

static void one_too_many_and_a_message_without_sense(void **state)
{
    static struct azm_rewrite rewrite;
    char text[] = "00-" OTHER "-4444444444444444-01";
    (void)state;
    for (unsigned i = 0; i < AZM_REWRITES_MAX; i++) {
        assert_true(azm_rewrite_begin(&rewrite, 55));
        azm_rewrite_piece(&rewrite, (azm_slice){text, 55});
        azm_rewrite_end(&rewrite);
    }
    assert_false(azm_rewrite_begin(&rewrite, 55));
    assert_int_equal(rewrite.missed, 1);
    azm_rewrite_drop(&rewrite);
    assert_int_equal(rewrite.missed, 1 + AZM_REWRITES_MAX);
    assert_true(azm_rewrite_begin(&rewrite, 55));
    azm_rewrite_piece(&rewrite, (azm_slice){text, 5});
    azm_rewrite_drop(&rewrite);
    assert_null(azm_rewrite_held(&rewrite));
    assert_string_equal(text, "00-" OTHER "-4444444444444444-01");
}

/* --- recordings --- */

#define CONNECTIONS 16u
#define VALUES      128u

static const char *strategy;

static azm_slice get(const void *self, const char *name)
{
    (void)self;
    if (strcmp(name, "AZIMUTH_TRACE_CONTEXT") == 0)
        return AZM_S("rewrite");
    if (strcmp(name, "ELASTIC_APM_TRACE_CONTINUATION_STRATEGY") == 0)
        return azm_slice_str(strategy);
    if (strcmp(name, "AZIMUTH_RUN_DIR") == 0)
        return azm_slice_str(dir.path);
    return strcmp(name, "ELASTIC_APM_SERVER_URL") == 0 ? AZM_S("http://127.0.0.1:9") : (azm_slice){NULL, 0};
}

/* One connection: what the host sent, and what the worker gets. */
static struct wire {
    struct azm_observed *observed;
    struct azm_buf in, out;
    size_t start, held;
    char kept[2 * AZM_RECORDING_CHUNK_MAX];
} wires[CONNECTIONS];

/* As the relay does it. */
static void host_sends(struct wire *wire, azm_slice bytes)
{
    azm_buf_add(&wire->in, bytes);
    if (!wire->held && !azm_observed_armed(wire->observed, AZM_FROM_HOST)) {
        azm_buf_add(&wire->out, bytes);
        azm_observed_bytes(wire->observed, AZM_FROM_HOST, bytes, 1);
        return;
    }
    wire->start = wire->held ? wire->start : 0;
    char *to = wire->kept + wire->start + wire->held;
    assert_true(wire->start + wire->held + bytes.len <= sizeof wire->kept);
    memcpy(to, bytes.ptr, bytes.len);
    size_t all = wire->held + bytes.len;
    wire->held = azm_observed_first(wire->observed, AZM_FROM_HOST, to, bytes.len, 1);
    assert_true(wire->held <= all);
    azm_buf_add(&wire->out, (azm_slice){wire->kept + wire->start, all - wire->held});
    wire->start += all - wire->held;
}

static void chunk(const struct azm_recording_event *event, size_t piece)
{
    struct wire *wire = &wires[event->connection];
    for (azm_slice rest = event->bytes, part; rest.len; rest = azm_slice_drop(rest, part.len)) {
        part = azm_slice_take(rest, piece);
        if (event->side == AZM_RECORDING_HOST)
            host_sends(wire, part);
        else
            azm_observed_bytes(wire->observed, AZM_FROM_WORKER, part, 1);
        if (piece > 1)
            piece = SIZE_MAX; /* the rest */
    }
}

/* Event number `which` is cut at `cut`; SIZE_MAX: all of them, into pieces of that size. */
static void play(const struct azm_recording *recording, size_t which, size_t cut)
{
    static const struct azm_env env = {get, NULL};
    const struct azm_observer_options options = {.env = &env, .program = "/nonexistent/tap", .close_wait_ms = 60000};
    struct azm_observer *observer = azm_observer_open(&options);
    assert_non_null(observer);
    assert_true(recording->connections < CONNECTIONS);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        azm_buf_clear(&wires[i].in);
        azm_buf_clear(&wires[i].out);
        wires[i].observed = NULL;
        wires[i].held = 0;
    }
    for (size_t i = 0; i < recording->event_count; i++) {
        const struct azm_recording_event *event = &recording->events[i];
        bool http = recording->first_http && event->connection >= recording->first_http;
        if (event->kind == AZM_RECORDING_OPEN)
            wires[event->connection].observed =
                azm_observer_connection(observer, http ? AZM_WIRE_HTTP : AZM_WIRE_GRPC, 1);
        else if (event->kind == AZM_RECORDING_CHUNK)
            chunk(event, which == SIZE_MAX || which == i ? cut : SIZE_MAX);
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(wires[i].held, 0);
        azm_observed_close(wires[i].observed, 2);
    }
    azm_observer_close(observer);
}

/* Values that are the worker's trace context: a protobuf field of 55 bytes, or a header field of HTTP/1.1. Not those
 * inside JSON, which are data. */
static struct value {
    unsigned wire;
    size_t at;
} values[VALUES];
static size_t value_count;

static bool is_value(azm_slice bytes, size_t at)
{
    static const char field[] = "traceparent: ";
    if (at < 13 || !azm_rewrite_is_traceparent(azm_slice_take(azm_slice_drop(bytes, at), AZM_TRACEPARENT_LEN)))
        return false;
    const char *text = bytes.ptr + at;
    return (text[-1] == 55 && (text[-2] == '\n' || text[-2] == '\x12')) || memcmp(text - 13, field, 13) == 0;
}

static void find_values(void)
{
    value_count = 0;
    for (unsigned w = 0; w < CONNECTIONS; w++)
        for (size_t at = 0; at + AZM_TRACEPARENT_LEN <= wires[w].in.len; at++)
            if (is_value(azm_buf_slice(&wires[w].in), at)) {
                assert_true(value_count < VALUES);
                values[value_count++] = (struct value){w, at};
            }
}

static const char *sent(const struct value *value)
{
    return wires[value->wire].in.ptr + value->at;
}

static const char *got(const struct value *value)
{
    return wires[value->wire].out.ptr + value->at;
}

/* Everything but the values is as it was, and of those span and flag are new, and the trace where it begins anew. */
static void check(const char *what, bool restarted)
{
    for (size_t i = 0; i < value_count; i++) {
        const struct value *value = &values[i];
        bool same_trace = memcmp(got(value), sent(value), 36) == 0;
        if (!azm_rewrite_is_traceparent((azm_slice){got(value), AZM_TRACEPARENT_LEN}) ||
            memcmp(got(value) + 36, sent(value) + 36, 16) == 0 || memcmp(got(value) + 53, "01", 2) != 0)
            fail_msg("%s: value %zu at %u %zu was %.55s and is %.55s", what, i, value->wire, value->at, sent(value),
                     got(value));
        for (size_t k = 0; k < i; k++) /* the trace ids of the invocations differ */
            if (memcmp(sent(value), sent(&values[k]), 36) == 0 && memcmp(got(value), got(&values[k]), 55) != 0)
                fail_msg("%s: %.55s became %.55s and %.55s", what, sent(value), got(&values[k]), got(value));
        if (!restarted)
            assert_true(same_trace);
    }
    for (size_t i = 0; i < value_count; i++)
        memcpy(wires[values[i].wire].out.ptr + values[i].at, sent(&values[i]), AZM_TRACEPARENT_LEN);
    for (unsigned w = 0; w < CONNECTIONS; w++) {
        assert_int_equal(wires[w].out.len, wires[w].in.len);
        if (wires[w].in.len)
            assert_memory_equal(wires[w].out.ptr, wires[w].in.ptr, wires[w].in.len);
    }
}

static void load(const char *name, struct azm_arena *arena, struct azm_recording *out)
{
    struct azm_recording one, other;
    char path[128];
    snprintf(path, sizeof path, "../../tests/recordings/%s.jsonl", name);
    assert_int_equal(azm_recording_load(path, arena, &one, NULL), AZM_OK);
    *out = one;
    if (!one.pair.len)
        return;
    snprintf(path, sizeof path, "../../tests/recordings/%.*s", AZM_FMT(one.pair));
    assert_int_equal(azm_recording_load(path, arena, &other, NULL), AZM_OK);
    assert_int_equal(azm_recording_join(&one, &other, arena, out, NULL), AZM_OK);
}

/* Cuts every chunk of the host's at each place of a value, and just before and behind it. Returns how many there were.
 */
static size_t play_cuts(const struct azm_recording *recording, const char *name, size_t step)
{
    size_t begin[CONNECTIONS] = {0}, cuts = 0;
    for (size_t i = 0; i < recording->event_count; i++) {
        const struct azm_recording_event *event = &recording->events[i];
        if (event->kind != AZM_RECORDING_CHUNK || event->side != AZM_RECORDING_HOST)
            continue;
        for (size_t cut = 2; cut < event->bytes.len; cut += step) {
            size_t at = begin[event->connection] + cut;
            bool near = false;
            for (size_t k = 0; k < value_count; k += 1 + value_count / 8) /* these are enough */
                near |= values[k].wire == event->connection && at + 3 >= values[k].at && at <= values[k].at + 58;
            if (!near)
                continue;
            play(recording, i, cut);
            check(name, false);
            cuts++;
        }
        begin[event->connection] += event->bytes.len;
    }
    return cuts;
}

static const struct {
    const char *name;
    size_t values; /* by the recordings' README: one of each invocation, and the header fields of callers */
} recordings[] = {
    {"node-flags01", 24}, {"python-http", 58}, {"dotnet-http", 36}, {"node-batch", 12}, {"dotnet-aspnetcore-grpc", 48},
};

static void recorded_conversations(void **state)
{
    const char *every = getenv("AZM_CUT_EVERY"); /* sanitizer builds are slow: the presets' tests cut at fewer places */
    size_t step = every ? strtoul(every, NULL, 10) : 1;
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(recordings); i++) {
        struct azm_arena arena;
        struct azm_recording recording;
        azm_arena_init(&arena, 0);
        load(recordings[i].name, &arena, &recording);
        strategy = "continue";
        play(&recording, SIZE_MAX, SIZE_MAX);
        find_values();
        print_message("%s: %zu values\n", recordings[i].name, value_count);
        assert_int_equal(value_count, recordings[i].values);
        check(recordings[i].name, false);
        play(&recording, SIZE_MAX, 1);
        check(recordings[i].name, false);
        print_message("%s: %zu cuts\n", recordings[i].name, play_cuts(&recording, recordings[i].name, step));
        strategy = "restart";
        play(&recording, SIZE_MAX, 1);
        check(recordings[i].name, true);
        azm_arena_dispose(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_overwritten_wherever_they_are_cut),
        cmocka_unit_test(what_was_held_too_long_is_left_alone),
        cmocka_unit_test(one_too_many_and_a_message_without_sense),
        cmocka_unit_test(recorded_conversations),
    };
    for (size_t i = 0; i < CONNECTIONS; i++) {
        azm_buf_init(&wires[i].in, 8 << 20);
        azm_buf_init(&wires[i].out, 8 << 20);
    }
    int failed = cmocka_run_group_tests(tests, make_dir, remove_dir);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        azm_buf_dispose(&wires[i].in);
        azm_buf_dispose(&wires[i].out);
    }
    return failed;
}
