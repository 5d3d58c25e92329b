/* The environment each recording's app would have had, for a replay that shall look like Azure: a JSON file beside the
 * recordings, {"*": {NAME: VALUE, ...}, "node-fails.jsonl": {NAME: VALUE, ...}, ...}. */
#pragma once

#include "base/arena.h"

/* "NAME=VALUE" for the file of this name: those of "*", then its own, which replace them (null: not set at all). Ended
 * by NULL, in the arena. AZM_BAD_INPUT or AZM_NOT_FOUND name the table. A file that is not in it gets those of "*". */
enum azm_status azm_environments_load(const char *path, const char *file, struct azm_arena *arena, const char ***out,
                                      struct azm_error *err) AZM_MUST_CHECK;
