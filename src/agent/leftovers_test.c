#include "agent/leftovers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/file.h"
#include "ring/record.h"

#define SEEN_MAX 8

struct seen {
    size_t count;
    uint64_t serials[SEEN_MAX], events[SEEN_MAX];
    char urls[SEEN_MAX][32]; /* "-": damaged */
};

static void see(void *self, const struct azm_leftover *leftover)
{
    struct seen *seen = self;
    size_t i = seen->count++;
    assert_true(i < SEEN_MAX && leftover->file_bytes > 0);
    seen->serials[i] = leftover->serial;
    seen->events[i] = leftover->segment.events;
    azm_slice_copy(leftover->destination ? leftover->destination->url : AZM_S("-"), seen->urls[i],
                   sizeof seen->urls[i]);
}

static void path_of(const char *dir, const char *name, char path[200])
{
    snprintf(path, 200, "%s/%s", dir, name);
}

/* A batch of two events; flip: a byte that is changed, when it is not 0. */
static void put_batch(const char *dir, const char *name, azm_slice source, size_t flip)
{
    char path[200];
    struct azm_buf file;
    const struct azm_segment segment = {
        .format = AZM_S("otlp logs"), .ring = AZM_S("ring-1-1"), .source = source, .body = AZM_S("body"), .events = 2};
    azm_buf_init(&file, 1 << 16);
    assert_int_equal(azm_segment_write(&file, &segment), AZM_OK);
    if (flip)
        file.ptr[flip] ^= 1;
    path_of(dir, name, path);
    assert_int_equal(azm_file_put(path, azm_buf_slice(&file), 0600, NULL), AZM_OK);
    azm_buf_dispose(&file);
}

static void what_lies_there_is_told(void **state)
{
    static const char *const names[] = {"00000000000000000007.batch", "00000000000000000009.batch",
                                        "00000000000000000012.batch", "00000000000000000003.batch.77-0.tmp",
                                        "somebody else's"};
    char dir[] = "/tmp/azm-leftovers-XXXXXX", path[200];
    struct azm_buf source;
    struct seen seen = {0};
    uint64_t next = 5;
    (void)state;
    assert_non_null(mkdtemp(dir));
    azm_buf_init(&source, 4096);
    azm_record_put_source(&source, &(struct azm_source){.destination.url = AZM_S("http://logs")});
    put_batch(dir, names[0], azm_buf_slice(&source), 0);
    put_batch(dir, names[1], azm_buf_slice(&source), 60); /* in its texts */
    put_batch(dir, names[2], AZM_S("\xff\xff"), 0);       /* a source that is none */
    put_batch(dir, names[3], azm_buf_slice(&source), 0);
    put_batch(dir, names[4], azm_buf_slice(&source), 0);
    assert_int_equal(azm_leftovers_read(dir, &next, see, &seen, NULL), AZM_OK);
    assert_int_equal(next, 13);
    assert_int_equal(seen.count, 3);
    for (size_t i = 0; i < seen.count; i++) {
        assert_string_equal(seen.urls[i], seen.serials[i] == 7 ? "http://logs" : "-");
        assert_int_equal(seen.events[i], seen.serials[i] == 9 ? 0 : 2);
    }
    for (size_t i = 0; i < AZM_COUNT(names); i++) {
        struct azm_file_info info;
        path_of(dir, names[i], path);
        assert_int_equal(azm_file_info(path, &info, NULL) == AZM_OK, i != 3); /* begun, and never finished */
        azm_file_remove(path, NULL);
    }
    assert_int_equal(rmdir(dir), 0);
    azm_buf_dispose(&source);
}

static void a_folder_is_made(void **state)
{
    char dir[] = "/tmp/azm-leftovers-XXXXXX", path[200];
    struct seen seen = {0};
    uint64_t next = 5;
    (void)state;
    assert_non_null(mkdtemp(dir));
    path_of(dir, "spool", path);
    assert_int_equal(azm_leftovers_read(path, &next, see, &seen, NULL), AZM_OK);
    assert_int_equal(next, 5);
    assert_int_equal(seen.count, 0);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_there_is_told),
        cmocka_unit_test(a_folder_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
