/* A custom handler's start: the host gives it a port to serve HTTP on, in two variables of the same value, and in its
 * arguments where host.json says %FUNCTIONS_CUSTOMHANDLER_PORT%. The tap listens on that one; the handler gets another.
 * Source: WebJobs.Script/Workers/Http of azure-functions-host (HttpWorkerProcess, HttpWorkerConstants). */
#pragma once

#include "base/arena.h"
#include "base/env.h"

/* The port that the host gave; 0: this is no custom handler's place. */
uint16_t azm_handler_port(const struct azm_env *env);
/* A port that nobody has now, not one of those that the system gives to outgoing connections (Linux: 32768 and up), so
 * that it is still free when the handler gets to it. 0: none was found. */
uint16_t azm_handler_free_port(void);

/* envp, or argv, with one port in the other's place: in the two variables; in every argument but the first, wherever it
 * stands as a number of its own. The array and the changed strings live in the arena, the others are the caller's. NULL
 * when the arena is full. */
char **azm_handler_environment(char *const *envp, uint16_t from, uint16_t to, struct azm_arena *arena);
char **azm_handler_arguments(int argc, char *const *argv, uint16_t from, uint16_t to, struct azm_arena *arena);
