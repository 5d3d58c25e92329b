/* Which function a forwarded path means: the templates of HTTP triggers' routes, as ASP.NET Core's routing has them
 * (literal, {parameter}, {parameter:constraint}, {parameter?}, {parameter=default}, {*rest}), compared without case. Of
 * constraints int, long, bool, guid, alpha and those of length, min, max and range are held against the path; of the
 * others (regex, datetime, decimal, ...) only that there is one counts. */
#pragma once

#include "base/slice.h"

#define AZM_ROUTE_NONE UINT64_MAX

/* How well `path` (without a query; slashes at its ends do not count) fits prefix + template: the smaller the better,
 * by segments from the left: a literal fits best, then a constrained parameter, a parameter, the rest of a path.
 * AZM_ROUTE_NONE: it does not. Segments behind the 30th are compared, but not weighed. */
uint64_t azm_route_fit(azm_slice prefix, azm_slice route, azm_slice path);
