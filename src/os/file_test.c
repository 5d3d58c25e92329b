#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "../tests/temp_dir_fixture.h"
#include "os/file.h"

static void holds(const char *path, azm_slice content)
{
    struct azm_buf buf;
    azm_buf_init(&buf, 1u << 20);
    assert_int_equal(azm_file_read(path, &buf, NULL), AZM_OK);
    assert_true(azm_slice_eq(azm_buf_slice(&buf), content));
    azm_buf_dispose(&buf);
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (unsigned)st.st_mode & 07777;
}

static void names(const struct azm_error *err, const char *path)
{
    assert_non_null(strstr(err->text, path));
}

static bool count(void *self, azm_slice name)
{
    (void)name;
    ++*(int *)self;
    return true;
}

static int entries(void)
{
    int n = 0;
    assert_int_equal(azm_dir_list(dir.path, count, &n, NULL), AZM_OK);
    return n;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static char big[200000];
    memset(big, 'x', sizeof big);
    const azm_slice rows[] = {AZM_S("first"), AZM_S(""), {big, sizeof big}, AZM_S("with \0 in it")};
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        assert_int_equal(azm_file_write(AT("a"), rows[i], i % 2 ? 0644 : 0600, NULL), AZM_OK);
        assert_int_equal(mode_of(AT("a")), i % 2 ? 0644 : 0600);
        holds(AT("a"), rows[i]);
        assert_int_equal(azm_file_put(AT("a"), rows[AZM_COUNT(rows) - 1 - i], i % 2 ? 0600 : 0644, NULL), AZM_OK);
        assert_int_equal(mode_of(AT("a")), i % 2 ? 0600 : 0644);
        holds(AT("a"), rows[AZM_COUNT(rows) - 1 - i]);
        assert_int_equal(entries(), 1); /* nothing is left beside it */
    }
}

static void the_umask_does_not_matter(void **state)
{
    (void)state;
    mode_t before = umask(0777);
    assert_int_equal(azm_file_write(AT("a"), AZM_S("x"), 0644, NULL), AZM_OK);
    assert_int_equal(azm_file_claim(AT("b"), AZM_S("x"), 0600, NULL), AZM_OK);
    umask(before);
    assert_int_equal(mode_of(AT("a")), 0644);
    assert_int_equal(mode_of(AT("b")), 0600);
}

static void reading_appends_and_keeps_to_the_ceiling(void **state)
{
    (void)state;
    static const struct {
        size_t max;
        enum azm_status status;
    } rows[] = {{0, AZM_TOO_BIG}, {9, AZM_TOO_BIG}, {10, AZM_OK}, {11, AZM_OK}};
    assert_int_equal(azm_file_write(AT("a"), AZM_S("0123456789"), 0600, NULL), AZM_OK);
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_error err = {0};
        struct azm_buf buf;
        azm_buf_init(&buf, rows[i].max);
        assert_int_equal(azm_file_read(AT("a"), &buf, &err), rows[i].status);
        assert_int_equal(buf.len, rows[i].status == AZM_OK ? 10 : 0);
        if (rows[i].status != AZM_OK)
            names(&err, AT("a"));
        azm_buf_dispose(&buf);
    }
    struct azm_buf buf;
    azm_buf_init(&buf, 100);
    azm_buf_add(&buf, AZM_S("before "));
    assert_int_equal(azm_file_read(AT("none"), &buf, NULL), AZM_NOT_FOUND);
    assert_int_equal(azm_file_read(AT("a"), &buf, NULL), AZM_OK);
    assert_true(azm_slice_eq(azm_buf_slice(&buf), AZM_S("before 0123456789")));
    azm_buf_dispose(&buf);
}

static void only_regular_files_are_read(void **state)
{
    (void)state;
    struct azm_buf buf;
    azm_buf_init(&buf, 100);
    assert_int_equal(mkfifo(AT("pipe"), 0600), 0);
    assert_int_equal(azm_file_read(AT("pipe"), &buf, NULL), AZM_UNSUPPORTED); /* and does not wait for a writer */
    assert_int_equal(azm_file_read(dir.path, &buf, NULL), AZM_UNSUPPORTED);
    assert_int_equal(azm_file_read("/dev/zero", &buf, NULL), AZM_UNSUPPORTED);
    azm_buf_dispose(&buf);
}

