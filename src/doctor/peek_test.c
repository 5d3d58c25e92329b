#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../tests/temp_dir.h"
#include "doctor/peek.h"
#include "json/read.h"
#include "os/file.h"
#include "os/map.h"
#include "ring/ring.h"
#include "ring/sample.h"

#define NAME "ring-77-1"

static struct azm_temp_dir dir;
static struct azm_map *map;
static struct azm_ring_writer writer;
static char storage[AZM_RECORD_MAX];

static int make_ring(void **state)
{
    (void)state;
    dir = azm_temp_dir_make();
    map = azm_map_create(azm_temp_dir_at(&dir, NAME).text, AZM_RING_SIZE_MIN, NULL);
    return !map || azm_ring_format(azm_map_memory(map), AZM_RING_SIZE_MIN, 77, 1, 5) != AZM_OK ||
           azm_ring_writer_init(&writer, azm_map_memory(map), AZM_RING_SIZE_MIN) != AZM_OK;
}

static int remove_ring(void **state)
{
    (void)state;
    azm_map_close(map);
    azm_temp_dir_remove(&dir);
    return 0;
}

static struct azm_buf record(void)
{
    struct azm_buf buf;
    azm_buf_init_fixed(&buf, storage, sizeof storage);
    return buf;
}

static void put_source(void)
{
    struct azm_buf buf = record();
    azm_record_put_source(&buf, &azm_sample_source);
    assert_true(azm_ring_put(&writer, AZM_RECORD_SOURCE, azm_buf_slice(&buf)));
}

static void put_rest(void)
{
    static const struct azm_report report = {.worker_pid = 78, .functions = 4, .worker = {1, 9, AZM_S_INIT("why"), 0}};
    struct azm_buf buf = record();
    azm_record_put_report(&buf, &report);
    assert_true(azm_ring_put(&writer, AZM_RECORD_REPORT, azm_buf_slice(&buf)));
    buf = record();
    azm_record_put_transaction(&buf, &azm_sample_message);
    assert_true(azm_ring_put(&writer, AZM_RECORD_TRANSACTION, azm_buf_slice(&buf)));
    assert_true(azm_ring_put(&writer, AZM_RECORD_TRANSACTION, AZM_S("\xff")));
    assert_true(azm_ring_put(&writer, AZM_RECORD_NOTE, AZM_S("\xff")));
    assert_true(azm_ring_put(&writer, 200, AZM_S("of the future")));
}

static enum azm_status look(struct azm_peek *out, struct azm_error *err)
{
    return azm_peek(dir.path, NAME, out, err);
}

static void a_ring_that_nobody_reads_tells_who_writes(void **state)
{
    (void)state;
    static char before[AZM_RING_SIZE_MIN];
    struct azm_error err;
    struct azm_peek peek;
    put_source();
    put_rest();
    memcpy(before, azm_map_memory(map), sizeof before);
    assert_int_equal(look(&peek, &err), AZM_OK);
    assert_memory_equal(before, azm_map_memory(map), sizeof before); /* and nothing of it was touched */
    assert_true(peek.alive);
    assert_true(peek.has_source);
    assert_int_equal(peek.waiting, 2);
    assert_int_equal(azm_json_get_int(peek.status, "pid", 0), 77);
    assert_int_equal(azm_json_get_int(peek.status, "worker_pid", 0), 78);
    assert_true(azm_slice_eq(azm_json_get_slice(peek.status, "service"), azm_sample_source.service_name));
    assert_int_equal(json_array_size(json_object_get(peek.status, "blind")), 1);
    assert_null(json_object_get(peek.status, "agent_pid"));
    char *text = json_dumps(peek.status, 0);
    char secret[64];
    azm_slice_copy(azm_sample_source.destination.secret_token, secret, sizeof secret);
    assert_true(secret[0] && !strstr(text, secret));
    free(text);
    json_decref(peek.status);
}

static void a_source_that_was_kept_for_the_next_reader_counts(void **state)
{
    (void)state;
    struct azm_error err;
    struct azm_peek peek;
    struct azm_ring_reader reader;
    struct azm_buf kept = record();
    uint64_t position = 0;
    azm_buf_add(&kept, azm_slice_of(&position, sizeof position));
    azm_record_put_source(&kept, &azm_sample_source);
    assert_int_equal(azm_ring_reader_init(&reader, azm_map_memory(map), AZM_RING_SIZE_MIN), AZM_OK);
    assert_int_equal(azm_ring_keep(&reader, azm_buf_slice(&kept)), AZM_OK);
    assert_int_equal(look(&peek, &err), AZM_OK);
    assert_true(peek.has_source);
    assert_int_equal(peek.waiting, 0);
    json_decref(peek.status);
}

static void a_writer_that_is_gone_is_told_by_its_lock(void **state)
{
    (void)state;
    struct azm_error err;
    struct azm_peek peek;
    put_source();
    azm_map_close(map);
    map = NULL;
    assert_int_equal(look(&peek, &err), AZM_OK);
    assert_false(peek.alive);
    assert_true(json_is_true(json_object_get(peek.status, "ended")));
    json_decref(peek.status);
}

static void what_is_no_ring_is_said(void **state)
{
    (void)state;
    static const struct {
        azm_slice content;
        enum azm_status status;
    } rows[] = {
        {AZM_S_INIT(""), AZM_MORE},
        {AZM_S_INIT("not a ring at all"), AZM_BAD_INPUT},
    };
    struct azm_temp_path path = azm_temp_dir_at(&dir, NAME);
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_error err = {AZM_OK, ""};
        struct azm_peek peek;
        assert_int_equal(azm_file_write(path.text, rows[i].content, 0600, NULL), AZM_OK);
        assert_int_equal(look(&peek, &err), rows[i].status);
        assert_null(peek.status);
        assert_true(rows[i].status == AZM_MORE || strstr(err.text, NAME));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_ring, remove_ring)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ring_that_nobody_reads_tells_who_writes),
        TEST(a_source_that_was_kept_for_the_next_reader_counts),
        TEST(a_writer_that_is_gone_is_told_by_its_lock),
        TEST(what_is_no_ring_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
