#include "os/daemon.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void a_request_to_end_is_noted(void **state)
{
    sigset_t blocked;
    (void)state;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, NULL); /* as a starter may leave it */
    azm_daemon_watch_stop();
    assert_false(azm_daemon_stop_asked());
    raise(SIGTERM);
    assert_true(azm_daemon_stop_asked());
}

/* Runs in the daemon, whose standard output is the null device by now: tells through a file. */
static void tell(const char *path, int open_before)
{
    char byte;
    bool good = getsid(0) == getpid() && read(0, &byte, 1) == 0 && write(1, "x", 1) == 1 && write(2, "x", 1) == 1 &&
                write(open_before, "x", 1) < 0;
    int fd = open(path, O_WRONLY);
    _exit(fd >= 0 && write(fd, good ? "y" : "n", 1) == 1 ? 0 : 1);
}

static void start(const char *path, int open_before)
{
    pid_t starter = fork(), before = starter ? 0 : getpid();
    int status;
    if (starter == 0) {
        if (azm_daemon_detach(NULL) != AZM_OK || getpid() == before)
            _exit(3);
        tell(path, open_before);
    }
    assert_int_equal(waitpid(starter, &status, 0), starter);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_daemon_leaves_its_starter(void **state)
{
    char path[] = "/tmp/azm-daemon-XXXXXX", said = 0;
    int out[2], file = mkstemp(path);
    (void)state;
    assert_true(file >= 0);
    assert_int_equal(pipe(out), 0);
    start(path, out[1]);
    close(out[1]);
    assert_int_equal(read(out[0], &said, 1), 0); /* the daemon holds nothing of ours, so the pipe ends */
    while (pread(file, &said, 1, 0) == 0)
        usleep(1000);
    assert_int_equal(said, 'y');
    close(out[0]);
    close(file);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_daemon_leaves_its_starter),
        cmocka_unit_test(a_request_to_end_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
