/* Folders that nobody else may read, change or have prepared for us: where rings, spool and logs lie.
 * Good is a real folder (no link to one), ours, and closed to everybody else (POSIX: mode 0700; Windows: an ACL of ours
 * alone). Folders above it may be links. */
#pragma once

#include "base/status.h"

/* AZM_NOT_FOUND: there is none. AZM_UNSAFE: a link, not a folder, another user's, or open to others. AZM_DENIED: the
 * system does not let us look. The sentence names the path, what is wrong and what would be right. */
enum azm_status azm_private_dir_check(const char *path, struct azm_error *err) AZM_MUST_CHECK;
/* Makes it when there is none (its parent must exist), then checks. Never changes one that is there. */
enum azm_status azm_private_dir_make(const char *path, struct azm_error *err) AZM_MUST_CHECK;
