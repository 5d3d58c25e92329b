#include "agent/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "os/file.h"
#include "os/private_dir.h"
#include "ring/record.h"

#define LIMIT 65536u
#define BLOCK 4096u

struct scene {
    char dir[64];
    struct azm_spool *spool;
    struct azm_spool_line *line;
    uint64_t lost[AZM_LOSS_COUNT];
    char lost_rings[256];
    struct azm_buf source;
};

static const struct azm_destination shop = {.kind = AZM_DESTINATION_ELASTIC,
                                            .url = {"http://shop.example", 19},
                                            .api_key = {"secret", 6},
                                            .verify_server_cert = true};

static void lost(void *self, const char *ring, uint64_t events, enum azm_loss loss)
{
    struct scene *scene = self;
    scene->lost[loss] += events;
    strncat(scene->lost_rings, ring, sizeof scene->lost_rings - strlen(scene->lost_rings) - 1);
}

static void reopen(struct scene *scene, uint64_t limit)
{
    struct azm_error err = {AZM_OK, ""};
    azm_spool_close(scene->spool);
    scene->spool = azm_spool_open(scene->dir, limit, lost, scene, &err);
    if (!scene->spool)
        fail_msg("%s", err.text);
    scene->line = azm_spool_line(scene->spool, "elastic", &shop);
}

static void begin(struct scene *scene)
{
    const struct azm_source source = {.service_name = AZM_S("shop"), .destination = shop};
    *scene = (struct scene){.dir = "/tmp/azm-spool-XXXXXX"};
    assert_non_null(mkdtemp(scene->dir));
    azm_buf_init(&scene->source, 4096);
    azm_record_put_source(&scene->source, &source);
    reopen(scene, LIMIT);
}

static void path_of(const struct scene *scene, const char *name, char path[200])
{
    snprintf(path, 200, "%s/spool/%s", scene->dir, name);
}

static bool remove_one(void *dir, azm_slice name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%.*s", (const char *)dir, AZM_FMT(name));
    azm_file_remove(path, NULL);
    return true;
}

static void end(struct scene *scene)
{
    char path[200];
    azm_spool_close(scene->spool);
    azm_buf_dispose(&scene->source);
    path_of(scene, "", path);
    assert_int_equal(azm_dir_list(path, remove_one, path, NULL), AZM_OK);
    assert_int_equal(azm_dir_remove(path, NULL), AZM_OK);
    assert_int_equal(azm_dir_remove(scene->dir, NULL), AZM_OK);
}

/* body: what compresses to next to nothing, or, of a size, to nothing less. */
static enum azm_status put_body(struct scene *scene, const char *ring, azm_slice body, uint64_t events)
{
    const struct azm_spool_item item = {.ring = azm_slice_str(ring),
                                        .user_agent = AZM_S("agent"),
                                        .source = azm_buf_slice(&scene->source),
                                        .body = body,
                                        .events = events};
    return azm_spool_put(scene->line, &item, NULL, NULL);
}

static void put(struct scene *scene, const char *ring, uint64_t events)
{
    assert_int_equal(put_body(scene, ring, azm_slice_str(ring), events), AZM_OK);
}

/* The next one must be of this ring; NULL: there must be none. */
static struct azm_spool_batch *take(struct scene *scene, int64_t now_us, const char *ring)
{
    struct azm_spool_letter letter;
    int64_t next_us = INT64_MAX;
    bool any = azm_spool_take(scene->line, now_us, &next_us, &letter);
    assert_int_equal(any, ring != NULL);
    if (!any)
        return NULL;
    assert_string_equal(letter.ring, ring);
    assert_string_equal(letter.user_agent, "agent");
    assert_true(azm_slice_eq(azm_buf_slice(&letter.body), azm_slice_str(ring)));
    assert_true(azm_slice_eq(letter.source, azm_buf_slice(&scene->source)));
    azm_buf_dispose(&letter.file);
    azm_buf_dispose(&letter.body);
    return letter.batch;
}

static void assert_waiting(struct scene *scene, uint64_t batches, uint64_t events)
{
    struct azm_spool_state state = azm_spool_state(scene->spool);
    assert_int_equal(state.batches, batches);
    assert_int_equal(state.events, events);
    assert_int_equal(state.bytes, batches * BLOCK);
    assert_int_equal(azm_spool_waiting(scene->line).events, events);
}

static void what_is_put_is_taken(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene);
    put(&scene, "ring-1-1", 3);
    put(&scene, "ring-2-1", 4);
    assert_waiting(&scene, 2, 7);
    assert_int_equal(azm_spool_events_of(scene.spool, "ring-2-1"), 4);
    assert_true(azm_spool_has_backlog(scene.line));
    struct azm_spool_batch *first = take(&scene, 0, "ring-1-1");
    struct azm_spool_batch *second = take(&scene, 0, "ring-2-1");
    take(&scene, 0, NULL);
    assert_false(azm_spool_has_backlog(scene.line));
    assert_waiting(&scene, 2, 7); /* they are not answered yet */
    azm_spool_done(scene.line, second);
    azm_spool_done(scene.line, first);
    assert_waiting(&scene, 0, 0);
    reopen(&scene, LIMIT);
    assert_waiting(&scene, 0, 0);
    end(&scene);
}

