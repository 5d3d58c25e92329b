#include "os/private_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/failure_posix.h"

/* lstat first: opening a folder that we may not read fails before it tells whose it is. */
static enum azm_status check_kind(const char *path, struct stat *st, struct azm_error *err)
{
    if (lstat(path, st) != 0)
        return azm_os_fail(err, errno, "cannot examine the folder %s", path);
    if (S_ISLNK(st->st_mode))
        return azm_fail(err, AZM_UNSAFE, "%s is a symbolic link; expected a real folder", path);
    if (!S_ISDIR(st->st_mode))
        return azm_fail(err, AZM_UNSAFE, "%s is not a folder", path);
    return AZM_OK;
}

static enum azm_status check_owner(const char *path, const struct stat *st, struct azm_error *err)
{
    if (st->st_uid != geteuid())
        return azm_fail(err, AZM_UNSAFE, "the folder %s belongs to user %lu; expected it to be ours, user %lu", path,
                        (unsigned long)st->st_uid, (unsigned long)geteuid());
    if ((st->st_mode & 07777) != 0700)
        return azm_fail(err, AZM_UNSAFE, "the folder %s has mode %04o; expected 0700, closed to others", path,
                        (unsigned)(st->st_mode & 07777));
    return AZM_OK;
}

enum azm_status azm_private_dir_check(const char *path, struct azm_error *err)
{
    struct stat seen, opened;
    enum azm_status status = check_kind(path, &seen, err);
    if (status == AZM_OK)
        status = check_owner(path, &seen, err);
    if (status != AZM_OK)
        return status;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return azm_os_fail(err, errno, "cannot open the folder %s", path);
    if (fstat(fd, &opened) != 0)
        status = azm_os_fail(err, errno, "cannot examine the folder %s", path);
    else if (opened.st_dev != seen.st_dev || opened.st_ino != seen.st_ino)
        status = azm_fail(err, AZM_UNSAFE, "%s was replaced while we looked at it", path);
    close(fd);
    return status;
}

enum azm_status azm_private_dir_make(const char *path, struct azm_error *err)
{
    enum azm_status status = azm_private_dir_check(path, err);
    if (status != AZM_NOT_FOUND)
        return status;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return azm_os_fail(err, errno, "cannot make the folder %s", path);
    return azm_private_dir_check(path, err); /* a umask that takes our own rights away is found here, too */
}
