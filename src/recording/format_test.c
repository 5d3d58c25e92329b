#include "recording/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD  "{\"recording\": 1, \"worker\": \"node\", \"phases\": [{\"invocations\": 3}, {\"invocations\": 4}]}\n"
#define OPEN  "{\"t\": 10, \"c\": 1, \"d\": \"open\"}\n"
#define CHUNK "{\"t\": 11, \"c\": 1, \"d\": \"w\", \"b\": \"AP8Q\"}\n"
#define CLOSE "{\"t\": 12, \"c\": 1, \"d\": \"close\", \"by\": \"h\"}\n"

static void reads_and_writes_the_same(void **state)
{
    static const char text[] = HEAD OPEN CHUNK CLOSE;
    struct azm_arena arena;
    struct azm_recording recording;
    struct azm_buf out;
    (void)state;
    azm_arena_init(&arena, 0);
    azm_buf_init(&out, 4096);
    assert_int_equal(azm_recording_parse(azm_slice_str(text), &arena, &recording, NULL), AZM_OK);
    assert_int_equal(recording.invocations, 7);
    assert_true(azm_slice_eq(recording.worker, AZM_S("node")));
    assert_null(recording.scenario.ptr);
    assert_int_equal(recording.connections, 1);
    assert_int_equal(recording.event_count, 3);
    assert_true(azm_slice_eq(recording.events[1].bytes, AZM_S("\0\xff\x10")));
    for (size_t i = 0; i < recording.event_count; i++)
        azm_recording_put_event(&out, &recording.events[i]);
    assert_true(azm_slice_eq(azm_buf_slice(&out), azm_slice_str(OPEN CHUNK CLOSE)));
    azm_buf_dispose(&out);
    azm_arena_dispose(&arena);
}

static void refused(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "empty"},
        {"\n", "line 1: expected a JSON object"},
        {"{}\n", "line 1: expected the first line of a recording"},
        {OPEN, "line 1: expected the first line of a recording"},
        {"[1]\n", "line 1: expected the first line of a recording"},
        {HEAD "{\"t\": 10", "line 2: expected a JSON object"},
        {HEAD "{\"c\": 1, \"d\": \"open\"}", "line 2: expected \"t\""},
        {HEAD "{\"t\": -1, \"c\": 1, \"d\": \"open\"}", "line 2: expected \"t\""},
        {HEAD "{\"t\": 1, \"c\": 0, \"d\": \"open\"}", "line 2: expected \"c\""},
        {HEAD "{\"t\": 1, \"c\": 1025, \"d\": \"open\"}", "line 2: expected \"c\""},
        {HEAD OPEN "{\"t\": 1, \"c\": 1, \"d\": \"x\"}", "line 3: expected \"d\""},
        {HEAD OPEN "{\"t\": 1, \"c\": 1, \"d\": \"close\"}", "line 3: expected \"d\""},
        {HEAD OPEN "{\"t\": 1, \"c\": 1, \"d\": \"w\"}", "line 3: expected \"b\""},
        {HEAD OPEN "{\"t\": 1, \"c\": 1, \"d\": \"w\", \"b\": \"\"}", "line 3: expected \"b\""},
        {HEAD OPEN "{\"t\": 1, \"c\": 1, \"d\": \"w\", \"b\": \"A\"}", "line 3: expected \"b\""},
        {HEAD OPEN OPEN, "line 3: this connection was opened before"},
        {HEAD CHUNK, "line 2: this connection was never opened"},
        {HEAD OPEN CLOSE CLOSE, "line 4: this side had closed before"},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        struct azm_arena arena;
        struct azm_recording recording;
        struct azm_error err;
        azm_arena_init(&arena, 0);
        assert_int_equal(azm_recording_parse(azm_slice_str(cases[i].text), &arena, &recording, &err), AZM_BAD_INPUT);
        if (!azm_slice_starts(azm_slice_str(err.text), azm_slice_str(cases[i].why)))
            fail_msg("%s: %s", cases[i].why, err.text);
        azm_arena_dispose(&arena);
    }
}

