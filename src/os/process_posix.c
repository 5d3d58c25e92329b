#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uv.h>

#include "base/attr.h"

static const int passed_on[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

struct azm_process {
    pid_t pid; /* 0 once it has been reaped: the number may belong to another process by then */
    int signal_fd;
    bool asked;
    uv_poll_t poll;
    void (*ended)(void *self, int exit_code);
    void *self;
};

/* Signals as they were when we were started. */
static struct {
    sigset_t mask;
    sigset_t ignored;
} inherited;

void azm_process_inherit(void)
{
    sigprocmask(SIG_SETMASK, NULL, &inherited.mask);
    sigemptyset(&inherited.ignored);
    for (int signum = 1; signum < NSIG; signum++) {
        struct sigaction now;
        if (sigaction(signum, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
            sigaddset(&inherited.ignored, signum);
    }
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/dev/null", O_RDWR | O_CLOEXEC); /* takes the lowest free number: fd */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* ignored, a child would leave no exit code */
}

/* In the child between vfork and execve, or right before our own execve: async-signal-safe calls only. */
static void restore_signals(void)
{
    for (int signum = 1; signum < NSIG; signum++) {
        struct sigaction plain = {.sa_handler = sigismember(&inherited.ignored, signum) == 1 ? SIG_IGN : SIG_DFL};
        sigaction(signum, &plain, NULL); /* fails for SIGKILL and the like, which does not matter */
    }
    sigprocmask(SIG_SETMASK, &inherited.mask, NULL);
}

static enum azm_status fail_errno(struct azm_error *err, const char *program, int cause)
{
    enum azm_status status = cause == ENOENT || cause == ENOTDIR  ? AZM_NOT_FOUND
                             : cause == EACCES || cause == EPERM  ? AZM_DENIED
                             : cause == ENOMEM || cause == EAGAIN ? AZM_NO_MEMORY
                                                                  : AZM_IO;
    char text[128];
    uv_strerror_r(-cause, text, sizeof(text));
    return azm_fail(err, status, "cannot start \"%.300s\": %s", program, text);
}

enum azm_status azm_process_become(const char *program, char *const *argv, char *const *envp, struct azm_error *err)
{
    restore_signals();
    execve(program, argv, envp);
    int cause = errno;
    signal(SIGPIPE, SIG_IGN);
    return fail_errno(err, program, cause);
}

/* The child's half of a vfork: it runs on our memory while we stand still, so it only makes system calls and leaves
 * the reason of a failure in *failure. */
static void child_main(const struct azm_process_options *options, int stderr_fd, pid_t us, volatile int *failure)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        *failure = errno;
    else if (getppid() != us) /* we died before the line above: nobody would kill it */
        *failure = ESRCH;
    else if (stderr_fd >= 0 && dup2(stderr_fd, STDERR_FILENO) < 0)
        *failure = errno;
    if (*failure != 0)
        _exit(127);
    restore_signals();
    execve(options->program, options->argv, options->envp);
    *failure = errno;
    _exit(127);
}

static pid_t spawn(const struct azm_process_options *options, int stderr_fd, int *failure)
{
    volatile int cause = 0;
    pid_t us = getpid();
    /* Not posix_spawn, which cannot tie the child to us; not fork, which copies page tables in the cold start. */
    pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
    if (pid == 0)
        child_main(options, stderr_fd, us, &cause); /* NOLINT(clang-analyzer-unix.Vfork) */
    if (pid < 0)
        cause = errno;
    if (pid > 0 && cause != 0)
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    *failure = cause;
    return cause != 0 ? 0 : pid;
}

static void reap(struct azm_process *process)
{
    int status;
    if (process->pid <= 0 || waitpid(process->pid, &status, WNOHANG) != process->pid)
        return;
    process->pid = 0;
    process->ended(process->self, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void on_signal(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    struct azm_process *process = handle->data;
    struct signalfd_siginfo info;
    while (read(process->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD) {
            reap(process);
            continue;
        }
        process->asked |= info.ssi_signo != SIGUSR1 && info.ssi_signo != SIGUSR2;
        if (info.ssi_code != SI_KERNEL && process->pid > 0) /* a terminal's goes to the whole group */
            kill(process->pid, (int)info.ssi_signo);
    }
}

/* Signals are blocked and read from a descriptor: it tells who sent them, none is missed before the loop runs, and no
 * handler of ours can run in a vforked child. */
static int open_signals(struct azm_process *process, struct uv_loop_s *loop)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (size_t i = 0; i < AZM_COUNT(passed_on); i++)
        sigaddset(&set, passed_on[i]);
    sigprocmask(SIG_SETMASK, &set, NULL);
    process->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (process->signal_fd < 0)
        return errno;
    int rc = uv_poll_init(loop, &process->poll, process->signal_fd);
    if (rc == 0)
        rc = uv_poll_start(&process->poll, UV_READABLE, on_signal);
    return -rc;
}

/* The child has them now. We keep the numbers taken, but not the streams: when the child closes its end, the other side
 * must see it. */
static void leave_standard_streams(void)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0)
        return;
    dup3(null_fd, STDIN_FILENO, O_CLOEXEC);
    dup3(null_fd, STDOUT_FILENO, O_CLOEXEC);
    if (null_fd > STDERR_FILENO)
        close(null_fd);
}

static int start(struct azm_process *process, const struct azm_process_options *options, int pipe_fds[2])
{
    int failure = open_signals(process, options->loop);
    if (failure == 0 && options->stderr_pipe && pipe2(pipe_fds, O_CLOEXEC) != 0)
        failure = errno;
    if (failure == 0)
        process->pid = spawn(options, pipe_fds[1], &failure);
    if (pipe_fds[1] >= 0)
        close(pipe_fds[1]);
    return failure;
}

struct azm_process *azm_process_start(const struct azm_process_options *options, int *stderr_fd, struct azm_error *err)
{
    *stderr_fd = -1;
    struct azm_process *process = calloc(1, sizeof(*process));
    if (!process) {
        (void)fail_errno(err, options->program, ENOMEM);
        return NULL;
    }
    process->signal_fd = -1;
    process->poll.data = process;
    process->ended = options->ended;
    process->self = options->self;
    int pipe_fds[2] = {-1, -1};
    int failure = start(process, options, pipe_fds);
    if (failure != 0) {
        if (pipe_fds[0] >= 0)
            close(pipe_fds[0]);
        azm_process_free(process);
        (void)fail_errno(err, options->program, failure);
        return NULL;
    }
    leave_standard_streams();
    if (pipe_fds[0] >= 0)
        fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
    *stderr_fd = pipe_fds[0];
    return process;
}

static void free_closed(uv_handle_t *handle)
{
    struct azm_process *process = handle->data;
    close(process->signal_fd);
    free(process);
}

void azm_process_free(struct azm_process *process)
{
    if (process && process->poll.loop)
        uv_close((uv_handle_t *)&process->poll, free_closed);
    else
        free(process);
}

bool azm_process_was_asked(const struct azm_process *process)
{
    return process->asked;
}

static void send_signal(struct azm_process *process, int signum)
{
    process->asked = true;
    if (process->pid > 0)
        kill(process->pid, signum);
}

uint32_t azm_process_id(const struct azm_process *process)
{
    return (uint32_t)process->pid;
}

void azm_process_terminate(struct azm_process *process)
{
    send_signal(process, SIGTERM);
}

void azm_process_kill(struct azm_process *process)
{
    send_signal(process, SIGKILL);
}

struct azm_parent {
    pid_t pid;
    int fd; /* a pidfd, or -1 */
    uv_poll_t poll;
    void (*gone)(void *self);
    void *self;
};

static void on_parent_event(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    struct azm_parent *parent = handle->data;
    uv_poll_stop(handle);
    parent->gone(parent->self);
}

static int open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself */
#else
    (void)pid;
    return -1;
#endif
}

