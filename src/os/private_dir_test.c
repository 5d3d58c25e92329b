#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../tests/temp_dir_fixture.h"
#include "os/file.h"
#include "os/private_dir.h"

static void it_is_made_once_and_then_found(void **state)
{
    (void)state;
    struct stat st;
    mode_t before = umask(0);
    assert_int_equal(azm_private_dir_check(AT("run"), NULL), AZM_NOT_FOUND);
    assert_int_equal(azm_private_dir_make(AT("run"), NULL), AZM_OK);
    umask(before);
    assert_int_equal(stat(AT("run"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(azm_private_dir_make(AT("run"), NULL), AZM_OK);
    assert_int_equal(azm_private_dir_check(AT("run"), NULL), AZM_OK);
}

static void what_is_there_is_refused_and_left_alone(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        mode_t mode; /* of a folder; 0: another kind of thing */
        const char *says;
    } rows[] = {
        {"open", 0755, "0755"},       {"group", 0750, "0750"},          {"others", 0701, "0701"},
        {"shared", 01777, "1777"},    {"closed", 0500, "0500"},         {"file", 0, "not a folder"},
        {"link", 0, "symbolic link"}, {"dangling", 0, "symbolic link"},
    };
    assert_int_equal(azm_file_write(AT("file"), AZM_S(""), 0700, NULL), AZM_OK);
    assert_int_equal(mkdir(AT("good"), 0700), 0);
    assert_int_equal(symlink("good", AT("link")), 0);
    assert_int_equal(symlink("nowhere", AT("dangling")), 0);
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_error err = {0};
        struct stat st;
        if (rows[i].mode) {
            assert_int_equal(mkdir(AT(rows[i].name), 0700), 0);
            assert_int_equal(chmod(AT(rows[i].name), rows[i].mode), 0);
        }
        assert_int_equal(azm_private_dir_make(AT(rows[i].name), &err), AZM_UNSAFE);
        assert_non_null(strstr(err.text, AT(rows[i].name)));
        assert_non_null(strstr(err.text, rows[i].says));
        if (rows[i].mode) {
            assert_int_equal(stat(AT(rows[i].name), &st), 0);
            assert_int_equal(st.st_mode & 07777, rows[i].mode);
        }
    }
    assert_false(azm_file_exists(AT("nowhere")));
}

static void anothers_folder_is_refused(void **state)
{
    (void)state;
    struct azm_error err = {0};
    if (geteuid() != 0) {
        print_message("skipped: only root can give folders away\n");
        skip();
    }
    assert_int_equal(mkdir(AT("theirs"), 0700), 0);
    assert_int_equal(chown(AT("theirs"), 12345, 12345), 0);
    assert_int_equal(azm_private_dir_make(AT("theirs"), &err), AZM_UNSAFE);
    assert_non_null(strstr(err.text, "12345"));
}

static void what_cannot_be_made_says_where(void **state)
{
    (void)state;
    struct azm_error err = {0};
    assert_int_equal(azm_private_dir_make(AT("none/run"), &err), AZM_NOT_FOUND);
    assert_non_null(strstr(err.text, AT("none/run")));
    assert_int_equal(azm_file_write(AT("file"), AZM_S(""), 0700, NULL), AZM_OK);
    assert_int_equal(azm_private_dir_make(AT("file/run"), &err), AZM_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        TEST(it_is_made_once_and_then_found),
        TEST(what_is_there_is_refused_and_left_alone),
        TEST(anothers_folder_is_refused),
        TEST(what_cannot_be_made_says_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
