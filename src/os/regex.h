/* Regular expressions of others' configuration files, written for .NET. */
#pragma once

#include "base/slice.h"

/* Whether the expression is found anywhere in value. Understood: what POSIX extended expressions can say, \d \w \s and
 * a leading (?i). Anything else, and anything over 1,000 bytes, matches nothing. */
bool azm_regex_found(azm_slice expression, azm_slice value);
