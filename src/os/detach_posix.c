#include "os/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int spawn(pid_t *pid, const char *path, const char *const *argv)
{
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t files;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
    union {
        const char *const *in;
        char *const *out;
    } args = {argv}; /* posix_spawn does not write there */
    int failure = posix_spawn(pid, path, &files, &attr, args.out, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    return failure;
}

enum azm_status azm_detach(const char *path, const char *const *argv, struct azm_error *err)
{
    pid_t pid;
    int status = 0, failure = spawn(&pid, path, argv);
    if (failure)
        return azm_fail(err, AZM_IO, "cannot start %s: %s", path, strerror(failure));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return AZM_OK; /* somebody else waits for our children */
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return azm_fail(err, AZM_IO, "%s ended with status %d", path, status);
    return AZM_OK;
}
