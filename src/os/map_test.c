#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../tests/temp_dir_fixture.h"
#include "os/file.h"
#include "os/map.h"

#define SIZE ((size_t)1 << 20)

static void what_one_writes_the_other_reads(void **state)
{
    (void)state;
    struct stat st;
    struct azm_map *made = azm_map_create(AT("ring"), SIZE, NULL);
    assert_non_null(made);
    assert_int_equal(azm_map_size(made), SIZE);
    assert_int_equal(stat(AT("ring"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true((size_t)st.st_blocks * 512 >= SIZE); /* on disk, not a hole in it */
    struct azm_map *opened = azm_map_open(AT("ring"), SIZE, NULL);
    assert_non_null(opened);
    assert_int_equal(azm_map_size(opened), SIZE);
    char *a = azm_map_memory(made), *b = azm_map_memory(opened);
    for (size_t i = 0; i < SIZE; i++)
        assert_int_equal(a[i], 0);
    a[SIZE - 1] = 7;
    assert_int_equal(b[SIZE - 1], 7);
    azm_map_close(made);
    assert_int_equal(b[SIZE - 1], 7);
    azm_map_close(opened);
    azm_map_close(NULL);
}

static void an_existing_file_is_not_taken_over(void **state)
{
    (void)state;
    struct azm_error err = {0};
    assert_int_equal(azm_file_write(AT("ring"), AZM_S("precious"), 0600, NULL), AZM_OK);
    assert_null(azm_map_create(AT("ring"), SIZE, &err));
    assert_int_equal(err.status, AZM_EXISTS);
    assert_non_null(strstr(err.text, AT("ring")));
    assert_int_equal(symlink("elsewhere", AT("link")), 0);
    assert_null(azm_map_create(AT("link"), SIZE, &err));
    assert_int_equal(err.status, AZM_EXISTS);
    assert_false(azm_file_exists(AT("elsewhere")));
    struct azm_file_info info;
    assert_int_equal(azm_file_info(AT("ring"), &info, NULL), AZM_OK);
    assert_int_equal(info.size, 8);
}

static void what_cannot_be_trusted_is_not_opened(void **state)
{
    (void)state;
    struct azm_error err = {0};
    assert_int_equal(azm_file_write(AT("big"), AZM_S("12345678"), 0600, NULL), AZM_OK);
    assert_int_equal(azm_file_write(AT("empty"), AZM_S(""), 0600, NULL), AZM_OK);
    assert_int_equal(symlink("big", AT("link")), 0);
    assert_int_equal(mkfifo(AT("pipe"), 0600), 0);
    static const struct {
        const char *name;
        enum azm_status status;
    } rows[] = {{"none", AZM_NOT_FOUND}, {"none/below", AZM_NOT_FOUND}, {"big", AZM_TOO_BIG},
                {"empty", AZM_MORE},     {"link", AZM_UNSAFE},          {"pipe", AZM_UNSAFE}};
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        assert_null(azm_map_open(AT(rows[i].name), 7, &err));
        assert_int_equal(err.status, rows[i].status);
        assert_non_null(strstr(err.text, AT(rows[i].name)));
    }
    assert_null(azm_map_open(dir.path, SIZE, &err)); /* a folder */
}

static void anothers_file_is_not_opened(void **state)
{
    (void)state;
    struct azm_error err = {0};
    if (geteuid() != 0) {
        print_message("skipped: only root can give files away\n");
        skip();
    }
    assert_int_equal(azm_file_write(AT("ring"), AZM_S("x"), 0666, NULL), AZM_OK);
    assert_int_equal(chown(AT("ring"), 12345, 12345), 0);
    assert_null(azm_map_open(AT("ring"), SIZE, &err));
    assert_int_equal(err.status, AZM_UNSAFE);
    assert_non_null(strstr(err.text, "12345"));
}

static void a_file_size_limit_is_no_signal(void **state)
{
    (void)state;
    struct azm_error err = {0};
    struct rlimit before, low;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    low = (struct rlimit){SIZE - 1, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    struct azm_map *map = azm_map_create(AT("ring"), SIZE, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_null(map);
    assert_int_equal(err.status, AZM_FULL);
    assert_false(azm_file_exists(AT("ring")));
}

static void a_full_disk_is_no_signal(void **state)
{
    (void)state;
    struct azm_error err = {0};
    assert_int_equal(azm_dir_make(AT("small"), 0700, NULL), AZM_OK);
    if (mount("none", AT("small"), "tmpfs", 0, "size=256k") != 0) {
        print_message("skipped: may not mount a small disk here\n");
        skip();
    }
    struct azm_map *big = azm_map_create(AT("small/ring"), SIZE, &err);
    bool left = azm_file_exists(AT("small/ring"));
    struct azm_map *fits = azm_map_create(AT("small/ring"), 131072, NULL);
    if (fits)
        memset(azm_map_memory(fits), 1, 131072);
    azm_map_close(fits);
    assert_int_equal(umount(AT("small")), 0);
    assert_null(big);
    assert_int_equal(err.status, AZM_FULL);
    assert_non_null(strstr(err.text, "small/ring"));
    assert_false(left);
    assert_non_null(fits);
}

static void the_lock_tells_living_from_dead(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        bool ok = azm_map_create(AT("ring"), SIZE, NULL) && write(ready[1], "x", 1) == 1;
        while (ok && getppid() != 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    struct azm_map *map = azm_map_open(AT("ring"), SIZE, NULL);
    assert_non_null(map);
    assert_int_equal(azm_map_lock(map, NULL), AZM_BUSY);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(azm_map_lock(map, NULL), AZM_OK);
    assert_int_equal(azm_map_lock(map, NULL), AZM_OK); /* ours already */
    struct azm_map *second = azm_map_open(AT("ring"), SIZE, NULL);
    assert_non_null(second);
    assert_int_equal(azm_map_lock(second, NULL), AZM_BUSY); /* another agent */
    azm_map_close(map);
    assert_int_equal(azm_map_lock(second, NULL), AZM_OK);
    azm_map_close(second);
    close(ready[0]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        TEST(what_one_writes_the_other_reads),      TEST(an_existing_file_is_not_taken_over),
        TEST(what_cannot_be_trusted_is_not_opened), TEST(anothers_file_is_not_opened),
        TEST(a_file_size_limit_is_no_signal),       TEST(a_full_disk_is_no_signal),
        TEST(the_lock_tells_living_from_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
