/* Elastic's wildcard patterns: '*' matches any run of characters, none too; everything else is literal; the whole text
 * must match; case is ignored unless the pattern starts with "(?-i)".
 * Source: elastic/apm specs, configuration value type WildcardMatcher. */
#pragma once

#include "base/slice.h"

bool azm_wildcard_match(azm_slice pattern, azm_slice text);
/* The first of the comma-separated patterns (white space around them ignored) that matches; ptr NULL: none. */
azm_slice azm_wildcard_first(azm_slice patterns, azm_slice text);
/* True when any of the comma-separated patterns (white space around them ignored) matches. */
bool azm_wildcard_match_any(azm_slice patterns, azm_slice text);
