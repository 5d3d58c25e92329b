/* Running this program once more, in the background: the parent waits until the child says on stdout that it is ready,
 * shows that, and leaves. What the child says on stderr until then is shown, too. */
#pragma once

#include <stdbool.h>

/* A copy of argv to start the child with: this executable, argv without --daemon, and --detached. NULL without memory.
 * One allocation, free() it; the strings are argv's. */
char **azm_detach_copy(int argc, char **argv);
/* Returns the parent's exit code: 0 when the child is ready, else what the child exited with. */
int azm_detach_run(const char *name, char **args);
/* In the child, when it is ready: what it logs goes to DIR/hub.log from now on. */
bool azm_detach_log(const char *dir);