static void a_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    static char big[10000];
    struct azm_error err = {0};
    struct rlimit before, low;
    assert_int_equal(azm_file_write(AT("a"), AZM_S("old"), 0600, NULL), AZM_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    low = (struct rlimit){5000, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    enum azm_status status = azm_file_write(AT("a"), azm_slice_of(big, sizeof big), 0600, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, AZM_FULL);
    names(&err, AT("a"));
    holds(AT("a"), AZM_S("old"));
    assert_int_equal(entries(), 1);
}

static void only_one_claims(void **state)
{
    (void)state;
    struct azm_error err = {0};
    assert_int_equal(azm_file_claim(AT("flag"), AZM_S("me"), 0600, NULL), AZM_OK);
    assert_int_equal(azm_file_claim(AT("flag"), AZM_S("you"), 0600, &err), AZM_EXISTS);
    names(&err, AT("flag"));
    holds(AT("flag"), AZM_S("me"));
    assert_int_equal(symlink("elsewhere", AT("link")), 0);
    assert_int_equal(azm_file_claim(AT("link"), AZM_S("x"), 0600, NULL), AZM_EXISTS); /* not through a link */
}

static void existence_removal_and_names(void **state)
{
    (void)state;
    struct azm_file_info info;
    struct azm_error err = {0};
    assert_false(azm_file_exists(AT("a")));
    assert_int_equal(azm_file_info(AT("a"), &info, &err), AZM_NOT_FOUND);
    names(&err, AT("a"));
    assert_int_equal(azm_file_remove(AT("a"), &err), AZM_NOT_FOUND);
    assert_int_equal(azm_file_write(AT("a"), AZM_S("12345"), 0600, NULL), AZM_OK);
    assert_int_equal(azm_file_write(AT("b"), AZM_S("old"), 0600, NULL), AZM_OK);
    assert_true(azm_file_exists(AT("a")));
    assert_int_equal(azm_file_info(AT("a"), &info, NULL), AZM_OK);
    assert_int_equal(info.kind, AZM_FILE_REGULAR);
    assert_int_equal(info.size, 5);
    assert_true(info.modified_us > 1700000000000000);
    assert_int_equal(azm_file_info(dir.path, &info, NULL), AZM_OK);
    assert_int_equal(info.kind, AZM_FILE_FOLDER);
    assert_int_equal(azm_file_rename(AT("a"), AT("b"), NULL), AZM_OK);
    assert_false(azm_file_exists(AT("a")));
    holds(AT("b"), AZM_S("12345"));
    assert_int_equal(azm_file_rename(AT("a"), AT("b"), &err), AZM_NOT_FOUND);
    names(&err, AT("b"));
    assert_int_equal(azm_file_remove(AT("b"), NULL), AZM_OK);
    assert_int_equal(entries(), 0);
}

static void folders_are_made_with_those_above(void **state)
{
    (void)state;
    struct azm_error err = {0};
    assert_int_equal(azm_dir_make(AT("x/y/z"), 0755, NULL), AZM_OK);
    assert_int_equal(azm_dir_make(AT("x/y/z/"), 0755, NULL), AZM_OK);
    assert_int_equal(azm_dir_make("/", 0755, NULL), AZM_OK);
    assert_int_equal(azm_dir_remove(AT("x/y"), NULL), AZM_EXISTS);
    assert_int_equal(azm_dir_remove(AT("x/y/z"), NULL), AZM_OK);
    assert_false(azm_file_exists(AT("x/y/z")));
    assert_int_equal(azm_file_write(AT("file"), AZM_S(""), 0600, NULL), AZM_OK);
    assert_int_not_equal(azm_dir_make(AT("file/below"), 0755, &err), AZM_OK);
    names(&err, AT("file"));
    assert_int_not_equal(azm_dir_make("", 0755, NULL), AZM_OK);
}

static bool remove_each(void *self, azm_slice name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%.*s", dir.path, AZM_FMT(name));
    assert_int_equal(azm_file_remove(path, NULL), AZM_OK);
    return ++*(int *)self < 3;
}

static void listing_stops_when_told_and_bears_removal(void **state)
{
    (void)state;
    int seen = 0;
    for (int i = 0; i < 5; i++) {
        char name[] = {(char)('a' + i), '\0'};
        assert_int_equal(azm_file_write(AT(name), AZM_S(""), 0600, NULL), AZM_OK);
    }
    assert_int_equal(azm_dir_list(dir.path, remove_each, &seen, NULL), AZM_OK);
    assert_int_equal(seen, 3);
    assert_int_equal(entries(), 2);
    assert_int_equal(azm_dir_list(AT("none"), count, &seen, NULL), AZM_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read),
        TEST(the_umask_does_not_matter),
        TEST(reading_appends_and_keeps_to_the_ceiling),
        TEST(only_regular_files_are_read),
        TEST(a_failed_write_leaves_the_old_file),
        TEST(only_one_claims),
        TEST(existence_removal_and_names),
        TEST(folders_are_made_with_those_above),
        TEST(listing_stops_when_told_and_bears_removal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
