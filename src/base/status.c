#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

const char *azm_status_text(enum azm_status status)
{
    static const char *const texts[] = {
#define AZM_STATUS_TEXT(name, text) [AZM_##name] = text,
        AZM_STATUS_MAP(AZM_STATUS_TEXT)
#undef AZM_STATUS_TEXT
    };
    return (unsigned)status < AZM_COUNT(texts) ? texts[status] : "unknown status";
}

enum azm_status azm_fail(struct azm_error *err, enum azm_status status, const char *fmt, ...)
{
    if (err) {
        va_list args;
        va_start(args, fmt);
        err->status = status;
        vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
    }
    return status;
}
