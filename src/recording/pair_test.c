#include "recording/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BYTES(t, c, side_, text)                                                                                       \
    {                                                                                                                  \
        .t_us = t, .connection = c, .kind = AZM_RECORDING_CHUNK, .side = AZM_RECORDING_##side_, .bytes = AZM_S(text)   \
    }

static void both_legs_in_the_order_of_their_times(void **state)
{
    const struct azm_recording_event g[] = {
        {.t_us = 1, .connection = 1, .kind = AZM_RECORDING_OPEN}, BYTES(5, 1, WORKER, "a"), BYTES(9, 1, HOST, "b")};
    const struct azm_recording_event h[] = {{.t_us = 2, .connection = 1, .kind = AZM_RECORDING_OPEN},
                                            BYTES(5, 1, WORKER, "GET"),
                                            BYTES(10, 1, HOST, "200")};
    const struct azm_recording grpc = {.events = g, .event_count = 3, .connections = 1, .invocations = 7};
    const struct azm_recording http = {.events = h, .event_count = 3, .connections = 1};
    const struct {
        uint32_t connection;
        enum azm_recording_kind kind;
        enum azm_recording_side side;
        const char *bytes;
    } expected[] = {
        {1, AZM_RECORDING_OPEN, AZM_RECORDING_WORKER, ""},   {2, AZM_RECORDING_OPEN, AZM_RECORDING_WORKER, ""},
        {1, AZM_RECORDING_CHUNK, AZM_RECORDING_WORKER, "a"}, {2, AZM_RECORDING_CHUNK, AZM_RECORDING_HOST, "GET"},
        {1, AZM_RECORDING_CHUNK, AZM_RECORDING_HOST, "b"},   {2, AZM_RECORDING_CHUNK, AZM_RECORDING_WORKER, "200"},
    };
    struct azm_arena arena;
    struct azm_recording both;
    (void)state;
    azm_arena_init(&arena, 0);
    assert_int_equal(azm_recording_join(&grpc, &http, &arena, &both, NULL), AZM_OK);
    assert_int_equal(both.event_count, AZM_COUNT(expected));
    assert_int_equal(both.connections, 2);
    assert_int_equal(both.first_http, 2);
    assert_int_equal(both.invocations, 7);
    for (size_t i = 0; i < AZM_COUNT(expected); i++) {
        assert_int_equal(both.events[i].connection, expected[i].connection);
        assert_int_equal(both.events[i].kind, expected[i].kind);
        assert_int_equal(both.events[i].side, expected[i].side);
        assert_true(azm_slice_eq(both.events[i].bytes, azm_slice_str(expected[i].bytes)));
    }
    azm_arena_dispose(&arena);
}

static void too_many_connections(void **state)
{
    const struct azm_recording many = {.connections = AZM_RECORDING_CONNECTIONS}, one = {.connections = 1};
    struct azm_error err;
    struct azm_arena arena;
    struct azm_recording both;
    (void)state;
    azm_arena_init(&arena, 0);
    assert_int_equal(azm_recording_join(&many, &one, &arena, &both, &err), AZM_TOO_BIG);
    azm_arena_dispose(&arena);
}

static const struct {
    const char *what;
    azm_slice bytes;
    uint64_t port_at; /* 0: not found */
    const char *port;
} rows[] = {
    {"with a slash", AZM_S("xx\x07HttpUri\x12\x17http://localhost:40719/yy"), 3 + 12 + 17, "40719"},
    {"without", AZM_S("\x07HttpUri\x12\x15http://127.0.0.1:8080"), 3 + 10 + 17, "8080"},
    {"the key alone", AZM_S("\x07HttpUri"), 0, NULL},
    {"cut off", AZM_S("\x07HttpUri\x12\x17http://localhost:40"), 0, NULL},
    {"no port", AZM_S("\x07HttpUri\x12\x11http://localhost/"), 0, NULL},
    {"another scheme", AZM_S("\x07HttpUri\x12\x0eunix:/tmp/a:80"), 0, NULL},
};

static void the_port_is_found_where_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        const struct azm_recording_event events[] = {
            {.connection = 1, .kind = AZM_RECORDING_OPEN},
            BYTES(1, 1, WORKER, "123"), /* stands before it */
            BYTES(1, 2, WORKER, "another connection"),
            BYTES(1, 1, HOST, "the other side"),
            {.connection = 1, .kind = AZM_RECORDING_CHUNK, .side = AZM_RECORDING_WORKER, .bytes = rows[i].bytes},
        };
        const struct azm_recording recording = {.events = events, .event_count = AZM_COUNT(events), .connections = 2};
        struct azm_recorded_uri uri = {0};
        print_message("%s\n", rows[i].what);
        assert_int_equal(azm_recording_find_uri(&recording, &uri), rows[i].port != NULL);
        if (!rows[i].port)
            continue;
        assert_int_equal(uri.connection, 1);
        assert_int_equal(uri.port_at, rows[i].port_at);
        assert_int_equal(uri.digits, strlen(rows[i].port));
        assert_memory_equal(uri.port, rows[i].port, uri.digits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_legs_in_the_order_of_their_times),
        cmocka_unit_test(too_many_connections),
        cmocka_unit_test(the_port_is_found_where_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
