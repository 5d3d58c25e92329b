#include "os/ticker.h"

#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <uv.h>

static struct {
    union {
        uv_poll_t poll;
        uv_timer_t timer; /* where there is no descriptor left for the better one */
    } handle;
    int fd;
    void (*tick)(void *self);
    void *self;
} ticker;

static void on_poll(uv_poll_t *poll, int status, int events)
{
    uint64_t missed;
    (void)poll;
    (void)status;
    (void)events;
    if (read(ticker.fd, &missed, sizeof(missed)) == (ssize_t)sizeof(missed))
        ticker.tick(ticker.self);
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
    ticker.tick(ticker.self);
}

void azm_ticker_start(struct uv_loop_s *loop, int interval_ms, void (*tick)(void *self), void *self)
{
    struct timespec interval = {.tv_sec = interval_ms / 1000, .tv_nsec = (long)(interval_ms % 1000) * 1000000};
    struct itimerspec every = {.it_interval = interval, .it_value = interval};
    ticker.tick = tick;
    ticker.self = self;
    ticker.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (ticker.fd >= 0 && timerfd_settime(ticker.fd, 0, &every, NULL) == 0 &&
        uv_poll_init(loop, &ticker.handle.poll, ticker.fd) == 0) {
        uv_poll_start(&ticker.handle.poll, UV_READABLE, on_poll);
    } else {
        uv_timer_init(loop, &ticker.handle.timer);
        uv_timer_start(&ticker.handle.timer, on_timer, (uint64_t)interval_ms, (uint64_t)interval_ms);
    }
    uv_unref((uv_handle_t *)&ticker.handle);
}
