#include "tap/shared_functions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "os/file.h"
#include "tap/files.h"

static struct azm_channel channel;
static struct azm_errands *errands;
static struct azm_shared_functions shared;
static char path[700];

static int set_up(void **state)
{
    char name[AZM_HOST_FILE_NAME_MAX];
    (void)state;
    azm_channel_init(&channel, "/nonexistent/azimuth-tap");
    strcpy(channel.run_dir, "/tmp/azimuth-shared-test-XXXXXX");
    assert_non_null(mkdtemp(channel.run_dir));
    channel.state = AZM_CHANNEL_OPEN;
    assert_true(azm_shared_functions_name(name));
    snprintf(path, sizeof path, "%s/%s", channel.run_dir, name);
    errands = azm_errands_open();
    azm_shared_functions_init(&shared);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    azm_shared_functions_dispose(&shared);
    (void)!azm_errands_close(errands, 60000);
    azm_file_remove(path, NULL);
    return azm_dir_remove(channel.run_dir, NULL) == AZM_OK ? 0 : -1;
}

/* Posts, and waits until it is done. */
static void post(void)
{
    azm_shared_functions_post(&shared, errands, &channel);
    assert_true(azm_errands_close(errands, 60000));
    errands = azm_errands_open();
}

static void check(const char *expected)
{
    struct azm_buf text;
    azm_buf_init(&text, 1 << 20);
    assert_int_equal(azm_file_read(path, &text, NULL), expected ? AZM_OK : AZM_NOT_FOUND);
    assert_true(azm_slice_eq(azm_buf_slice(&text), azm_slice_str(expected)));
    azm_buf_dispose(&text);
}

static unsigned described;

static void describe(void *self, azm_slice id, azm_slice name, azm_slice binding_json)
{
    (void)self;
    assert_int_equal(id.len, 0);
    if (azm_slice_eq(name, AZM_S("a\"b")))
        assert_true(azm_slice_eq(binding_json, AZM_S("{\"type\":\"httpTrigger\",\"route\":\"x/{id}\"}")));
    described++;
}

static void what_one_tells_another_reads(void **state)
{
    (void)state;
    azm_shared_functions_add(&shared, AZM_S("a\"b"), AZM_S("{\"type\":\"httpTrigger\",\n \"route\":\"x/{id}\"}"));
    azm_shared_functions_add(&shared, AZM_S("broken"), AZM_S("{\"type\""));
    azm_shared_functions_add(&shared, AZM_S(""), AZM_S("{\"type\":\"timerTrigger\"}"));
    azm_shared_functions_add(&shared, AZM_S("t"), AZM_S("{\"type\":\"timerTrigger\"}"));
    post();
    check("[{\"name\":\"a\\\"b\",\"bindings\":[{\"type\":\"httpTrigger\",\n \"route\":\"x/{id}\"}]},"
          "{\"name\":\"t\",\"bindings\":[{\"type\":\"timerTrigger\"}]}]");

    struct azm_files *files = azm_files_open(channel.run_dir);
    assert_false(azm_files_waiting(files));
    azm_files_ask_shared(files);
    azm_files_ask_shared(files);
    assert_true(azm_files_waiting(files));
    azm_files_read(files);
    assert_false(azm_files_waiting(files));
    described = 0;
    azm_files_take(files, describe, NULL);
    assert_int_equal(described, 2);
    azm_files_close(files);
}

static void the_next_answer_replaces_it(void **state)
{
    (void)state;
    azm_shared_functions_add(&shared, AZM_S("one"), AZM_S("{}"));
    post();
    azm_shared_functions_add(&shared, AZM_S("two"), AZM_S("{}"));
    post();
    check("[{\"name\":\"two\",\"bindings\":[{}]}]");
    post(); /* an answer without functions is no news */
    check("[{\"name\":\"two\",\"bindings\":[{}]}]");
}

static void too_much_is_not_shared(void **state)
{
    static char text[1 << 20];
    (void)state;
    memset(text, ' ', sizeof text);
    text[0] = '{';
    text[sizeof text - 1] = '}';
    for (unsigned i = 0; i < 9; i++)
        azm_shared_functions_add(&shared, AZM_S("big"), (azm_slice){text, sizeof text});
    post();
    check(NULL);
    azm_shared_functions_add(&shared, AZM_S("one"), AZM_S("{}"));
    post();
    check("[{\"name\":\"one\",\"bindings\":[{}]}]");
}

static void nothing_is_written_where_nothing_is_seen(void **state)
{
    (void)state;
    channel.state = AZM_CHANNEL_FAILED;
    azm_shared_functions_add(&shared, AZM_S("one"), AZM_S("{}"));
    post();
    check(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_one_tells_another_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_next_answer_replaces_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_much_is_not_shared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_written_where_nothing_is_seen, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
