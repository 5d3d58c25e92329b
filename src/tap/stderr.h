/* The worker's standard error on its way to ours, byte for byte. The host reads it line by line and judges its lines
 * (a "warn" or an "error" in them), so nothing of ours is mixed in. When ours is not read, the worker's is not read
 * either and at most one read (64 KiB) is kept. The last 4 KiB are remembered for the error event of a worker that
 * died. One thread: the loop's. */
#pragma once

#include "base/slice.h"

struct uv_loop_s;
struct azm_stderr;

enum { AZM_STDERR_TAIL = 4096 };

/* Before the worker is started, so that there is no worker without it. ended() is called once, when all has been passed
 * on to the end. NULL when memory is out. */
struct azm_stderr *azm_stderr_open(struct uv_loop_s *loop, void (*ended)(void *self), void *self);
/* Takes over fd, the reading end of the worker's pipe. */
void azm_stderr_read_from(struct azm_stderr *copy, int fd);
bool azm_stderr_ended(const struct azm_stderr *copy);
/* Bytes passed on so far: to see progress. */
uint64_t azm_stderr_moved(const struct azm_stderr *copy);
/* The last bytes, oldest first; borrowed until the loop runs again. */
azm_slice azm_stderr_tail(struct azm_stderr *copy);
