#include "os/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/slice.h"
#include "os/failure_posix.h"

uint32_t azm_self_pid(void)
{
    return (uint32_t)getpid();
}

uint32_t azm_self_parent_pid(void)
{
    return (uint32_t)getppid();
}

enum azm_status azm_self_path(char *out, size_t size, struct azm_error *err)
{
    ssize_t len = readlink("/proc/self/exe", out, size);
    if (len < 0)
        return azm_os_fail(err, errno, "cannot read /proc/self/exe");
    if ((size_t)len >= size)
        return azm_fail(err, AZM_TOO_BIG, "the path of our own executable is longer than %zu bytes", size - 1);
    out[len] = '\0';
    azm_slice path = {out, (size_t)len};
    if (azm_slice_ends(path, AZM_S(" (deleted)"))) /* what the kernel appends once the file was replaced */
        out[path.len - AZM_S(" (deleted)").len] = '\0';
    return AZM_OK;
}

/* "<pid> (<name, with any bytes in it>) S <ppid> ...": field 22 is the 20th after the last bracket. */
static bool field_22(azm_slice stat, uint64_t *out)
{
    azm_slice rest = azm_slice_drop(stat, azm_slice_rfind(stat, ')') + 2), part;
    for (int field = 3; azm_slice_split(&rest, ' ', &part); field++)
        if (field == 22)
            return azm_slice_to_u64(part, out) == AZM_OK;
    return false;
}

enum azm_status azm_process_start_time(uint32_t pid, uint64_t *out, struct azm_error *err)
{
    char path[40], text[1024];
    snprintf(path, sizeof path, "/proc/%lu/stat", (unsigned long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return azm_os_fail(err, errno, "cannot open %s", path);
    ssize_t len = read(fd, text, sizeof text);
    int code = len < 0 ? errno : 0;
    close(fd);
    if (code == ESRCH) /* it ended between open and read */
        return azm_fail(err, AZM_NOT_FOUND, "process %lu has ended", (unsigned long)pid);
    if (code)
        return azm_os_fail(err, code, "cannot read %s", path);
    if (!field_22((azm_slice){text, (size_t)len}, out))
        return azm_fail(err, AZM_BAD_INPUT, "%s has no start time in field 22", path);
    return AZM_OK;
}
