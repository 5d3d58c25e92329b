#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/failure_posix.h"
#include "os/size_limit_posix.h"

static enum azm_status read_all(int fd, const char *path, struct azm_buf *out, struct azm_error *err)
{
    for (;;) {
        if (out->len == out->max) { /* full: is the file at its end too? */
            char more;
            ssize_t rest = read(fd, &more, 1);
            if (rest == 0)
                return AZM_OK;
            if (rest > 0)
                return azm_fail(err, AZM_TOO_BIG, "%s is longer than the %zu bytes allowed", path, out->max);
        }
        size_t room = out->max - out->len < 65536 ? out->max - out->len : 65536;
        char *at = room ? azm_buf_reserve(out, room) : NULL;
        if (room && !at)
            return azm_fail(err, AZM_NO_MEMORY, "no memory to read %s", path);
        ssize_t got = room ? read(fd, at, room) : -1;
        if (got == 0)
            return AZM_OK;
        if (got > 0)
            out->len += (size_t)got;
        else if (errno != EINTR)
            return azm_os_fail(err, errno, "cannot read %s", path);
    }
}

enum azm_status azm_file_read(const char *path, struct azm_buf *out, struct azm_error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* no wait for the other end of a pipe */
    if (fd < 0)
        return azm_os_fail(err, errno, "cannot open %s", path);
    size_t before = out->len;
    enum azm_status status;
    if (fstat(fd, &st) != 0)
        status = azm_os_fail(err, errno, "cannot examine %s", path);
    else if (!S_ISREG(st.st_mode))
        status = azm_fail(err, AZM_UNSUPPORTED, "%s is not a regular file", path);
    else
        status = read_all(fd, path, out, err);
    if (status != AZM_OK) {
        azm_buf_truncate(out, before);
        out->failed = false;
    }
    close(fd);
    return status;
}

static int write_all(int fd, azm_slice content)
{
    if (azm_os_over_size_limit(content.len))
        return EFBIG;
    while (content.len > 0) {
        ssize_t put = write(fd, content.ptr, content.len);
        if (put >= 0)
            content = azm_slice_drop(content, (size_t)put);
        else if (errno != EINTR)
            return errno;
    }
    return 0;
}

/* The code of the first thing that went wrong, 0 for none. The descriptor is closed in any case. */
static int fill_and_close(int fd, azm_slice content, unsigned mode, bool sync)
{
    int code = write_all(fd, content);
    if (!code && fchmod(fd, (mode_t)mode) != 0) /* whatever the umask says */
        code = errno;
    if (!code && sync && fsync(fd) != 0)
        code = errno;
    if (close(fd) != 0 && !code)
        code = errno;
    return code;
}

static enum azm_status replace(const char *path, azm_slice content, unsigned mode, bool sync, struct azm_error *err)
{
    static _Atomic unsigned serial;
    char beside[PATH_MAX];
    int len = snprintf(beside, sizeof beside, "%s.%ld-%u.tmp", path, (long)getpid(), atomic_fetch_add(&serial, 1));
    if (len < 0 || (size_t)len >= sizeof beside)
        return azm_fail(err, AZM_TOO_BIG, "the path %.200s... is too long", path);
    unlink(beside); /* left by a process of the same number that crashed */
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return azm_os_fail(err, errno, "cannot make %s", beside);
    int code = fill_and_close(fd, content, mode, sync);
    if (code) {
        unlink(beside);
        return azm_os_fail(err, code, "cannot write %s", path);
    }
    if (rename(beside, path) != 0) {
        code = errno;
        unlink(beside);
        return azm_os_fail(err, code, "cannot put the new %s in place", path);
    }
    return AZM_OK;
}

enum azm_status azm_file_write(const char *path, azm_slice content, unsigned mode, struct azm_error *err)
{
    return replace(path, content, mode, true, err);
}

