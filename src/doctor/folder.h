/* The run folder: can it be used, and what would mend it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/slice.h"

/* What mends the failure of a folder or file that this sentence tells, as a setting or a command. For ever. */
const char *azm_folder_mend(azm_slice sentence);
/* Finds what is wrong with it. True: it is there and can be read. */
bool azm_folder_check(json_t *report, const char *run_dir);
