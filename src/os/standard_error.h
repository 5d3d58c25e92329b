/* Our own standard error, written to without ever waiting, and without a change that others who share it would notice:
 * "not blocking" belongs to the open file, and that is the host's, perhaps the worker's standard output too.
 * Lives on the loop's thread. */
#pragma once

#include "base/slice.h"

struct uv_loop_s;
struct azm_standard_error;

/* writable() is called once after azm_standard_error_wait(). NULL when memory is out. */
struct azm_standard_error *azm_standard_error_open(struct uv_loop_s *loop, void (*writable)(void *self), void *self);

/* *taken: how many bytes were written; fewer than given when it is full. AZM_IO: nobody reads it any more. */
enum azm_status azm_standard_error_write(struct azm_standard_error *out, azm_slice bytes, size_t *taken) AZM_MUST_CHECK;

void azm_standard_error_wait(struct azm_standard_error *out);
