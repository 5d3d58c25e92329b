#include "program/data_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

bool azm_data_dir(char *out, size_t size)
{
    const char *xdg = getenv("XDG_DATA_HOME");
    char home[2048];
    size_t length = sizeof home;
    int n;
    if (xdg && xdg[0] == '/') /* a relative one is to be ignored (XDG base directory specification) */
        n = snprintf(out, size, "%s/azimuth", xdg);
    else if (uv_os_homedir(home, &length) == 0)
        n = snprintf(out, size, "%s/.local/share/azimuth", home);
    else
        return false;
    return n > 0 && (size_t)n < size;
}
