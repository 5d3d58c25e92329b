/* A slow, regular tick of a loop that is otherwise woken very often. A timer of libuv's would set and clear the
 * system's timer around every sleep of the loop: some 5 % of what a relayed chunk costs. This one is set once. One per
 * process; it does not keep the loop alive. */
#pragma once

struct uv_loop_s;

void azm_ticker_start(struct uv_loop_s *loop, int interval_ms, void (*tick)(void *self), void *self);
