#include "doctor/log.h"

#include "base/time.h"

/* Cuts a decimal number off the front. */
static bool take_number(azm_slice *rest, uint32_t *out)
{
    uint64_t number;
    size_t digits = 0;
    while (digits < rest->len && rest->ptr[digits] >= '0' && rest->ptr[digits] <= '9')
        digits++;
    if (azm_slice_to_u64(azm_slice_take(*rest, digits), &number) != AZM_OK || number > UINT32_MAX)
        return false;
    *out = (uint32_t)number;
    *rest = azm_slice_drop(*rest, digits);
    return true;
}

static bool take(azm_slice *rest, azm_slice text)
{
    if (!azm_slice_starts(*rest, text))
        return false;
    *rest = azm_slice_drop(*rest, text.len);
    return true;
}

bool azm_log_unseen_parse(azm_slice line, struct azm_log_unseen *out)
{
    size_t time_len = azm_slice_find(line, ' ');
    azm_slice rest = azm_slice_drop(line, time_len);
    struct azm_log_unseen found = {0};
    if (azm_time_parse(azm_slice_take(line, time_len), &found.when_us) != AZM_OK ||
        !take(&rest, AZM_S(" error tap: doctor: the worker of process ")) || !take_number(&rest, &found.pid) ||
        !take(&rest, AZM_S(" is not seen: ")))
        return false;
    found.why = rest;
    *out = found;
    return true;
}

bool azm_log_agent_parse(azm_slice line, uint32_t *pid)
{
    static const azm_slice between = AZM_S_INIT(", process ");
    if (!take(&line, AZM_S("azimuth agent ")))
        return false;
    azm_slice rest = azm_slice_drop(line, azm_slice_search(line, between));
    return take(&rest, between) && take_number(&rest, pid);
}
