#include "os/standard_error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

enum {
    RETRY_MS = 10,
    ONE_PAGE = 4096, /* a pipe that polls writable takes this much without waiting */
};

enum kind {
    KIND_PLAIN,  /* a regular file: writing does not wait for anybody */
    KIND_SOCKET, /* send() can be told not to wait */
    KIND_OWN,    /* pipe or terminal, opened anew and not blocking for us alone */
    KIND_SHARED, /* pipe or terminal that could not be opened anew: look first, then write little */
};

struct azm_standard_error {
    enum kind kind;
    int fd;
    union {
        uv_poll_t poll;   /* KIND_OWN */
        uv_timer_t timer; /* otherwise: uv_poll_init() would make the shared file not blocking */
    } wait;
    void (*writable)(void *self);
    void *self;
};

static enum kind open_kind(int *fd)
{
    struct stat st;
    *fd = STDERR_FILENO;
    if (fstat(STDERR_FILENO, &st) != 0 || S_ISREG(st.st_mode))
        return KIND_PLAIN;
    if (S_ISSOCK(st.st_mode))
        return KIND_SOCKET;
    int own = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own < 0)
        return KIND_SHARED;
    *fd = own;
    return KIND_OWN;
}

struct azm_standard_error *azm_standard_error_open(struct uv_loop_s *loop, void (*writable)(void *self), void *self)
{
    struct azm_standard_error *out = calloc(1, sizeof(*out));
    if (!out)
        return NULL;
    out->writable = writable;
    out->self = self;
    out->kind = open_kind(&out->fd);
    if (out->kind == KIND_OWN && uv_poll_init(loop, &out->wait.poll, out->fd) != 0)
        out->kind = KIND_PLAIN; /* a device that cannot be polled, as the null device, never makes us wait */
    if (out->kind == KIND_OWN)
        out->wait.poll.data = out;
    else if (uv_timer_init(loop, &out->wait.timer) == 0)
        out->wait.timer.data = out;
    return out;
}

static ssize_t write_now(const struct azm_standard_error *out, azm_slice bytes)
{
    switch (out->kind) {
    case KIND_PLAIN:
    case KIND_OWN: return write(out->fd, bytes.ptr, bytes.len);
    case KIND_SOCKET: return send(out->fd, bytes.ptr, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    case KIND_SHARED: {
        struct pollfd ready = {.fd = out->fd, .events = POLLOUT};
        if (poll(&ready, 1, 0) == 0) {
            errno = EAGAIN;
            return -1;
        }
        return write(out->fd, bytes.ptr, bytes.len < ONE_PAGE ? bytes.len : ONE_PAGE);
    }
    }
    azm_unreachable();
}

enum azm_status azm_standard_error_write(struct azm_standard_error *out, azm_slice bytes, size_t *taken)
{
    *taken = 0;
    while (*taken < bytes.len) {
        ssize_t n = write_now(out, azm_slice_drop(bytes, *taken));
        if (n > 0)
            *taken += (size_t)n;
        else if (n < 0 && errno == EINTR)
            continue;
        else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS)
            return AZM_IO;
        else
            return AZM_OK;
    }
    return AZM_OK;
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    (void)status; /* an error shows at the next write */
    (void)events;
    struct azm_standard_error *out = handle->data;
    uv_poll_stop(handle);
    out->writable(out->self);
}

static void on_timer(uv_timer_t *handle)
{
    struct azm_standard_error *out = handle->data;
    out->writable(out->self);
}

void azm_standard_error_wait(struct azm_standard_error *out)
{
    if (out->kind == KIND_OWN)
        uv_poll_start(&out->wait.poll, UV_WRITABLE, on_poll);
    else
        uv_timer_start(&out->wait.timer, on_timer, RETRY_MS, 0);
}
