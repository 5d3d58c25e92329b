#include "os/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "os/failure_posix.h"
#include "os/lock_posix.h"

struct azm_lock {
    int fd;
};

enum azm_status azm_os_lock(int fd, const char *path, struct azm_error *err)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return azm_fail(err, AZM_BUSY, "%s is in use by another process", path);
        if (errno != EINTR)
            return azm_os_fail(err, errno, "cannot lock %s", path);
    }
    return AZM_OK;
}

struct azm_lock *azm_lock_try(const char *path, struct azm_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd < 0) {
        azm_os_fail(err, errno, "cannot open the lock file %s", path);
        return NULL;
    }
    struct azm_lock *lock = malloc(sizeof *lock);
    if (!lock)
        azm_fail(err, AZM_NO_MEMORY, "no memory to lock %s", path);
    else if (azm_os_lock(fd, path, err) == AZM_OK) {
        lock->fd = fd;
        return lock;
    }
    free(lock);
    close(fd);
    return NULL;
}

bool azm_lock_is_held(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return false;
    bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return held;
}

void azm_lock_release(struct azm_lock *lock)
{
    if (!lock)
        return;
    close(lock->fd);
    free(lock);
}
