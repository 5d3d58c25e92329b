#include "tap/stderr.h"

#include <stdlib.h>

#include <uv.h>

#include "os/standard_error.h"

enum { CHUNK = 64 * 1024 };

struct azm_stderr {
    uv_pipe_t source;
    struct azm_standard_error *out;
    void (*ended)(void *self);
    void *self;
    bool source_ended, told;
    uint64_t moved;
    size_t start, pending; /* of kept */
    size_t tail_len;
    char tail[2 * AZM_STDERR_TAIL]; /* cut to its last half when it is full */
    char kept[CHUNK];
};

static void remember(struct azm_stderr *copy, azm_slice bytes)
{
    if (bytes.len > AZM_STDERR_TAIL)
        bytes = azm_slice_drop(bytes, bytes.len - AZM_STDERR_TAIL);
    if (copy->tail_len + bytes.len > sizeof(copy->tail)) {
        size_t cut = copy->tail_len - AZM_STDERR_TAIL;
        memmove(copy->tail, copy->tail + cut, AZM_STDERR_TAIL);
        copy->tail_len = AZM_STDERR_TAIL;
    }
    memcpy(copy->tail + copy->tail_len, bytes.ptr, bytes.len);
    copy->tail_len += bytes.len;
}

static void end(struct azm_stderr *copy)
{
    if (copy->told)
        return;
    copy->told = true;
    uv_close((uv_handle_t *)&copy->source, NULL);
    copy->ended(copy->self);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void give_kept(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct azm_stderr *copy = handle->data;
    *buf = uv_buf_init(copy->kept, sizeof(copy->kept));
}

/* A standard error of ours that nobody reads: the worker shall find the same, so its pipe is closed. */
static void pass_on(struct azm_stderr *copy)
{
    size_t taken;
    enum azm_status status =
        azm_standard_error_write(copy->out, azm_slice_of(copy->kept + copy->start, copy->pending), &taken);
    copy->moved += taken;
    copy->start += taken;
    copy->pending -= taken;
    if (status != AZM_OK || (copy->pending == 0 && copy->source_ended)) {
        copy->pending = 0;
        end(copy);
    } else if (copy->pending > 0) {
        uv_read_stop((uv_stream_t *)&copy->source);
        azm_standard_error_wait(copy->out);
    }
}

static void on_writable(void *self)
{
    struct azm_stderr *copy = self;
    if (copy->told)
        return;
    pass_on(copy);
    if (!copy->told && copy->pending == 0)
        uv_read_start((uv_stream_t *)&copy->source, give_kept, on_read);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct azm_stderr *copy = stream->data;
    (void)buf; /* kept */
    if (n > 0) {
        copy->start = 0;
        copy->pending = (size_t)n;
        remember(copy, azm_slice_of(copy->kept, (size_t)n));
        pass_on(copy);
    } else if (n < 0) {
        copy->source_ended = true;
        end(copy);
    }
}

struct azm_stderr *azm_stderr_open(struct uv_loop_s *loop, void (*ended)(void *self), void *self)
{
    struct azm_stderr *copy = malloc(sizeof(*copy)); /* kept stays untouched until there is something to keep */
    if (!copy)
        return NULL;
    memset(copy, 0, offsetof(struct azm_stderr, tail));
    copy->ended = ended;
    copy->self = self;
    copy->out = azm_standard_error_open(loop, on_writable, copy);
    if (!copy->out || uv_pipe_init(loop, &copy->source, 0) != 0) {
        free(copy);
        return NULL;
    }
    copy->source.data = copy;
    return copy;
}

void azm_stderr_read_from(struct azm_stderr *copy, int fd)
{
    if (uv_pipe_open(&copy->source, fd) == 0)
        uv_read_start((uv_stream_t *)&copy->source, give_kept, on_read);
}

bool azm_stderr_ended(const struct azm_stderr *copy)
{
    return copy->told;
}

uint64_t azm_stderr_moved(const struct azm_stderr *copy)
{
    return copy->moved;
}

azm_slice azm_stderr_tail(struct azm_stderr *copy)
{
    size_t cut = copy->tail_len > AZM_STDERR_TAIL ? copy->tail_len - AZM_STDERR_TAIL : 0;
    return azm_slice_of(copy->tail + cut, copy->tail_len - cut);
}
