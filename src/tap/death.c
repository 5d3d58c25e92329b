#include "tap/death.h"

#include <stdio.h>

#include "tap/stderr.h"
#include "trace/redact_text.h"

#define RESTART  200                    /* by which a worker asks its host for another one */
#define TAIL_MAX (4u * AZM_STDERR_TAIL) /* what hides a secret may be longer than it */

/* 128 and SIGHUP, SIGINT, SIGTERM: it was told to end by somebody else. */
static bool is_request(int exit_code)
{
    return exit_code == 128 + 1 || exit_code == 128 + 2 || exit_code == 128 + 15;
}

static const char *name_of_signal(int signum)
{
    static const struct {
        int signum;
        const char *name;
    } names[] = {{3, " (SIGQUIT)"}, {4, " (SIGILL)"},  {6, " (SIGABRT)"}, {7, " (SIGBUS)"},
                 {8, " (SIGFPE)"},  {9, " (SIGKILL)"}, {11, " (SIGSEGV)"}};
    for (size_t i = 0; i < AZM_COUNT(names); i++)
        if (names[i].signum == signum)
            return names[i].name;
    return "";
}

static void say(struct azm_death *death, int exit_code)
{
    /* A shell's and .NET's way; there is no telling it from a worker that returned that number itself. */
    int signum = exit_code > 128 && exit_code <= 128 + 64 ? exit_code - 128 : 0;
    if (signum)
        snprintf(death->message, sizeof death->message, "The language worker exited with code %d: signal %d%s",
                 exit_code, signum, name_of_signal(signum));
    else
        snprintf(death->message, sizeof death->message, "The language worker exited with code %d", exit_code);
}

/* The first line may have lost its beginning, and a secret in it the name that gives it away. */
static azm_slice whole_lines(azm_slice tail)
{
    if (tail.len < AZM_STDERR_TAIL)
        return tail;
    return azm_slice_drop(tail, azm_slice_find(tail, '\n') + 1);
}

bool azm_worker_end_was_asked(const struct azm_worker_end *end)
{
    return end->asked || is_request(end->exit_code);
}

bool azm_death_of(struct azm_death *death, const struct azm_worker_end *end, int64_t wall_us)
{
    if (end->exit_code == 0 || end->exit_code == RESTART || azm_worker_end_was_asked(end) || death->happened)
        return false;
    death->happened = true;
    death->wall_us = wall_us;
    say(death, end->exit_code);
    azm_buf_init(&death->tail, TAIL_MAX);
    azm_redact_text(&death->tail, whole_lines(end->stderr_tail));
    return true;
}

void azm_death_dispose(struct azm_death *death)
{
    if (death->happened)
        azm_buf_dispose(&death->tail);
}

struct azm_exception azm_death_exception(struct azm_death *death, struct azm_random *random)
{
    bool first = !death->told;
    death->told = true;
    return (struct azm_exception){.error_id = azm_trace_id_new(random),
                                  .type = AZM_S("WorkerProcessExitException"), /* as the host calls it */
                                  .message = azm_slice_str(death->message),
                                  .stack =
                                      first && !death->tail.failed ? azm_buf_slice(&death->tail) : (azm_slice){NULL, 0},
                                  .handled = AZM_FALSE};
}
