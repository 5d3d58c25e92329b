#include "program/beside.h"

#include <stdio.h>
#include <string.h>

#include <uv.h>

#include "os/self.h"

enum azm_status azm_program_path(char out[AZM_PATH_MAX], struct azm_error *err)
{
    return azm_self_path(out, AZM_PATH_MAX, err);
}

enum azm_status azm_program_beside(const char *name, char out[AZM_PATH_MAX], struct azm_error *err)
{
    uv_fs_t request;
    enum azm_status st = azm_program_path(out, err);
    if (st != AZM_OK)
        return st;
    size_t len = strlen(out);
    const char *suffix = len > 4 && strcmp(out + len - 4, ".exe") == 0 ? ".exe" : "";
    while (len > 0 && out[len - 1] != '/' && out[len - 1] != '\\')
        len--;
    int wanted = snprintf(out + len, AZM_PATH_MAX - len, "%s%s", name, suffix);
    if (wanted < 0 || (size_t)wanted >= AZM_PATH_MAX - len)
        return azm_fail(err, AZM_TOO_BIG, "the path of %s is too long", name);
    int cause = uv_fs_access(NULL, &request, out, 1 /* X_OK; on Windows: that it exists */, NULL);
    uv_fs_req_cleanup(&request);
    return cause == 0 ? AZM_OK : azm_fail(err, AZM_NOT_FOUND, "%s: %s", out, uv_strerror(cause));
}
