#include "os/entropy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* Kernels and sandboxes without the system call still have the device. */
static ssize_t from_device(char *out, size_t n)
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t got = read(fd, out, n);
    close(fd);
    return got;
}

enum azm_status azm_entropy(void *out, size_t n)
{
    char *at = out;
    for (size_t left = n; left > 0;) {
        ssize_t got = getrandom(at, left, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            got = from_device(at, left);
        if (got <= 0) {
            memset(out, 0, n);
            return AZM_IO;
        }
        at += got;
        left -= (size_t)got;
    }
    return AZM_OK;
}
