/* A child that stands in the customer's path: started as the one it replaces would have been, tied to our life, watched
 * without waiting. libuv's own uv_spawn() is not used because it cannot tie a child's life to ours.
 * Everything lives on one thread, the loop's. */
#pragma once

#include "base/slice.h"

struct uv_loop_s;

/* What the process got from whoever started it and its child shall get too: the signal mask and which signals are
 * ignored. Call first thing in main, before anything changes them; it also puts the null device in place of standard
 * streams that are closed, so that no socket of ours takes their number, and ignores SIGPIPE for ourselves. */
void azm_process_inherit(void);

struct azm_process;

struct azm_process_options {
    const char *program;    /* a path, not searched for */
    char *const *argv;      /* ended by NULL; argv[0] as the child shall see it */
    char *const *envp;      /* ended by NULL */
    bool stderr_pipe;       /* the child's standard error goes to *stderr_fd below instead of our own */
    struct uv_loop_s *loop; /* where ended() is called */
    /* Once, when the child has ended: its exit code, or 128 + n for signal n, as a shell (and .NET) has it. */
    void (*ended)(void *self, int exit_code);
    void *self;
};

/* Starts the child in our working directory with our standard input and output (which we then let go of, so that an
 * end of them is seen as before) and no other handle of ours. One child per process.
 * It is killed when we die, however we die (Linux: PR_SET_PDEATHSIG, which follows the *thread* that starts it, so call
 * this on the main thread; the race with a death in between is checked).
 * From then on SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 are passed on to it, but for those the terminal
 * sends: they reach the child by themselves.
 * *stderr_fd: the reading end, not blocking, the caller's; -1 without stderr_pipe.
 * NULL: could not be started, err says why with status AZM_NOT_FOUND, AZM_DENIED, AZM_NO_MEMORY or AZM_IO. */
struct azm_process *azm_process_start(const struct azm_process_options *options, int *stderr_fd, struct azm_error *err);
/* Stops watching; the child itself is left alone. NULL is fine. */
void azm_process_free(struct azm_process *process);

/* Its number; 0 once it has ended. */
uint32_t azm_process_id(const struct azm_process *process);

/* It was asked to end: by one of the two below, or by a signal that was passed on to it or came from the terminal. */
bool azm_process_was_asked(const struct azm_process *process);

/* Asks it to end (SIGTERM), or ends it (SIGKILL). Nothing happens when it has ended already. */
void azm_process_terminate(struct azm_process *process);
void azm_process_kill(struct azm_process *process);

/* Becomes the program (same process, same parent, same everything) with the signals as they were inherited.
 * Returns only on failure. */
enum azm_status azm_process_become(const char *program, char *const *argv, char *const *envp, struct azm_error *err);

/* Whoever started us. Its death is what ends a worker that does not notice it by itself. PR_SET_PDEATHSIG is no use
 * here: it fires when the *thread* that started us ends, and a .NET host starts workers from pool threads that come and
 * go. */
struct azm_parent;
/* gone() is called once, from the loop, as soon as the parent is dead, where the kernel can tell (Linux 5.3: a pidfd);
 * elsewhere azm_parent_gone() must be asked now and then. A parent that died before this call cannot be known.
 * NULL when memory is out. */
struct azm_parent *azm_parent_watch(struct uv_loop_s *loop, void (*gone)(void *self), void *self);
bool azm_parent_gone(const struct azm_parent *parent);
void azm_parent_free(struct azm_parent *parent); /* NULL is fine */

/* Raises our own limit of open files to what we may have; the child, started before, keeps what it got. */
void azm_process_raise_file_limit(void);
