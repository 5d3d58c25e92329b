#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/slice.h"
#include "os/self.h"

static void we_know_who_we_are(void **state)
{
    (void)state;
    char path[1000], small[5];
    struct azm_error err = {0};
    assert_int_equal(azm_self_pid(), getpid());
    assert_int_equal(azm_self_parent_pid(), getppid());
    assert_int_equal(azm_self_path(path, sizeof path, NULL), AZM_OK);
    assert_true(azm_slice_ends(azm_slice_str(path), AZM_S("os_self_test")));
    assert_int_equal(path[0], '/');
    assert_int_equal(azm_self_path(small, sizeof small, &err), AZM_TOO_BIG);
    assert_int_equal(azm_self_path(path, strlen(path), &err), AZM_TOO_BIG); /* no room for the NUL */
}

static void start_times_tell_processes_apart(void **state)
{
    (void)state;
    uint64_t mine = 0, again = 0, parents = 0, first = 0;
    assert_int_equal(azm_process_start_time(azm_self_pid(), &mine, NULL), AZM_OK);
    assert_int_equal(azm_process_start_time(azm_self_pid(), &again, NULL), AZM_OK);
    assert_true(mine == again);
    assert_int_equal(azm_process_start_time(azm_self_parent_pid(), &parents, NULL), AZM_OK);
    assert_true(parents <= mine);
    assert_int_equal(azm_process_start_time(1, &first, NULL), AZM_OK);
    assert_true(first <= parents && mine > 0);
}

/* A process may call itself what it likes. */
static void a_strange_name_does_not_matter(void **state)
{
    (void)state;
    uint64_t before, after;
    assert_int_equal(azm_process_start_time(azm_self_pid(), &before, NULL), AZM_OK);
    const char *const names[] = {") S 1 2 3", "a b c", ")))", "(("};
    for (size_t i = 0; i < AZM_COUNT(names); i++) {
        assert_int_equal(prctl(PR_SET_NAME, names[i]), 0);
        assert_int_equal(azm_process_start_time(azm_self_pid(), &after, NULL), AZM_OK);
        assert_true(before == after);
    }
}

static void nobody_has_no_start_time(void **state)
{
    (void)state;
    uint64_t start;
    struct azm_error err = {0};
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(azm_process_start_time((uint32_t)child, &start, &err), AZM_NOT_FOUND);
    assert_int_equal(azm_process_start_time(UINT32_MAX, &start, &err), AZM_NOT_FOUND);
    assert_non_null(strstr(err.text, "4294967295"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(we_know_who_we_are),
        cmocka_unit_test(start_times_tell_processes_apart),
        cmocka_unit_test(a_strange_name_does_not_matter),
        cmocka_unit_test(nobody_has_no_start_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
