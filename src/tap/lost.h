/* Invocations that will not be answered any more: when that is known of them, and how they were cut off. */
#pragma once

#include "tap/ending.h"

struct azm_session;

/* No answer can come any more for any that is open: the streams are gone, since then, or the worker is. A worker that
 * was asked to end was stopped, however it ended. */
void azm_lost_open(struct azm_session *session, enum azm_cut cut, int64_t now_us);
/* Once a second: streams whose worker lives on, a worker that does not end when it is asked to, timeouts. */
void azm_lost_tick(struct azm_session *session, int64_t now_us);
