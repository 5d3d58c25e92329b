/* Regular expressions of others' configuration files, written for .NET. */
#pragma once

#include "base/slice.h"

/* Whether the expression is found anywhere in value. Understood: what POSIX extended expressions can say, \d \w \s and
 * a leading (?i). Anything else, anything over 1,000 bytes, and repetitions that would take much memory (a dozen +
 * signs, nested or not, or {4097}) match nothing. */
bool azm_regex_found(azm_slice expression, azm_slice value);
