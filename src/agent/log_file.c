#include "agent/log_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "os/file.h"

static struct {
    FILE *file;
    size_t size;
    char path[600], head[2048];
    bool also_stderr;
} out;

static bool begin(const char *mode)
{
    out.file = fopen(out.path, mode);
    if (!out.file)
        return false;
    setvbuf(out.file, NULL, _IOLBF, 8192);
    fseek(out.file, 0, SEEK_END);
    long at = ftell(out.file);
    out.size = at > 0 ? (size_t)at : 0;
    out.size += (size_t)fprintf(out.file, "%s", out.head);
    fflush(out.file);
    return true;
}

static void rotate(void)
{
    char first[sizeof out.path + 8], second[sizeof out.path + 8];
    snprintf(first, sizeof first, "%s.1", out.path);
    snprintf(second, sizeof second, "%s.2", out.path);
    if (out.file)
        fclose(out.file);
    /* What cannot be kept is lost, and often there is none yet: a log must not grow for ever. */
    enum azm_status older = azm_file_rename(first, second, NULL), newer = azm_file_rename(out.path, first, NULL);
    (void)older, (void)newer;
    begin("w");
}

static void write_line(void *self, enum azm_log_level level, const char *line)
{
    (void)self;
    (void)level;
    if (out.also_stderr)
        fprintf(stderr, "%s\n", line);
    size_t len = strlen(line) + 1;
    if (out.size + len > AZM_LOG_FILE_MAX || !out.file)
        rotate();
    if (out.file && fprintf(out.file, "%s\n", line) > 0)
        out.size += len;
}

enum azm_status azm_log_file_open(const char *path, enum azm_log_level level, const char *head, bool also_stderr,
                                  struct azm_error *err)
{
    snprintf(out.path, sizeof out.path, "%s", path);
    snprintf(out.head, sizeof out.head, "%s", head);
    out.also_stderr = also_stderr;
    if (!begin("a"))
        return azm_fail(err, AZM_IO, "cannot write the log %s: %s", path, strerror(errno));
    azm_log_setup(level, write_line, NULL);
    return AZM_OK;
}

void azm_log_file_close(void)
{
    azm_log_setup(AZM_LOG_WARN, NULL, NULL);
    if (out.file)
        fclose(out.file);
    out.file = NULL;
}
