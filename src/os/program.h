/* Finds programs the way the system does when it starts one. */
#pragma once

#include "base/arena.h"

/* name with a slash: that file; without: looked for in the folders of search_path (as $PATH; when that is not set the
 * system's default). The file `self` (may be NULL) is passed over wherever it is met, under whatever name or link.
 * *path lives in the arena. AZM_NOT_FOUND; AZM_DENIED: there, but not executable; AZM_BAD_CONFIG: name is self. */
enum azm_status azm_program_find(azm_slice name, azm_slice search_path, const char *self, struct azm_arena *arena,
                                 const char **path, struct azm_error *err);

/* The path's last part. */
azm_slice azm_program_name(azm_slice path);

/* As .NET spells them: "LINUX" or "WINDOWS", and "X64". */
azm_slice azm_program_os(void);
azm_slice azm_program_architecture(void);
