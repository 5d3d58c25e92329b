/* Who may ask. Without a token the hub trusts this machine's users, but not every web page they open: a page of another
 * origin may neither read (a name of its own that points to 127.0.0.1 is refused by Host) nor write (Origin). */
#pragma once

#include "base/slice.h"

/* "Bearer TOKEN" or "ApiKey TOKEN"; takes the same time wherever they differ. */
bool azm_guard_token(azm_slice authorization, azm_slice token);
/* An address, or localhost; a port may follow. No Host at all is fine: it is no browser. */
bool azm_guard_host(azm_slice host);
/* No Origin (no browser, or its own page), or that of the page served under this Host. */
bool azm_guard_origin(azm_slice origin, azm_slice host);
