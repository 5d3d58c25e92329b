/* The folder where writers and the agent meet: rings, locks, spool, status, the agent's log. */
#pragma once

#include "base/env.h"

#define AZM_RUN_DIR_MAX 512u /* bytes of its path, NUL included: room is left for the names inside */

/* Its path, no slash at the end. First match: $AZIMUTH_RUN_DIR (made absolute by nobody: a relative or too long one is
 * AZM_BAD_CONFIG), $XDG_RUNTIME_DIR/azimuth when XDG_RUNTIME_DIR is a folder of ours (a shell gained by su or sudo
 * keeps another user's), /tmp/azimuth-<uid>. Windows: azimuth in the sandbox's local temp folder. Touches nothing. */
enum azm_status azm_run_dir_path(const struct azm_env *env, char out[AZM_RUN_DIR_MAX],
                                 struct azm_error *err) AZM_MUST_CHECK;
/* The path, with the folder made or checked as os/private_dir.h has it. */
enum azm_status azm_run_dir(const struct azm_env *env, char out[AZM_RUN_DIR_MAX], struct azm_error *err) AZM_MUST_CHECK;
