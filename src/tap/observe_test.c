/* The recorded conversations in memory, with every single cut: what the observer tells its session must never depend on
 * how the bytes came. The session here is a stand-in that writes everything down as one hash. */
#include "tap/observe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "recording/format.h"
#include "tap/handler_leg.h"
#include "tap/proxied.h"
#include "tap/session.h"

#define WHOLE_MAX 100000u /* recordings above this many bytes are cut at fewer places */

static struct {
    uint64_t hash;
    unsigned messages, functions, requests, responses, streams, blind, malformed;
    char uri[128]; /* that is being told */
    size_t uri_len;
} told;

static void tell(azm_slice text)
{
    told.hash = azm_hash(text, told.hash + (text.ptr != NULL));
}

static void on_message(void *self, const struct azm_rpc_message *message, int64_t now_us)
{
    (void)self;
    (void)now_us;
    uint64_t numbers[] = {(uint64_t)message->kind, (uint64_t)message->status, message->retry_count, message->has_http};
    told.messages++;
    told.requests += message->kind == AZM_RPC_INVOCATION_REQUEST;
    told.responses += message->kind == AZM_RPC_INVOCATION_RESPONSE;
    tell(azm_slice_of(numbers, sizeof numbers));
    for (size_t i = 0; i < AZM_RPC_FIELDS; i++)
        tell(message->fields[i]);
    for (size_t i = 0; i < message->headers.count; i++) {
        tell(message->headers.items[i].key);
        tell(message->headers.items[i].value);
    }
}

static void on_function(void *self, const struct azm_rpc_function *function)
{
    (void)self;
    told.functions++;
    tell(function->id);
    tell(function->name);
    tell(function->directory);
    tell(function->trigger_type);
    tell(function->raw_trigger);
}

static void on_variable(void *self, azm_slice name, azm_slice value)
{
    (void)self;
    tell(name);
    tell(value);
}

static const struct azm_trigger *trigger_of(void *self, azm_slice function_id)
{
    (void)self;
    (void)function_id;
    return NULL;
}

static bool trace_of(void *self, const struct azm_rpc_message *request, struct azm_trace_decision *out)
{
    (void)self;
    (void)request;
    (void)out;
    return false;
}

static void on_http_uri(void *self, azm_slice piece)
{
    (void)self;
    for (size_t i = 0; i < piece.len && told.uri_len < sizeof told.uri; i++)
        told.uri[told.uri_len++] = piece.ptr[i];
}

static void on_http_uri_end(void *self)
{
    (void)self;
    tell((azm_slice){told.uri, told.uri_len});
    told.uri_len = 0;
}

const struct azm_rpc_listener azm_session_from_host = {on_message,  on_function,     on_variable, trigger_of, trace_of,
                                                       on_http_uri, on_http_uri_end, NULL,        NULL,       NULL};
const struct azm_rpc_listener azm_session_from_worker = {
    on_message, on_function, on_variable, trigger_of, trace_of, on_http_uri, on_http_uri_end, NULL, NULL, NULL};

static char session_place;

void azm_session_forward(struct azm_session *session, const struct azm_forward *forward)
{
    (void)session;
    (void)forward;
}

bool azm_session_armed(const struct azm_session *session)
{
    (void)session;
    return false;
}

bool azm_session_rewrites(const struct azm_session *session)
{
    (void)session;
    return false;
}

void azm_session_missed_rewrites(struct azm_session *session, uint64_t count)
{
    (void)session;
    (void)count;
}

void azm_session_patch(struct azm_session *session, struct azm_patch *patch)
{
    (void)session;
    (void)patch;
}

void azm_session_handler(struct azm_session *session)
{
    (void)session;
}

static bool on_request(void *self, azm_slice id, const struct azm_http_head *head, int64_t now_us)
{
    (void)self;
    (void)id;
    (void)head;
    (void)now_us;
    return false;
}

static void *open_leg(struct azm_session *session)
{
    return session;
}

static void close_leg(void *self)
{
    (void)self;
}

const struct azm_leg_listener azm_proxied_listener = {.open = open_leg, .close = close_leg, .request = on_request};
const struct azm_leg_listener azm_handler_listener = {.open = open_leg, .close = close_leg, .request = on_request};

struct azm_session *azm_session_open(const struct azm_env *env, const char *program)
{
    (void)env;
    (void)program;
    return (struct azm_session *)(void *)&session_place;
}

void azm_session_close(struct azm_session *session, int64_t now_us, unsigned wait_ms)
{
    (void)wait_ms;
    (void)session;
    (void)now_us;
}

void azm_session_stream_opened(struct azm_session *session)
{
    (void)session;
    told.streams++;
}

void azm_session_stream_closed(struct azm_session *session, int64_t now_us)
{
    (void)session;
    (void)now_us;
    tell(AZM_S("stream closed"));
}

void azm_session_worker_exit(struct azm_session *session, const struct azm_worker_end *end, int64_t now_us)
{
    (void)session;
    (void)end;
    (void)now_us;
}

void azm_session_worker(struct azm_session *session, uint32_t pid)
{
    (void)session;
    (void)pid;
}

