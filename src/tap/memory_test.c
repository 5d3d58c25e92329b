/* Memory runs out at every place where the observer asks for some: it may see less, but it goes on, and nothing breaks.
 * A recorded conversation with both of its legs is played again and again; each time another allocation fails, alone or
 * with all that follow. jansson's fail as well, nghttp2's do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "os/file.h"
#include "recording/pair.h"
#include "tap/observe.h"
#include "tap/patch.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static atomic_long asked;            /* since the observer was opened */
static long fail_from = -1, fail_to; /* these fail, counted from 0 */
static atomic_bool counting;

static bool fails(void)
{
    if (!counting)
        return false;
    long n = atomic_fetch_add(&asked, 1);
    return fail_from >= 0 && n >= fail_from && n < fail_to;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

static char run_dir[] = "/tmp/azimuth-memory-test-XXXXXX";

static azm_slice get(const void *self, const char *name)
{
    (void)self;
    if (strcmp(name, "AZIMUTH_RUN_DIR") == 0)
        return azm_slice_str(run_dir);
    if (strcmp(name, "AZIMUTH_TRACE_CONTEXT") == 0)
        return AZM_S("rewrite");
    return strcmp(name, "ELASTIC_APM_SERVER_URL") == 0 ? AZM_S("http://127.0.0.1:9") : (azm_slice){NULL, 0};
}

static bool remove_file(void *self, azm_slice name)
{
    char path[sizeof run_dir + 256];
    (void)self;
    snprintf(path, sizeof path, "%s/%.*s", run_dir, AZM_FMT(name));
    (void)!azm_file_remove(path, NULL);
    return true;
}

static uint16_t open_forward(void *self, const struct azm_http_uri *uri)
{
    (void)self;
    (void)uri;
    return 12345;
}

static void show(struct azm_observed *connection, const struct azm_recording_event *event, int64_t now_us)
{
    static char bytes[AZM_RECORDING_CHUNK_MAX];
    enum azm_side side = event->side == AZM_RECORDING_WORKER ? AZM_FROM_WORKER : AZM_FROM_HOST;
    if (event->kind == AZM_RECORDING_CLOSE) {
        azm_observed_end(connection, side, now_us);
    } else if (azm_observed_armed(connection, side)) {
        memcpy(bytes, event->bytes.ptr, event->bytes.len);
        assert_true(azm_observed_first(connection, side, bytes, event->bytes.len, now_us) <= event->bytes.len);
    } else {
        azm_observed_bytes(connection, side, event->bytes, now_us);
    }
}

/* How many allocations were asked for. */
static long play(const struct azm_recording *recording)
{
    static const struct azm_env env = {get, NULL};
    const struct azm_observer_options options = {
        .env = &env, .program = "/nonexistent/azimuth-tap", .forward = {open_forward, NULL}, .close_wait_ms = 60000};
    struct azm_observed *connections[16] = {NULL};
    asked = 0;
    counting = true;
    struct azm_observer *observer = azm_observer_open(&options);
    for (size_t i = 0; i < recording->event_count; i++) {
        const struct azm_recording_event *event = &recording->events[i];
        struct azm_observed **connection = &connections[event->connection];
        bool http = recording->first_http && event->connection >= recording->first_http;
        if (event->kind == AZM_RECORDING_OPEN)
            *connection = azm_observer_connection(observer, http ? AZM_WIRE_HTTP : AZM_WIRE_GRPC, event->t_us);
        else
            show(*connection, event, event->t_us);
        if (i % 16 == 0)
            azm_observer_tick(observer, event->t_us);
    }
    for (size_t i = 0; i < AZM_COUNT(connections); i++)
        azm_observed_close(connections[i], 1 << 30);
    azm_observer_close(observer);
    counting = false;
    (void)!azm_dir_list(run_dir, remove_file, NULL, NULL);
    return asked;
}

static void load(struct azm_arena *arena, struct azm_recording *out)
{
    struct azm_recording grpc, http;
    const char *folder = "../../tests/recordings";
    assert_int_equal(
        azm_recording_load(azm_arena_printf(arena, "%s/dotnet-aspnetcore-grpc.jsonl", folder), arena, &grpc, NULL),
        AZM_OK);
    assert_int_equal(
        azm_recording_load(azm_arena_printf(arena, "%s/dotnet-aspnetcore-http.jsonl", folder), arena, &http, NULL),
        AZM_OK);
    assert_int_equal(azm_recording_join(&grpc, &http, arena, out, NULL), AZM_OK);
}

static void any_allocation_may_fail(void **state)
{
    struct azm_arena arena;
    struct azm_recording recording;
    (void)state;
    assert_non_null(mkdtemp(run_dir));
    json_set_alloc_funcs(__wrap_malloc, free);
    azm_arena_init(&arena, 0);
    load(&arena, &recording);
    long count = play(&recording);
    print_message("%ld allocations\n", count);
    assert_true(count > 100);
    for (long n = 0; n < count; n++) {
        fail_from = n;
        fail_to = n + 1;
        (void)play(&recording);
        fail_to = 1L << 40;
        (void)play(&recording);
    }
    fail_from = -1;
    assert_true(play(&recording) > 100); /* and afterwards all is well */
    azm_arena_dispose(&arena);
    (void)!azm_dir_remove(run_dir, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
