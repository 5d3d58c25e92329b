#include "program/detach.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { LOG_MAX = 1024 * 1024 };

struct child {
    const char *name;
    uv_process_t process;
    uv_pipe_t out, err;
    bool ready, exited;
    int code;
    char text[8192];
};

char **azm_detach_copy(int argc, char **argv)
{
    char **args = calloc((size_t)argc + 4, sizeof *args);
    int n = 1; /* the executable's path comes first */
    for (int i = 0; args && i < argc; i++)
        if (strcmp(argv[i], "--daemon") != 0)
            args[n++] = argv[i];
    static char detached[] = "--detached";
    if (args)
        args[n] = detached;
    return args;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct child *child = handle->data;
    *buf = uv_buf_init(child->text, sizeof child->text);
}

static void on_out(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct child *child = stream->data;
    if (n < 0) {
        uv_read_stop(stream);
        return;
    }
    fwrite(buf->base, 1, (size_t)n, stdout);
    if (n > 0 && memchr(buf->base, '\n', (size_t)n)) {
        child->ready = true;
        uv_stop(stream->loop);
    }
}

static void on_err(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    if (n < 0)
        uv_read_stop(stream);
    else
        fwrite(buf->base, 1, (size_t)n, stderr);
}

static void on_end(uv_process_t *process, int64_t code, int signal)
{
    struct child *child = process->data;
    child->exited = true;
    child->code = signal ? 128 + signal : (int)code;
}

static int start(uv_loop_t *loop, struct child *child, char **args)
{
    static char path[4096];
    size_t size = sizeof path;
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}};
    const uv_process_options_t options = {.exit_cb = on_end,
                                          .file = path,
                                          .args = args,
                                          .flags = UV_PROCESS_DETACHED | UV_PROCESS_WINDOWS_HIDE,
                                          .stdio_count = 3,
                                          .stdio = stdio};
    uv_pipe_init(loop, &child->out, 0);
    uv_pipe_init(loop, &child->err, 0);
    child->process.data = child->out.data = child->err.data = child;
    stdio[1] =
        (uv_stdio_container_t){.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&child->out};
    stdio[2] =
        (uv_stdio_container_t){.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&child->err};
    int rc = uv_exepath(path, &size);
    args[0] = path;
    return rc == 0 ? uv_spawn(loop, &child->process, &options) : rc;
}

int azm_detach_run(const char *name, char **args)
{
    uv_loop_t *loop = uv_default_loop();
    struct child child = {.name = name};
    int rc = args ? start(loop, &child, args) : UV_ENOMEM;
    if (rc != 0) {
        fprintf(stderr, "%s: cannot be started in the background: %s\n", name, uv_strerror(rc));
        return 1;
    }
    uv_read_start((uv_stream_t *)&child.out, on_alloc, on_out);
    uv_read_start((uv_stream_t *)&child.err, on_alloc, on_err);
    uv_run(loop, UV_RUN_DEFAULT); /* until it is ready, or gone with all that it said */
    fflush(stdout);
    return child.ready ? 0 : child.exited && child.code ? child.code : 1;
}

static struct {
    FILE *file;
    char path[4096];
} log_to;

static void write_line(void *self, enum azm_log_level level, const char *line)
{
    (void)self;
    (void)level;
    if (ftell(log_to.file) > LOG_MAX) { /* one old file is kept */
        char old[sizeof log_to.path + 4];
        snprintf(old, sizeof old, "%s.1", log_to.path);
        fclose(log_to.file);
        remove(old);
        rename(log_to.path, old);
        log_to.file = fopen(log_to.path, "a");
        if (!log_to.file) {
            azm_log_setup(AZM_LOG_OFF, NULL, NULL);
            return;
        }
    }
    fprintf(log_to.file, "%s\n", line);
    fflush(log_to.file);
}

bool azm_detach_log(const char *dir)
{
    snprintf(log_to.path, sizeof log_to.path, "%s/hub.log", dir);
    log_to.file = fopen(log_to.path, "a");
    if (log_to.file)
        azm_log_setup(AZM_LOG_WARN, write_line, NULL);
    return log_to.file != NULL;
}