enum azm_status azm_file_put(const char *path, azm_slice content, unsigned mode, struct azm_error *err)
{
    return replace(path, content, mode, false, err);
}

enum azm_status azm_file_claim(const char *path, azm_slice content, unsigned mode, struct azm_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return azm_os_fail(err, errno, "cannot make %s", path);
    int code = fill_and_close(fd, content, mode, false);
    if (!code)
        return AZM_OK;
    unlink(path);
    return azm_os_fail(err, code, "cannot write %s", path);
}

enum azm_status azm_file_append(const char *path, azm_slice content, unsigned mode, struct azm_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode);
    if (fd < 0)
        return azm_os_fail(err, errno, "cannot open %s", path);
    ssize_t n = write(fd, content.ptr, content.len);
    int code = n < 0 ? errno : (size_t)n < content.len ? ENOSPC : 0;
    close(fd);
    return code ? azm_os_fail(err, code, "cannot write %s", path) : AZM_OK;
}

bool azm_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

enum azm_status azm_file_info(const char *path, struct azm_file_info *out, struct azm_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return azm_os_fail(err, errno, "cannot examine %s", path);
    out->kind = S_ISREG(st.st_mode) ? AZM_FILE_REGULAR : S_ISDIR(st.st_mode) ? AZM_FILE_FOLDER : AZM_FILE_OTHER;
    out->size = (uint64_t)st.st_size;
    out->mode = st.st_mode & 07777;
    out->modified_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
    return AZM_OK;
}

enum azm_status azm_file_remove(const char *path, struct azm_error *err)
{
    return unlink(path) == 0 ? AZM_OK : azm_os_fail(err, errno, "cannot remove %s", path);
}

enum azm_status azm_file_rename(const char *from, const char *to, struct azm_error *err)
{
    return rename(from, to) == 0 ? AZM_OK : azm_os_fail(err, errno, "cannot rename %s to %s", from, to);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

enum azm_status azm_dir_make(const char *path, unsigned mode, struct azm_error *err)
{
    char part[PATH_MAX];
    size_t len = azm_slice_copy(azm_slice_str(path), part, sizeof part);
    if (len == 0 || path[len] != '\0')
        return azm_fail(err, len ? AZM_TOO_BIG : AZM_NOT_FOUND, "cannot make a folder at '%.200s'", path);
    for (size_t i = 1; i <= len; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        char kept = part[i];
        part[i] = '\0';
        /* Asked first: folders above may be there and forbid making anything (EACCES, EROFS before EEXIST). */
        if (!is_folder(part) && mkdir(part, (mode_t)mode) != 0) {
            int code = errno;
            if (code != EEXIST || !is_folder(part)) /* another process may have made it in between */
                return azm_os_fail(err, code, "cannot make the folder %s", part);
        }
        part[i] = kept;
    }
    return AZM_OK;
}

enum azm_status azm_dir_writable(const char *path, struct azm_error *err)
{
    return access(path, W_OK | X_OK) == 0 ? AZM_OK : azm_os_fail(err, errno, "cannot write to the folder %s", path);
}

enum azm_status azm_dir_remove(const char *path, struct azm_error *err)
{
    return rmdir(path) == 0 ? AZM_OK : azm_os_fail(err, errno, "cannot remove the folder %s", path);
}

enum azm_status azm_dir_list(const char *path, bool (*each)(void *self, azm_slice name), void *self,
                             struct azm_error *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return azm_os_fail(err, errno, "cannot list the folder %s", path);
    struct dirent *entry;
    for (errno = 0; (entry = readdir(dir)); errno = 0) {
        azm_slice name = azm_slice_str(entry->d_name);
        if (!azm_slice_eq(name, AZM_S(".")) && !azm_slice_eq(name, AZM_S("..")) && !each(self, name))
            break;
    }
    int code = entry ? 0 : errno;
    closedir(dir);
    return code ? azm_os_fail(err, code, "cannot list the folder %s", path) : AZM_OK;
}
