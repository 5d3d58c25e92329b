/* A private folder, first on the child's PATH, with a `dotnet` that is the tap: the .NET isolated worker's executable
 * cannot be named by a setting, it is whatever `dotnet` is. The tap becomes the real one, the next on PATH, unless its
 * arguments are those of a worker. A .NET host looks beside its own executable before PATH: one that is itself started
 * as `dotnet host.dll` finds the real dotnet there and is not seen; Core Tools is an executable of its own. */
#pragma once

#include "base/arena.h"
#include "base/env.h"

/* *folder: in the arena, or NULL when there is no dotnet on PATH to be wrapped, or links cannot be made here.
 * AZM_UNSAFE, AZM_IO and the like say why the folder cannot be had. */
enum azm_status azm_run_shims(const struct azm_env *env, const char *tap, struct azm_arena *arena, const char **folder,
                              struct azm_error *err) AZM_MUST_CHECK;