static void count_line(void *self, const char *format, const struct azm_destination *destination)
{
    assert_string_equal(format, "elastic");
    assert_true(azm_slice_eq(destination->url, shop.url));
    assert_true(azm_slice_eq(destination->api_key, shop.api_key));
    assert_true(destination->verify_server_cert);
    ++*(unsigned *)self;
}

static void the_next_agent_finds_it(void **state)
{
    struct scene scene;
    unsigned lines = 0;
    char path[200];
    struct azm_file_info info;
    (void)state;
    begin(&scene);
    put(&scene, "ring-1-1", 3);
    put(&scene, "ring-1-2", 4);
    take(&scene, 0, "ring-1-1"); /* in hand when the agent dies */
    path_of(&scene, "00000000000000000001.batch.77-0.tmp", path);
    assert_int_equal(azm_file_put(path, AZM_S("half"), 0600, NULL), AZM_OK);
    reopen(&scene, LIMIT);
    assert_false(azm_file_exists(path));
    assert_waiting(&scene, 2, 7);
    azm_spool_each(scene.spool, count_line, &lines);
    assert_int_equal(lines, 1);
    put(&scene, "ring-1-3", 5); /* behind them, though the numbers begin anew */
    take(&scene, 0, "ring-1-1");
    take(&scene, 0, "ring-1-2");
    take(&scene, 0, "ring-1-3");
    path_of(&scene, "", path);
    assert_int_equal(azm_private_dir_check(path, NULL), AZM_OK);
    path_of(&scene, "00000000000000000000.batch", path);
    assert_int_equal(azm_file_info(path, &info, NULL), AZM_OK);
    end(&scene);
}

static void formats_do_not_mix(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene);
    put(&scene, "ring-1-1", 3);
    scene.line = azm_spool_line(scene.spool, "otlp", &shop);
    take(&scene, 0, NULL);
    struct azm_destination other = shop;
    other.api_key = AZM_S("another");
    scene.line = azm_spool_line(scene.spool, "elastic", &other);
    take(&scene, 0, NULL);
    scene.line = azm_spool_line(scene.spool, "elastic", &shop);
    take(&scene, 0, "ring-1-1");
    end(&scene);
}

static void the_oldest_goes_first(void **state)
{
    struct scene scene;
    char ring[16];
    (void)state;
    begin(&scene);
    for (unsigned i = 0; i < LIMIT / BLOCK; i++) {
        snprintf(ring, sizeof ring, "ring-%u-1 ", i);
        put(&scene, ring, i + 1);
    }
    struct azm_spool_batch *held = take(&scene, 0, "ring-0-1 "); /* what is being sent is not dropped */
    assert_string_equal(scene.lost_rings, "");
    put(&scene, "ring-97-1", 1);
    put(&scene, "ring-98-1", 1);
    assert_string_equal(scene.lost_rings, "ring-1-1 ring-2-1 ");
    assert_int_equal(scene.lost[AZM_LOSS_SPOOL_FULL], 5);
    azm_spool_done(scene.line, held);
    reopen(&scene, LIMIT);
    take(&scene, 0, "ring-3-1 ");
    end(&scene);
}

static void too_large_for_the_limit(void **state)
{
    struct scene scene;
    static char body[2 * LIMIT];
    (void)state;
    begin(&scene);
    put(&scene, "ring-1-1", 1);
    uint32_t noise = 1;
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)((noise = noise * 1664525u + 1013904223u) >> 24);
    assert_int_equal(put_body(&scene, "ring-2-1", azm_slice_of(body, sizeof body), 1), AZM_FULL);
    assert_true(azm_spool_state(scene.spool).failing);
    assert_int_equal(scene.lost[AZM_LOSS_SPOOL_FULL], 0); /* nothing is thrown away for it */
    put(&scene, "ring-3-1", 1);
    assert_false(azm_spool_state(scene.spool).failing);
    assert_waiting(&scene, 2, 2);
    end(&scene);
}

static void a_full_disk(void **state)
{
    struct scene scene;
    struct rlimit before, none;
    (void)state;
    begin(&scene);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    enum azm_status status = put_body(&scene, "ring-1-1", AZM_S("x"), 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, AZM_FULL);
    assert_non_null(strstr(azm_spool_state(scene.spool).problem, "cannot write"));
    assert_waiting(&scene, 0, 0);
    put(&scene, "ring-1-1", 1);
    assert_waiting(&scene, 1, 1);
    end(&scene);
}

