#include "os/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "os/failure_posix.h"

static volatile sig_atomic_t stop_asked;

static void note_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

void azm_daemon_watch_stop(void)
{
    struct sigaction note = {.sa_handler = note_stop, .sa_flags = (int)SA_RESETHAND};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t through;
    sigemptyset(&through);
    sigaddset(&through, SIGTERM);
    sigaddset(&through, SIGINT);
    sigaction(SIGTERM, &note, NULL);
    sigaction(SIGINT, &note, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    sigprocmask(SIG_UNBLOCK, &through, NULL);
}

bool azm_daemon_stop_asked(void)
{
    return stop_asked != 0;
}

static enum azm_status to_null(struct azm_error *err)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return azm_os_fail(err, errno, "cannot open /dev/null");
    for (int fd = 0; fd < 3; fd++)
        if (null == fd ? fcntl(fd, F_SETFD, 0) < 0 : dup2(null, fd) < 0)
            return azm_os_fail(err, errno, "cannot turn standard streams away");
    return AZM_OK;
}

enum azm_status azm_daemon_detach(struct azm_error *err)
{
    pid_t child = fork();
    if (child < 0)
        return azm_os_fail(err, errno, "cannot start a process");
    if (child > 0)
        _exit(0);
    if (setsid() < 0)
        return azm_os_fail(err, errno, "cannot begin a session");
    enum azm_status status = to_null(err);
    /* Pipes and sockets of the starter: somebody may wait for their end. */
    long last = sysconf(_SC_OPEN_MAX);
    if (status == AZM_OK && close_range(3, ~0U, 0) != 0)
        for (int fd = 3; fd < (last > 0 && last < 65536 ? (int)last : 65536); fd++)
            close(fd);
    return status;
}
