#include "export/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct file {
    struct azm_sender sender;
    FILE *out;
    bool torn; /* the last write failed: what follows begins on a line of its own */
};

static void send_file(struct azm_sender *self, const struct azm_sending *sending, struct azm_sent *out)
{
    struct file *file = (struct file *)self;
    *out = (struct azm_sent){.reply.verdict = AZM_VERDICT_DELIVERED, .bytes_out = sending->body.len};
    clearerr(file->out);
    bool ok = !file->torn || fputc('\n', file->out) != EOF;
    ok = ok && fwrite(sending->body.ptr, 1, sending->body.len, file->out) == sending->body.len;
    ok = ok && fflush(file->out) == 0;
    file->torn = !ok;
    if (ok)
        return;
    out->reply.verdict = AZM_VERDICT_RETRY;
    out->bytes_out = 0;
    snprintf(out->problem, sizeof out->problem, "cannot write: %s", strerror(errno));
}

static void stop(struct azm_sender *self)
{
    (void)self; /* a write is short */
}

static void close_file(struct azm_sender *self)
{
    struct file *file = (struct file *)self;
    if (file->out != stdout)
        fclose(file->out);
    free(file);
}

struct azm_sender *azm_file_sender_open(const char *path, struct azm_error *err)
{
    bool to_stdout = strcmp(path, "-") == 0;
    struct file *file = calloc(1, sizeof *file);
    if (!file) {
        azm_fail(err, AZM_NO_MEMORY, "no memory to write %s", path);
        return NULL;
    }
    file->sender = (struct azm_sender){send_file, stop, close_file, .loopback = true};
    file->out = to_stdout ? stdout : fopen(path, "ab");
    if (file->out) {
        setvbuf(file->out, NULL, _IONBF, 0); /* nothing is left behind in a buffer when a write fails */
        return &file->sender;
    }
    azm_fail(err, AZM_IO, "cannot write %s: %s", path, strerror(errno));
    free(file);
    return NULL;
}
