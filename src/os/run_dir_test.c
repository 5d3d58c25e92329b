#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../tests/temp_dir_fixture.h"
#include "os/run_dir.h"

static struct azm_env env_of(const char *run, const char *runtime, char storage[2][700])
{
    static const char *pairs[3];
    int n = 0;
    if (run) {
        snprintf(storage[0], sizeof storage[0], "AZIMUTH_RUN_DIR=%s", run);
        pairs[n++] = storage[0];
    }
    if (runtime) {
        snprintf(storage[1], sizeof storage[1], "XDG_RUNTIME_DIR=%s", runtime);
        pairs[n++] = storage[1];
    }
    pairs[n] = NULL;
    return azm_env_of(pairs);
}

static void the_first_match_counts(void **state)
{
    (void)state;
    char fallback[64], below[300], gone[300];
    snprintf(fallback, sizeof fallback, "/tmp/azimuth-%lu", (unsigned long)geteuid());
    snprintf(below, sizeof below, "%s/azimuth", dir.path);
    snprintf(gone, sizeof gone, "%s/gone", dir.path);
    const struct {
        const char *run, *runtime, *path;
    } rows[] = {
        {NULL, NULL, fallback},
        {"", "", fallback},
        {"/a/b", dir.path, "/a/b"},
        {"/a/b//", NULL, "/a/b"},
        {"/", NULL, "/"},
        {"", dir.path, below},
        {NULL, "relative", fallback},
        {NULL, gone, fallback}, /* not there */
        {NULL, "/etc/hostname", fallback},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        char storage[2][700], path[AZM_RUN_DIR_MAX];
        struct azm_env env = env_of(rows[i].run, rows[i].runtime, storage);
        assert_int_equal(azm_run_dir_path(&env, path, NULL), AZM_OK);
        assert_string_equal(path, rows[i].path);
    }
}

static void a_runtime_folder_of_another_user_is_passed_over(void **state)
{
    (void)state;
    char storage[2][700], path[AZM_RUN_DIR_MAX];
    if (geteuid() != 0) {
        print_message("skipped: only root can give folders away\n");
        skip();
    }
    assert_int_equal(chown(dir.path, 12345, 12345), 0);
    struct azm_env env = env_of(NULL, dir.path, storage);
    assert_int_equal(azm_run_dir_path(&env, path, NULL), AZM_OK);
    assert_string_equal(path, "/tmp/azimuth-0");
}

static void a_bad_setting_is_named(void **state)
{
    (void)state;
    char longer[600];
    memset(longer, '/', sizeof longer);
    memset(longer + 1, 'x', sizeof longer - 2);
    longer[sizeof longer - 1] = '\0';
    const char *const rows[] = {"relative/path", ".", longer};
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        char storage[2][700], path[AZM_RUN_DIR_MAX];
        struct azm_error err = {0};
        struct azm_env env = env_of(rows[i], NULL, storage);
        assert_int_equal(azm_run_dir_path(&env, path, &err), AZM_BAD_CONFIG);
        assert_non_null(strstr(err.text, "AZIMUTH_RUN_DIR"));
        assert_int_equal(azm_run_dir(&env, path, &err), AZM_BAD_CONFIG);
    }
}

static void it_is_made_private(void **state)
{
    (void)state;
    char storage[2][700], path[AZM_RUN_DIR_MAX];
    struct stat st;
    struct azm_error err = {0};
    struct azm_env env = env_of(NULL, dir.path, storage);
    assert_int_equal(azm_run_dir(&env, path, NULL), AZM_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(azm_run_dir(&env, path, &err), AZM_UNSAFE);
    assert_non_null(strstr(err.text, path));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {TEST(the_first_match_counts),
                                       TEST(a_runtime_folder_of_another_user_is_passed_over),
                                       TEST(a_bad_setting_is_named), TEST(it_is_made_private)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
