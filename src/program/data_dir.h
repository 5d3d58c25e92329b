/* Where a user's data of Azimuth lies. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* $XDG_DATA_HOME/azimuth, else ~/.local/share/azimuth (Windows: in the profile). False: the user has no home, or the
 * path is longer than size. */
bool azm_data_dir(char *out, size_t size);
