#include "agent/log_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../tests/temp_dir_fixture.h"
#include "os/file.h"

#define HEAD "version 1\nsettings\n"

static void read_file(const char *name, struct azm_buf *out)
{
    azm_buf_init(out, 4u << 20);
    assert_int_equal(azm_file_read(AT(name), out, NULL), AZM_OK);
}

static void open_log(enum azm_log_level level)
{
    assert_int_equal(azm_log_file_open(AT("log"), level, HEAD, false, NULL), AZM_OK);
}

static void lines_follow_the_head(void **state)
{
    struct azm_buf text;
    (void)state;
    open_log(AZM_LOG_INFO);
    azm_log(INFO, AGENT, "one %d", 1);
    azm_log(DEBUG, AGENT, "not this one");
    azm_log_file_close();
    open_log(AZM_LOG_INFO); /* the next agent goes on in the same file */
    azm_log(WARN, AGENT, "two");
    azm_log_file_close();
    read_file("log", &text);
    azm_slice rest = azm_buf_slice(&text), line;
    static const char *const ends[] = {"version 1", "settings", " info agent: one 1",
                                       "version 1", "settings", " warning agent: two"};
    for (size_t i = 0; i < AZM_COUNT(ends); i++) {
        assert_true(azm_slice_split(&rest, '\n', &line));
        assert_true(azm_slice_ends(line, azm_slice_str(ends[i])));
    }
    assert_int_equal(rest.len, 0);
    azm_buf_dispose(&text);
}

static bool count(void *self, azm_slice name)
{
    (void)name;
    ++*(int *)self;
    return true;
}

static void files_are_small_and_few(void **state)
{
    static const char *const names[] = {"log", "log.1", "log.2"};
    int files = 0, last = 0;
    (void)state;
    open_log(AZM_LOG_INFO);
    for (int i = 0; i < 9000; i++)
        azm_log(INFO, AGENT, "%08d %0500d", i, 0);
    azm_log_file_close();
    assert_int_equal(azm_dir_list(dir.path, count, &files, NULL), AZM_OK);
    assert_int_equal(files, AZM_COUNT(names));
    for (size_t i = AZM_COUNT(names); i-- > 0;) { /* from the oldest on */
        struct azm_buf text;
        read_file(names[i], &text);
        azm_slice all = azm_buf_slice(&text);
        assert_true(all.len <= AZM_LOG_FILE_MAX);
        assert_true(azm_slice_starts(all, AZM_S(HEAD)));
        const char *first = all.ptr + azm_slice_search(all, AZM_S("agent: ")) + 7;
        int number = (int)strtol(first, NULL, 10);
        assert_true(last == 0 || number > last);
        last = number;
        azm_buf_dispose(&text);
    }
    assert_true(last < 9000);
}

static void a_folder_that_is_not_there(void **state)
{
    struct azm_error err;
    (void)state;
    assert_int_equal(azm_log_file_open(AT("none/log"), AZM_LOG_INFO, HEAD, false, &err), AZM_IO);
    assert_non_null(strstr(err.text, "none/log"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_follow_the_head),
        cmocka_unit_test(files_are_small_and_few),
        cmocka_unit_test(a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