static void an_end_of_its_own_per_side(void **state)
{
    static const char text[] = HEAD OPEN CLOSE CHUNK "{\"t\": 12, \"c\": 1, \"d\": \"close\", \"by\": \"w\"}";
    struct azm_arena arena;
    struct azm_recording recording;
    (void)state;
    azm_arena_init(&arena, 0);
    assert_int_equal(azm_recording_parse(azm_slice_str(text), &arena, &recording, NULL), AZM_OK);
    assert_int_equal(recording.event_count, 4);
    azm_arena_dispose(&arena);
}

static void over_the_limits(void **state)
{
    struct azm_arena arena;
    struct azm_recording recording;
    struct azm_buf text;
    (void)state;
    azm_arena_init(&arena, 0);
    azm_buf_init(&text, (size_t)1 << 20);
    azm_buf_add_str(&text, HEAD OPEN "{\"t\": 1, \"c\": 1, \"d\": \"w\", \"b\": \"");
    for (size_t i = 0; i < AZM_RECORDING_CHUNK_MAX / 3 + 2; i++)
        azm_buf_add_str(&text, "AAAA");
    azm_buf_add_str(&text, "\"}\n");
    assert_int_equal(azm_recording_parse(azm_buf_slice(&text), &arena, &recording, NULL), AZM_TOO_BIG);
    azm_buf_clear(&text);
    while (text.len <= AZM_RECORDING_LINE_MAX)
        azm_buf_add_byte(&text, ' ');
    azm_buf_add_str(&text, HEAD);
    assert_int_equal(azm_recording_parse(azm_buf_slice(&text), &arena, &recording, NULL), AZM_TOO_BIG);
    azm_buf_dispose(&text);
    azm_arena_dispose(&arena);
}

static void heads(void **state)
{
    static const struct {
        azm_slice meta;
        enum azm_status status;
        const char *head;
    } cases[] = {
        {AZM_S(""), AZM_OK, "{\"recording\": 1}\n"},
        {AZM_S("{}"), AZM_OK, "{\"recording\": 1}\n"},
        {AZM_S("{\"worker\": \"\xc3\xa9\", \"n\": [1, 2]}"), AZM_OK,
         "{\"recording\": 1, \"worker\": \"\\u00E9\", \"n\": [1, 2]}\n"},
        {AZM_S("{\"recording\": 7}"), AZM_OK, "{\"recording\": 1}\n"},
        {AZM_S("[1]"), AZM_BAD_INPUT, ""},
        {AZM_S("{"), AZM_BAD_INPUT, ""},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        struct azm_buf out;
        azm_buf_init(&out, 4096);
        assert_int_equal(azm_recording_put_head(&out, cases[i].meta, NULL), cases[i].status);
        azm_buf_add_byte(&out, 0);
        assert_string_equal(out.ptr, cases[i].head);
        azm_buf_dispose(&out);
    }
}

static void files(void **state)
{
    struct azm_arena arena;
    struct azm_recording recording;
    struct azm_error err;
    (void)state;
    azm_arena_init(&arena, 0);
    assert_int_equal(azm_recording_load("no-such-file.jsonl", &arena, &recording, &err), AZM_NOT_FOUND);
    assert_non_null(strstr(err.text, "no-such-file.jsonl"));
    assert_int_equal(azm_recording_load("format_test.c", &arena, &recording, &err), AZM_BAD_INPUT);
    assert_true(azm_slice_starts(azm_slice_str(err.text), AZM_S("format_test.c: line 1: ")));
    azm_arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_the_same),
        cmocka_unit_test(refused),
        cmocka_unit_test(an_end_of_its_own_per_side),
        cmocka_unit_test(over_the_limits),
        cmocka_unit_test(heads),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
