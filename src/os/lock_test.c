#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../tests/temp_dir_fixture.h"
#include "os/lock.h"

static void one_at_a_time(void **state)
{
    (void)state;
    struct azm_error err = {0};
    struct azm_lock *lock = azm_lock_try(AT("lock"), NULL);
    assert_non_null(lock);
    assert_null(azm_lock_try(AT("lock"), &err));
    assert_int_equal(err.status, AZM_BUSY);
    assert_non_null(strstr(err.text, AT("lock")));
    assert_true(azm_lock_is_held(AT("lock")));
    assert_false(azm_lock_is_held(AT("none")));
    struct azm_lock *other = azm_lock_try(AT("other"), NULL);
    assert_non_null(other);
    azm_lock_release(lock);
    assert_false(azm_lock_is_held(AT("lock")));
    lock = azm_lock_try(AT("lock"), NULL); /* the file is there already */
    assert_non_null(lock);
    azm_lock_release(lock);
    azm_lock_release(other);
    azm_lock_release(NULL);
}

static void a_killed_holder_holds_nothing(void **state)
{
    (void)state;
    struct azm_error err = {0};
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        bool ok = azm_lock_try(AT("lock"), NULL) && write(ready[1], "x", 1) == 1;
        while (ok && getppid() != 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_null(azm_lock_try(AT("lock"), &err));
    assert_int_equal(err.status, AZM_BUSY);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    struct azm_lock *lock = azm_lock_try(AT("lock"), &err);
    assert_non_null(lock);
    azm_lock_release(lock);
    close(ready[0]);
}

static void not_through_a_link_nor_without_a_folder(void **state)
{
    (void)state;
    struct azm_error err = {0};
    assert_int_equal(symlink("elsewhere", AT("link")), 0);
    assert_null(azm_lock_try(AT("link"), &err));
    assert_int_equal(err.status, AZM_UNSAFE);
    assert_null(azm_lock_try(AT("none/lock"), &err));
    assert_int_equal(err.status, AZM_NOT_FOUND);
    assert_non_null(strstr(err.text, "none/lock"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {TEST(one_at_a_time), TEST(a_killed_holder_holds_nothing),
                                       TEST(not_through_a_link_nor_without_a_folder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