void azm_session_blind(struct azm_session *session, enum azm_side of, const char *why, int64_t now_us)
{
    (void)session;
    (void)of;
    (void)why;
    (void)now_us;
    told.blind++;
}

void azm_session_malformed(struct azm_session *session, bool from_worker)
{
    (void)session;
    (void)from_worker;
    told.malformed++;
}

void azm_session_note(struct azm_session *session, azm_slice line)
{
    (void)session;
    (void)line;
}

void azm_session_tick(struct azm_session *session, int64_t now_us)
{
    (void)session;
    (void)now_us;
}

/* --- playing a recording --- */

static void bytes(struct azm_observed *connection, const struct azm_recording_event *event, size_t cut)
{
    enum azm_side side = event->side == AZM_RECORDING_WORKER ? AZM_FROM_WORKER : AZM_FROM_HOST;
    azm_slice rest = event->bytes;
    if (cut == SIZE_MAX) { /* byte by byte */
        for (; rest.len; rest = azm_slice_drop(rest, 1))
            azm_observed_bytes(connection, side, azm_slice_take(rest, 1), 1);
        return;
    }
    if (cut)
        azm_observed_bytes(connection, side, azm_slice_take(rest, cut), 1);
    azm_observed_bytes(connection, side, azm_slice_drop(rest, cut), 1);
}

/* Event number `which` is cut at `cut`; which SIZE_MAX: all of them. */
static void play(const struct azm_recording *recording, size_t which, size_t cut)
{
    struct azm_observer_options options = {.env = &azm_env_process, .program = "azimuth-tap"};
    struct azm_observer *observer = azm_observer_open(&options);
    struct azm_observed *connections[8] = {0};
    memset(&told, 0, sizeof told);
    assert_true(recording->connections < AZM_COUNT(connections));
    for (size_t i = 0; i < recording->event_count; i++) {
        const struct azm_recording_event *event = &recording->events[i];
        struct azm_observed **connection = &connections[event->connection];
        if (event->kind == AZM_RECORDING_OPEN)
            *connection = azm_observer_connection(observer, AZM_WIRE_GRPC, 1);
        else if (event->kind == AZM_RECORDING_CHUNK)
            bytes(*connection, event, which == i || which == SIZE_MAX ? cut : 0);
        else
            azm_observed_end(*connection, event->side == AZM_RECORDING_WORKER ? AZM_FROM_WORKER : AZM_FROM_HOST, 1);
    }
    azm_observer_close(observer);
}

static const char *const names[] = {
    "python-http",  "python-timer-queue", "python-specialize", "node-fails",         "node-big",
    "node-flags01", "node-batch",         "dotnet-http",       "dotnet-queue-timer", "dotnet-aspnetcore-grpc",
};

static void load(const char *name, struct azm_arena *arena, struct azm_recording *recording)
{
    char path[256];
    struct azm_error err = {0};
    snprintf(path, sizeof path, "../../tests/recordings/%s.jsonl", name);
    if (azm_recording_load(path, arena, recording, &err) != AZM_OK)
        fail_msg("%s", err.text);
}

static size_t size_of(const struct azm_recording *recording)
{
    size_t size = 0;
    for (size_t i = 0; i < recording->event_count; i++)
        size += recording->events[i].bytes.len;
    return size;
}

static void every_invocation_is_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(names); i++) {
        struct azm_arena arena;
        struct azm_recording recording;
        azm_arena_init(&arena, 0);
        load(names[i], &arena, &recording);
        play(&recording, 0, 0);
        print_message("%s: %u messages, %u functions\n", names[i], told.messages, told.functions);
        assert_int_equal(told.requests, recording.invocations);
        assert_int_equal(told.responses, recording.invocations);
        assert_int_equal(told.streams, 1);
        assert_int_equal(told.blind + told.malformed, 0);
        assert_true(told.functions > 0);
        azm_arena_dispose(&arena);
    }
}

static void no_cut_changes_what_is_told(void **state)
{
    (void)state;
    const char *every = getenv("AZM_CUT_EVERY"); /* sanitizer builds are slow: the presets' tests cut at fewer places */
    for (size_t i = 0; i < AZM_COUNT(names); i++) {
        struct azm_arena arena;
        struct azm_recording recording;
        azm_arena_init(&arena, 0);
        load(names[i], &arena, &recording);
        play(&recording, 0, 0);
        uint64_t hash = told.hash;
        play(&recording, SIZE_MAX, SIZE_MAX);
        assert_int_equal(told.hash, hash);
        size_t size = size_of(&recording), cuts = 0;
        size_t step = every ? strtoul(every, NULL, 10) : size > WHOLE_MAX ? size / 64 : 1;
        for (size_t n = 0, at = step - 1; n < recording.event_count; n++) {
            for (; at < recording.events[n].bytes.len; at += step, cuts++) {
                play(&recording, n, at);
                if (told.hash != hash)
                    fail_msg("%s: event %zu cut at %zu tells something else", names[i], n, at);
            }
            at -= recording.events[n].bytes.len;
        }
        print_message("%s: %zu bytes, %zu cuts\n", names[i], size, cuts);
        azm_arena_dispose(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_invocation_is_seen),
        cmocka_unit_test(no_cut_changes_what_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