static void flip(const struct scene *scene, const char *name, size_t from_end)
{
    char path[200];
    struct azm_buf file;
    path_of(scene, name, path);
    azm_buf_init(&file, LIMIT);
    assert_int_equal(azm_file_read(path, &file, NULL), AZM_OK);
    char *at = from_end ? file.ptr + file.len - from_end : file.ptr;
    *at = (char)~*at;
    assert_int_equal(azm_file_put(path, azm_buf_slice(&file), 0600, NULL), AZM_OK);
    azm_buf_dispose(&file);
}

static void what_is_damaged_is_counted_and_skipped(void **state)
{
    struct scene scene;
    char path[200];
    (void)state;
    begin(&scene);
    put(&scene, "ring-1-1", 3);
    put(&scene, "ring-2-1", 4);
    put(&scene, "ring-3-1", 5);
    flip(&scene, "00000000000000000000.batch", 1); /* its body: found when the next agent begins */
    flip(&scene, "00000000000000000001.batch", 0); /* its head: nobody knows how many events */
    reopen(&scene, LIMIT);
    assert_int_equal(scene.lost[AZM_LOSS_DAMAGED], 3);
    assert_waiting(&scene, 1, 5);
    flip(&scene, "00000000000000000002.batch", 1); /* or when it is its turn */
    take(&scene, 0, NULL);
    assert_int_equal(scene.lost[AZM_LOSS_DAMAGED], 8);
    assert_waiting(&scene, 0, 0);
    path_of(&scene, "00000000000000000002.batch", path);
    assert_false(azm_file_exists(path));
    end(&scene);
}

static void another_version_s_is_left_alone(void **state)
{
    struct scene scene;
    char path[200];
    (void)state;
    begin(&scene);
    path_of(&scene, "00000000000000000007.batch", path);
    assert_int_equal(azm_file_put(path, AZM_S("AZMSPOL2 and what it may hold"), 0600, NULL), AZM_OK);
    reopen(&scene, LIMIT);
    assert_true(azm_file_exists(path));
    assert_waiting(&scene, 0, 0);
    put(&scene, "ring-1-1", 1); /* does not get its name */
    assert_true(azm_file_exists(path));
    path_of(&scene, "00000000000000000008.batch", path);
    assert_true(azm_file_exists(path));
    end(&scene);
}

static void fewest_failures_first(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene);
    put(&scene, "a", 1);
    put(&scene, "b", 1);
    assert_false(azm_spool_return(scene.line, take(&scene, 0, "a"), true, 0));
    assert_false(azm_spool_return(scene.line, take(&scene, 0, "b"), true, 0));
    assert_false(azm_spool_return(scene.line, take(&scene, 0, "a"), true, 0)); /* the server may be down */
    put(&scene, "c", 1);
    take(&scene, 0, "c");
    take(&scene, 0, "b");
    take(&scene, 0, "a");
    assert_int_equal(scene.lost[AZM_LOSS_POISONED], 0);
    end(&scene);
}

static void a_poisoned_one_is_set_aside_and_then_dropped(void **state)
{
    struct scene scene;
    int64_t now_us = 0, next_us = INT64_MAX;
    struct azm_spool_letter letter;
    (void)state;
    begin(&scene);
    put(&scene, "a", 7);
    assert_false(azm_spool_return(scene.line, take(&scene, now_us, "a"), true, now_us));
    for (unsigned i = 1; i <= AZM_SPOOL_STRIKES; i++) {
        azm_spool_taken(scene.line);
        assert_true(azm_spool_return(scene.line, take(&scene, now_us, "a"), true, now_us));
        assert_false(azm_spool_has_backlog(scene.line)); /* nobody waits behind it */
        assert_false(azm_spool_take(scene.line, now_us, &next_us, &letter));
        now_us += 40000000;
    }
    assert_true(next_us == 1000000);
    assert_int_equal(scene.lost[AZM_LOSS_POISONED], 7);
    assert_waiting(&scene, 0, 0);
    end(&scene);
}

static void an_unfit_folder(void **state)
{
    struct azm_error err = {AZM_OK, ""};
    (void)state;
    assert_null(azm_spool_open("/nowhere/at/all", LIMIT, lost, NULL, &err));
    assert_non_null(strstr(err.text, "/nowhere/at/all/spool"));
}

static void quiet(void *self, enum azm_log_level level, const char *line)
{
    (void)self, (void)level, (void)line;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_taken),
        cmocka_unit_test(the_next_agent_finds_it),
        cmocka_unit_test(formats_do_not_mix),
        cmocka_unit_test(the_oldest_goes_first),
        cmocka_unit_test(too_large_for_the_limit),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(what_is_damaged_is_counted_and_skipped),
        cmocka_unit_test(another_version_s_is_left_alone),
        cmocka_unit_test(fewest_failures_first),
        cmocka_unit_test(a_poisoned_one_is_set_aside_and_then_dropped),
        cmocka_unit_test(an_unfit_folder),
    };
    azm_log_setup(AZM_LOG_OFF, quiet, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
