/* The language worker's stand-in, put together: finds the true worker, listens, starts it, relays, and ends as it ends.
 *
 * Its life: it ends when the worker ends, with the worker's exit code, after all that the worker sent or said has been
 * passed on (a grandchild that keeps a stream open, or a host that does not read, delays that by at most DRAIN_IDLE_MS
 * without progress). It never ends by itself while the worker lives. When the host dies the worker is asked to end and
 * KILL_AFTER_MS later ended; when the tap dies the worker is killed by the system.
 * A custom handler's port is listened on by the tap as soon as the handler listens on another one.
 * Without a host's address in argv, or such a port, it becomes the worker (execve) and is gone: nothing to relay. */
#pragma once

/* Returns the exit code: the worker's, or 127 (not found) or 126 when it could not be started, as a shell has it; then
 * one line on stderr says why, with the word "error" in it, because the host logs such a line as one. To the host both
 * are a worker that failed to start, and its restart policy follows (0 and 200 would not be). */
int azm_tap_main(int argc, char **argv, char **envp);
