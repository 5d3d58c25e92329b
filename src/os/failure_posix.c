#include "os/failure_posix.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum azm_status azm_os_status(int code)
{
    switch (code) {
    case 0: return AZM_OK;
    case ENOENT:
    case ENOTDIR: return AZM_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY: return AZM_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS: return AZM_DENIED;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return AZM_FULL;
    case ELOOP: return AZM_UNSAFE;
    case ENAMETOOLONG: return AZM_TOO_BIG;
    case ENOMEM: return AZM_NO_MEMORY;
    case EAGAIN: return AZM_BUSY;
    default: return AZM_IO;
    }
}

enum azm_status azm_os_fail(struct azm_error *err, int code, const char *fmt, ...)
{
    enum azm_status status = azm_os_status(code);
    if (err) {
        va_list args;
        va_start(args, fmt);
        err->status = status;
        vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
        char why[128] = "";
        const char *text = strerror_r(code, why, sizeof why); /* GNU's: the text may lie elsewhere */
        size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof err->text - used, ": %s", text);
    }
    return status;
}