struct azm_parent *azm_parent_watch(struct uv_loop_s *loop, void (*gone)(void *self), void *self)
{
    struct azm_parent *parent = calloc(1, sizeof(*parent));
    if (!parent)
        return NULL;
    *parent = (struct azm_parent){.pid = getppid(), .fd = -1, .gone = gone, .self = self};
    parent->poll.data = parent;
    if (parent->pid > 0) /* 0: it is outside our pid namespace */
        parent->fd = open_pidfd(parent->pid);
    if (parent->fd < 0)
        return parent;
    if (getppid() == parent->pid && uv_poll_init(loop, &parent->poll, parent->fd) == 0) {
        uv_poll_start(&parent->poll, UV_READABLE, on_parent_event);
        uv_unref((uv_handle_t *)&parent->poll);
        return parent;
    }
    close(parent->fd);
    parent->fd = -1;
    return parent;
}

bool azm_parent_gone(const struct azm_parent *parent)
{
    return getppid() != parent->pid;
}

static void free_parent_closed(uv_handle_t *handle)
{
    struct azm_parent *parent = handle->data;
    close(parent->fd);
    free(parent);
}

void azm_parent_free(struct azm_parent *parent)
{
    if (parent && parent->fd >= 0)
        uv_close((uv_handle_t *)&parent->poll, free_parent_closed);
    else
        free(parent);
}

void azm_process_raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}
