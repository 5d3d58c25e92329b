/* What an operator does with a store, also while a hub uses it. */
#pragma once

#include "base/status.h"

#include <stdint.h>

/* Writes a consistent copy of DIR/hub.db to a new file. AZM_EXISTS: there is one of that name already; AZM_NOT_FOUND:
 * there is no store in DIR. */
enum azm_status azm_maintain_backup(const char *dir, const char *file, struct azm_error *err) AZM_MUST_CHECK;
/* Rewrites the file without what was deleted. AZM_BUSY: a hub is writing; try again, or stop it. Bytes of the file. */
enum azm_status azm_maintain_vacuum(const char *dir, uint64_t *before, uint64_t *after,
                                    struct azm_error *err) AZM_MUST_CHECK;
/* Looks at every page and index. AZM_BAD_INPUT: it is damaged, err says where first. */
enum azm_status azm_maintain_check(const char *dir, struct azm_error *err) AZM_MUST_CHECK;
